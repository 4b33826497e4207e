/** @file Advice on which pictures to label next, with the model's proposals for their masks. */

import { extname, join } from 'node:path';
import { throwIfAborted } from '../../base/abortable.js';
import { checkOptions } from '../../base/check-options.js';
import { csvText, sixDigits } from '../../base/csv.js';
import { OtxError, option } from '../../base/errors.js';
import { datasetMarks, META_NAMES } from '../../base/outputs/dataset-folder.js';
import { Outputs } from '../../base/outputs/outputs.js';
import { readBytes } from '../../data/images/decoder.js';
import type { ClassInfo } from '../../data/index.js';
import { maskNames } from '../../data/masks/mask-names.js';
import { encodeIndexMask } from '../../drawing/index-mask.js';
import { encodePng } from '../../drawing/overlay.js';
import { drawProposals, type Proposal, proposalOf } from '../../drawing/sheets/proposals.js';
import { findGivenPictures } from '../../inference/given-pictures.js';
import { namesUsedBy } from '../../inference/model-settings.js';
import type { ModelOptions, OpenedModel } from '../../inference/opened-model.js';
import type { FailedImage } from '../../inference/predict.js';
import { segmentSource } from '../../inference/segmenter.js';
import { MODEL_KINDS } from '../../inference/trained-model.js';
import { joinInputs, weightsInputs } from '../../runs/inputs.js';
import { openAdvisor } from './advisor.js';
import { ADVICE_STRATEGIES, type AdviceStrategy, type ChosenPicture, choosePictures } from './choose.js';
import { findLabeledPictures } from './labeled-pictures.js';
import { type Candidate, measureAll, readWhole } from './measure.js';

const DEFAULT_COUNT = 20;
const DEFAULT_STRATEGY: AdviceStrategy = 'combined';
const TABLE = 'suggestions.csv';
const JSON_FILE = 'suggestions.json';
const SHEET = 'suggestions.png';
const PROPOSALS = 'proposals';
/** Pictures on the sheet. */
const SHOWN = 20;

/** A model, pictures without labels, and how many are to be labelled. */
export interface SuggestLabelsOptions extends Omit<ModelOptions, 'weights'> {
  /**
   * A run folder, a checkpoint, a `.pth`, `.pt` or `.safetensors` file from elsewhere, or an exported `.onnx` or `.xml` file. Default:
   * none, for the first pictures to label: they are chosen by coverage alone, in the features of the embedded backbone of the template,
   * and no masks are proposed.
   */
  readonly weights?: string | undefined;
  /** Folder of pictures, searched with its subfolders. */
  readonly input: string;
  /**
   * Data set of what is labeled already, of any format: pictures that are unlike these are chosen. Default: that of the run, where the
   * weights lie in one and its data is still there. Of more than 500 pictures as many are looked at.
   */
  readonly trainData?: string | undefined;
  /** Folder for the advice. */
  readonly output: string;
  /** Pictures to choose, from 1. Default 20. */
  readonly count?: number | undefined;
  /** What counts. Default `combined`; without weights only `coverage`. */
  readonly strategy?: AdviceStrategy | undefined;
}

/** A picture to be labelled. Without a model nothing is known of its uncertainty, and no mask is proposed. */
export interface SuggestedPicture {
  /** The picture. */
  readonly input: string;
  /** Mean entropy of the classes of a pixel, as a share of the largest there is. */
  readonly entropy?: number | undefined;
  /** Mean share of the probability that another class has in the mirrored picture. */
  readonly disagreement?: number | undefined;
  /** From 0 to 1: the mean of its ranks by entropy and by disagreement. */
  readonly uncertainty?: number | undefined;
  /** Distance of its features from the nearest picture that is labeled or before it; NaN where there is none. */
  readonly distance: number;
  /** Copy of the picture, beside which its mask is to be corrected. */
  readonly image: string;
  /** PNG with a palette, the value of a pixel being the index of its class, as the model sees it. */
  readonly mask?: string | undefined;
}

