/** @file Advice on which pictures to label next, with the model's proposals for their masks. */

import { extname, join, resolve } from 'node:path';
import { throwIfAborted } from '../../base/abortable.js';
import { checkOptions } from '../../base/check-options.js';
import { csvText, sixDigits } from '../../base/csv.js';
import { OtxError, option } from '../../base/errors.js';
import { datasetMarks, META_NAMES } from '../../base/outputs/dataset-folder.js';
import { Outputs } from '../../base/outputs/outputs.js';
import { readBytes } from '../../data/images/decoder.js';
import { atInputSize } from '../../data/images/network-input.js';
import type { ClassInfo, DataReading, DecodedImage } from '../../data/index.js';
import { maskNames } from '../../data/masks/mask-names.js';
import { thumbnailOf } from '../../data/measures/look.js';
import { encodeIndexMask } from '../../drawing/index-mask.js';
import { encodePng } from '../../drawing/overlay.js';
import { drawProposals, type Proposal, proposalOf } from '../../drawing/sheets/proposals.js';
import { findGivenPictures, type GivenPicture } from '../../inference/given-pictures.js';
import { openPicture } from '../../inference/image-source.js';
import { namesUsedBy } from '../../inference/model-settings.js';
import { openModel, openTrained } from '../../inference/open-model.js';
import type { ModelOptions, OpenedModel } from '../../inference/opened-model.js';
import type { FailedImage } from '../../inference/predict.js';
import { readerOf } from '../../inference/readers/index.js';
import { segmentSource } from '../../inference/segmenter.js';
import { loadTrainedModel, MODEL_KINDS } from '../../inference/trained-model.js';
import { joinInputs, weightsInputs } from '../../runs/inputs.js';
import {
  ADVICE_STRATEGIES,
  type AdviceStrategy,
  choosePictures,
  type LabeledPicture,
  type MeasuredPicture,
  standardised,
} from './choose.js';
import { findLabeledPictures } from './labeled-pictures.js';
import { openExportedPictureNetwork, openPictureNetwork, type PictureNetwork } from './picture-network.js';

const DEFAULT_COUNT = 20;
const DEFAULT_STRATEGY: AdviceStrategy = 'combined';
const TABLE = 'suggestions.csv';
const JSON_FILE = 'suggestions.json';
const SHEET = 'suggestions.png';
const PROPOSALS = 'proposals';
/** Pictures on the sheet. */
const SHOWN = 20;

/** A model, pictures without labels, and how many are to be labelled. */
export interface SuggestLabelsOptions extends ModelOptions {
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
  /** What counts. Default `combined`. */
  readonly strategy?: AdviceStrategy | undefined;
}

/** A picture to be labelled. */
export interface SuggestedPicture {
  /** The picture. */
  readonly input: string;
  /** Mean entropy of the classes of a pixel, as a share of the largest there is. */
  readonly entropy: number;
  /** Mean share of the probability that another class has in the mirrored picture. */
  readonly disagreement: number;
  /** From 0 to 1: the mean of its ranks by entropy and by disagreement. */
  readonly uncertainty: number;
  /** Distance of its features from the nearest picture that is labeled or before it; NaN where there is none. */
  readonly distance: number;
  /** Copy of the picture, beside which its mask is to be corrected. */
  readonly image: string;
  /** PNG with a palette, the value of a pixel being the index of its class, as the model sees it. */
  readonly mask: string;
}