/** What was chosen, and what was written. */
export interface SuggestLabelsResult {
  /** Of the model, background first; empty without one. */
  readonly classes: readonly ClassInfo[];
  /** The first is the most useful. */
  readonly pictures: readonly SuggestedPicture[];
  /** Pictures that were looked at. */
  readonly seen: number;
  /** Near duplicates of others that were passed over. */
  readonly duplicates: number;
  /** Pictures that could not be decoded. */
  readonly failed: readonly FailedImage[];
  /** As paths: list as CSV and JSON, a sheet to look at, and the folder with pictures and masks, which is a data set. */
  readonly files: {
    readonly table: string;
    readonly json: string;
    readonly sheet: string;
    readonly proposals: string;
  };
}

/**
 * Chooses pictures whose labels would help a model most, and writes the masks that it proposes for them as a data set whose masks are
 * to be corrected. Every picture is looked at as a whole, at the size of the network input; masks are made as `predict` makes them.
 *
 * Without weights the first pictures to label are chosen, which a model then learns from; they are copied, and have no masks.
 *
 * Of an exported file without the output `feature_vector`, and of a network of a program's own, pictures are compared by their colours.
 *
 * @throws OtxError `image` where there are no pictures, `checkpoint`, `output`, `usage`, or `aborted` when the signal fired.
 */
export async function suggestLabels(options: SuggestLabelsOptions): Promise<SuggestLabelsResult> {
  checkOptions(
    'suggestLabels()',
    options,
    {
      ...{ ...MODEL_KINDS, weights: 'path?' },
      input: 'path',
      output: 'path',
      trainData: 'path?',
      count: 'number?',
      strategy: 'string?',
    },
    namesUsedBy('predict'),
  );
  const { input, output, weights, onEvent = () => undefined, signal } = options;
  const { count = DEFAULT_COUNT, strategy = weights === undefined ? 'coverage' : DEFAULT_STRATEGY } = options;
  await checkRequest(options, count, strategy);
  const { files, inputs, skipped } = await findGivenPictures(input);
  throwIfAborted(signal, 'looking for images');
  const { paths: inLabels, notice } = await findLabeledPictures(weights, options.trainData, signal);
  const read = weights === undefined ? inputs : joinInputs(inputs, weightsInputs(weights));
  const outputs = await Outputs.open({ root: output, files: [TABLE, JSON_FILE, SHEET], inputs: read });
  const proposals = await Outputs.open({
    root: join(output, PROPOSALS),
    folders: ['.'],
    inputs: read,
    isDataset: true,
  });
  let model: OpenedModel | undefined;
  try {
    if (skipped !== undefined) onEvent({ type: 'notice', message: skipped });
    onEvent({ type: 'notice', message: notice });
    onEvent({ type: 'progress', task: 'compile', done: 0, total: 1 });
    const advisor = await openAdvisor(options);
    onEvent({ type: 'progress', task: 'compile', done: 1, total: 1 });
    const { measured, labeled, failed } = await measureAll({ files, inLabels }, advisor, { signal, onEvent });
    if (measured.length === 0)
      throw new OtxError(
        'image',
        `${input}: none of its pictures can be used: ${failed[0]?.reason ?? 'all have labels'}`,
      );
    const { chosen, duplicates } = choosePictures(measured, count, strategy, labeled);
    model = await advisor.open?.();
    const classes = model?.classes ?? [];
    const job = { model, folder: join(output, PROPOSALS), proposals, signal, onEvent };
    const { pictures, shown } = await propose(
      job,
      chosen.map((one) => ({ ...measured[one.at]!, ...one })),
    );
    await outputs.write(TABLE, csvText(tableOf(pictures)));
    await outputs.write(
      JSON_FILE,
      `${JSON.stringify({ strategy, seen: files.length, duplicates, pictures, failed }, null, 2)}\n`,
    );
    await outputs.write(SHEET, await encodePng(await drawProposals(shown, classes)));
    onEvent({ type: 'output', folder: output });
    const at = (name: string) => join(output, name);
    const written = { table: at(TABLE), json: at(JSON_FILE), sheet: at(SHEET), proposals: at(PROPOSALS) };
    return { classes, pictures, seen: files.length, duplicates, failed, files: written };
  } finally {
    await Promise.all([model?.dispose(), outputs.close(), proposals.close()]);
  }
}

/** @throws OtxError */
async function checkRequest(
  { output, weights }: SuggestLabelsOptions,
  count: number,
  strategy: AdviceStrategy,
): Promise<void> {
  if (!Number.isInteger(count) || count < 1) {
    throw new OtxError('usage', `${option('count')} is ${count}; expected a whole number from 1`);
  }
  if (!ADVICE_STRATEGIES.includes(strategy)) {
    throw new OtxError(
      'usage',
      `${option('strategy')} is ${strategy}; expected one of ${ADVICE_STRATEGIES.join(', ')}`,
    );
  }
  if (weights === undefined && strategy !== 'coverage') {
    throw new OtxError(
      'usage',
      `${option('strategy')} is ${strategy}, and there are no weights; the first pictures to label are chosen by coverage alone`,
    );
  }
  const marks = await datasetMarks(join(output, PROPOSALS));
  if (marks === undefined) return;
  throw new OtxError(
    'output',
    `${join(output, PROPOSALS)}: has proposals already (${marks} found), which may have been corrected; choose another output folder`,
  );
}

interface ProposalJob extends Pick<SuggestLabelsOptions, 'signal'> {
  /** Proposes masks; none are without it. */
  readonly model: OpenedModel | undefined;
  readonly proposals: Outputs;
  /** As it was given. */
  readonly folder: string;
  readonly onEvent: NonNullable<SuggestLabelsOptions['onEvent']>;
}

type Chosen = Candidate & ChosenPicture;

/** Copies of the pictures with masks beside them. The meta file is last: what was stopped is no data set. */
async function propose(
  { model, folder, proposals, signal, onEvent }: ProposalJob,
  chosen: readonly Chosen[],
): Promise<{ pictures: SuggestedPicture[]; shown: Proposal[] }> {
  const flat = chosen.map(({ file }) => file.relative.replaceAll('/', '_'));
  const names = maskNames(flat);
  const pictures: SuggestedPicture[] = [];
  const shown: Proposal[] = [];
  for (const [at, { file, entropy, disagreement, uncertainty, distance }] of chosen.entries()) {
    throwIfAborted(signal, 'proposing masks');
    const image = join('images', `${names[at]!.slice(0, -'.png'.length)}${extname(flat[at]!)}`);
    await proposals.write(image, await readBytes(file.path));
    const copied = { input: file.path, distance, image: join(folder, image) };
    const caption = `${at + 1}: ${file.relative}`;
    let labels: Uint8Array | undefined;
    if (model) {
      const mask = join('masks', names[at]!);
      const { segmentation } = await segmentSource(model, file.path);
      ({ labels } = segmentation);
      await proposals.write(mask, await encodeIndexMask(labels, segmentation, model.classes));
      pictures.push({ ...copied, entropy, disagreement, uncertainty, mask: join(folder, mask) });
    } else pictures.push(copied);
    if (at < SHOWN) shown.push(await proposalOf(await readWhole(file.path, model?.data), labels, caption));
    onEvent({ type: 'progress', task: 'predict', done: at + 1, total: chosen.length });
  }
  if (model) await proposals.write(META_NAMES[0], metaOf(model.classes));
  return { pictures, shown };
}

const metaOf = (classes: readonly ClassInfo[]) =>
  `${JSON.stringify({ label_map: Object.fromEntries(classes.map(({ name }, index) => [String(index), name])) }, null, 2)}\n`;

function tableOf(pictures: readonly SuggestedPicture[]): (string | number | undefined)[][] {
  const shown = (value: number | undefined) => (value === undefined ? undefined : sixDigits(value));
  return [
    ['rank', 'image', 'entropy', 'disagreement', 'uncertainty', 'distance', 'proposal'],
    ...pictures.map(({ input, entropy, disagreement, uncertainty, distance, mask }, at) => [
      ...[at + 1, input, shown(entropy), shown(disagreement), shown(uncertainty), sixDigits(distance), mask],
    ]),
  ];
}