/** What was chosen, and what was written. */
export interface SuggestLabelsResult {
  /** Of the model, background first. */
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
 * Of an exported file without the output `feature_vector`, and of a network of a program's own, pictures are compared by their colours.
 *
 * @throws OtxError `image` where there are no pictures, `checkpoint`, `output`, `usage`, or `aborted` when the signal fired.
 */
export async function suggestLabels(options: SuggestLabelsOptions): Promise<SuggestLabelsResult> {
  checkOptions(
    'suggestLabels()',
    options,
    {
      ...MODEL_KINDS,
      input: 'path',
      output: 'path',
      trainData: 'path?',
      count: 'number?',
      strategy: 'string?',
    },
    namesUsedBy('predict'),
  );
  const { count = DEFAULT_COUNT, strategy = DEFAULT_STRATEGY } = options;
  await checkRequest(options, count, strategy);
  const { input, output, weights, onEvent = () => undefined, signal } = options;
  const { files, inputs, skipped } = await findGivenPictures(input);
  throwIfAborted(signal, 'looking for images');
  const { paths: inLabels, notice } = await findLabeledPictures(weights, options.trainData, signal);
  const outputs = await Outputs.open({
    root: output,
    files: [TABLE, JSON_FILE, SHEET],
    inputs: joinInputs(inputs, weightsInputs(weights)),
  });
  const proposals = await Outputs.open({
    root: join(output, PROPOSALS),
    folders: ['.'],
    inputs: joinInputs(inputs, weightsInputs(weights)),
    isDataset: true,
  });
  let model: OpenedModel | undefined;
  try {
    if (skipped !== undefined) onEvent({ type: 'notice', message: skipped });
    onEvent({ type: 'notice', message: notice });
    onEvent({ type: 'progress', task: 'compile', done: 0, total: 1 });
    const advisor = await openAdvisor(options);
    onEvent({ type: 'progress', task: 'compile', done: 1, total: 1 });
    const { classes } = advisor;
    const { measured, labeled, failed } = await measureAll({ files, inLabels }, advisor, options);
    if (measured.length === 0)
      throw new OtxError(
        'image',
        `${input}: none of its pictures can be used: ${failed[0]?.reason ?? 'all have labels'}`,
      );
    const { chosen, duplicates } = choosePictures(measured, count, strategy, labeled);
    model = await advisor.open();
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
  { output }: SuggestLabelsOptions,
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
  const marks = await datasetMarks(join(output, PROPOSALS));
  if (marks === undefined) return;
  throw new OtxError(
    'output',
    `${join(output, PROPOSALS)}: has proposals already (${marks} found), which may have been corrected; choose another output folder`,
  );
}

/** A model of any form that looks at pictures. */
interface Advisor extends Pick<OpenedModel, 'classes' | 'inputSize' | 'data'> {
  readonly network: PictureNetwork;
  /** For its proposals. */
  open(): Promise<OpenedModel>;
}

async function openAdvisor(options: SuggestLabelsOptions): Promise<Advisor> {
  const { weights, threads, signal } = options;
  const reader = await readerOf(weights);
  if (reader) {
    const { reading, network } = await openExportedPictureNetwork(options, reader);
    const { classes, inputSize, data } = reading;
    return { classes, inputSize, data, network, open: () => openModel(options) };
  }
  const trained = await loadTrainedModel(options);
  const { classes, inputSize, data } = trained;
  const network = await openPictureNetwork(trained, options);
  return {
    classes,
    inputSize,
    data,
    network,
    open: () => openTrained(trained, { weights, threads, signal }),
  };
}

interface Candidate extends MeasuredPicture {
  readonly file: GivenPicture;
}

/** What is looked at. */
interface Looked {
  readonly files: readonly GivenPicture[];
  /** Of pictures with labels. */
  readonly inLabels: readonly string[];
}

interface Measured {
  readonly measured: Candidate[];
  readonly labeled: LabeledPicture[];
  readonly failed: FailedImage[];
}

async function measureAll(
  { files, inLabels }: Looked,
  { network, inputSize, data }: Advisor,
  { weights, signal, onEvent = () => undefined }: SuggestLabelsOptions,
): Promise<Measured> {
  const known = new Set(inLabels);
  // What lies among the pictures and has labels is no candidate.
  const candidates = files.filter(({ path }) => !known.has(resolve(path)));
  const failed: FailedImage[] = [];
  if (!network.hasFeatures) onEvent({ type: 'notice', message: lacksFeatures(weights) });
  let done = 0;
  const total = candidates.length + inLabels.length;
  const lookAt = async (path: string) => {
    throwIfAborted(signal, 'looking at images');
    try {
      const image = await readWhole(path, data);
      const { features, ...answer } = await network.look(atInputSize(image, inputSize));
      const thumbnail = thumbnailOf(image);
      return { thumbnail, ...answer, features: features ?? Float32Array.from(thumbnail) };
    } catch (error) {
      if (!(error instanceof OtxError && error.code === 'image')) throw error;
      failed.push({ input: path, reason: error.message });
      return undefined;
    } finally {
      done += 1;
      onEvent({ type: 'progress', task: 'compare', done, total });
    }
  };
  try {
    const found = [];
    for (const file of candidates) {
      const seen = await lookAt(file.path);
      if (seen) found.push({ file, ...seen });
    }
    const labeled = [];
    for (const path of inLabels) {
      const seen = await lookAt(path);
      if (seen) labeled.push(seen);
    }
    const features = standardised([...found, ...labeled].map((one) => one.features));
    return {
      measured: found.map((one, at) => ({ ...one, features: features[at]! })),
      labeled: labeled.map((one, at) => ({ ...one, features: features[found.length + at]! })),
      failed,
    };
  } finally {
    await network.dispose();
  }
}

const lacksFeatures = (weights: string) =>
  `${weights} gives no features: pictures are compared by the colours of 16x16 patches, which says less of what they show. ` +
  `A run of a template has features, and so has a file exported with ${option('dumpFeatures')}`;

async function readWhole(path: string, data: DataReading | undefined): Promise<DecodedImage> {
  const { whole, width, height, rows } = await openPicture(path, data?.imageReading);
  return whole ?? { data: await rows(0, height), width, height };
}

interface ProposalJob extends Pick<SuggestLabelsOptions, 'signal'> {
  readonly model: OpenedModel;
  readonly proposals: Outputs;
  /** As it was given. */
  readonly folder: string;
  readonly onEvent: NonNullable<SuggestLabelsOptions['onEvent']>;
}

type Chosen = Candidate & Pick<SuggestedPicture, 'uncertainty' | 'distance'>;

/** Copies of the pictures with masks beside them. The meta file is last: what was stopped is no data set. */
async function propose(
  { model, folder, proposals, signal, onEvent }: ProposalJob,
  chosen: readonly Chosen[],
): Promise<{ pictures: SuggestedPicture[]; shown: Proposal[] }> {
  const { classes } = model;
  const flat = chosen.map(({ file }) => file.relative.replaceAll('/', '_'));
  const names = maskNames(flat);
  const pictures: SuggestedPicture[] = [];
  const shown: Proposal[] = [];
  for (const [at, { file, entropy, disagreement, uncertainty, distance }] of chosen.entries()) {
    throwIfAborted(signal, 'proposing masks');
    const { segmentation } = await segmentSource(model, file.path);
    const image = join('images', `${names[at]!.slice(0, -'.png'.length)}${extname(flat[at]!)}`);
    const mask = join('masks', names[at]!);
    await proposals.write(image, await readBytes(file.path));
    await proposals.write(mask, await encodeIndexMask(segmentation.labels, segmentation, classes));
    pictures.push({
      ...{ input: file.path, entropy, disagreement, uncertainty, distance },
      ...{ image: join(folder, image), mask: join(folder, mask) },
    });
    const caption = `${at + 1}: ${file.relative}`;
    if (at < SHOWN)
      shown.push(await proposalOf(await readWhole(file.path, model.data), segmentation.labels, caption));
    onEvent({ type: 'progress', task: 'predict', done: at + 1, total: chosen.length });
  }
  const meta = { label_map: Object.fromEntries(classes.map(({ name }, index) => [String(index), name])) };
  await proposals.write(META_NAMES[0], `${JSON.stringify(meta, null, 2)}\n`);
  return { pictures, shown };
}

function tableOf(pictures: readonly SuggestedPicture[]): (string | number | undefined)[][] {
  return [
    ['rank', 'image', 'entropy', 'disagreement', 'uncertainty', 'distance', 'proposal'],
    ...pictures.map(({ input, entropy, disagreement, uncertainty, distance, mask }, at) => [
      ...[at + 1, input, sixDigits(entropy), sixDigits(disagreement), sixDigits(uncertainty)],
      ...[sixDigits(distance), mask],
    ]),
  ];
}
