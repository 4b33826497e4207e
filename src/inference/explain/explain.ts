/** @file Explaining what a model sees in pictures: maps of each class, of doubt, and of what is needed, as pictures. */

import { join } from 'node:path';
import { throwIfAborted } from '../../base/abortable.js';
import { checkOptions } from '../../base/check-options.js';
import { OtxError, option } from '../../base/errors.js';
import { Outputs } from '../../base/outputs/outputs.js';
import { listSome } from '../../base/text.js';
import type { ClassInfo } from '../../data/index.js';
import { maskNames } from '../../data/masks/mask-names.js';
import { parseBands } from '../../data/readings/bands.js';
import { joinInputs, weightsInputs } from '../../runs/inputs.js';
import { kindsOf, type RunOptions } from '../../settings/run-vocabulary.js';
import { openModels, pathsOf } from '../combined-model.js';
import { findGivenPictures } from '../given-pictures.js';
import { namesUsedBy } from '../model-settings.js';
import { type CombinedOptions, type OpenedModel, withBands } from '../opened-model.js';
import type { FailedImage } from '../predict.js';
import { requireProbabilities } from '../segment-picture.js';
import { COMBINED_KINDS } from '../trained-model.js';
import { parseAlgorithms, USUAL_ALGORITHMS } from './algorithms.js';
import { type Explainer, type Explanation, explainPicture } from './explain-picture.js';
import { type FeatureNetwork, openFeatures } from './feature-network.js';
import { FOLDERS, type WrittenExplanation, writeExplanation } from './write-explanation.js';

/** What to explain, how, and where the pictures go. */
export interface ExplainOptions extends CombinedOptions, Pick<RunOptions, 'bands'> {
  /** An image file, or a folder that is searched for images with its subfolders. */
  readonly input: string;
  /** Folder for `sheets/`, `maps/` and `overlays/`. Of what is in it, only files of an earlier explanation are replaced. */
  readonly output: string;
  /** Names of {@link EXPLAIN_ALGORITHMS} in any case, with commas between them. Default `ClassWiseSaliencyMap,Entropy`. */
  readonly algorithms?: string | undefined;
  /** Explains all classes; else those that the picture shows, the background left out. Default false. */
  readonly allClasses?: boolean | undefined;
  /** Writes each map in colours over the picture too. Default false. */
  readonly overlays?: boolean | undefined;
  /** Weight of the colours over the picture, 0 to 1. Default 0.5. */
  readonly overlayWeight?: number | undefined;
}

/** What became of one image. */
export interface ExplainedImage extends WrittenExplanation {
  /** The image. */
  readonly input: string;
  /** Mean entropy of the pixels as a share of the largest there is: 0 for certain, 1 for no idea. */
  readonly entropy: number;
  /** Share of the pixels of each class, in the order of the classes. */
  readonly shares: readonly number[];
}

/** What was written. */
export interface ExplainResult {
  /** Of the model, background first. */
  readonly classes: readonly ClassInfo[];
  /** In the order of the inputs. */
  readonly images: readonly ExplainedImage[];
  /** Images of a folder that could not be decoded, in the order of the inputs. */
  readonly failed: readonly FailedImage[];
}

const DEFAULT_WEIGHT = 0.5;

/**
 * Explains what a model sees in images: a sheet to look at for each, and every map as a picture of gray levels, 1024 pixels wide or high
 * at most. No gradients are needed, so that an exported file can be explained as well as a checkpoint; activations need its features
 * (`dumpFeatures` of {@link exportModel}). No input is changed. Of a folder, an image that cannot be used is told in the result.
 *
 * @throws OtxError `image` for a single image that cannot be decoded, `checkpoint`, `output`, `usage`, or `aborted` when the
 * signal fired.
 */
export async function explain(options: ExplainOptions): Promise<ExplainResult> {
  const { algorithms = USUAL_ALGORITHMS, allClasses = false, signal, output } = options;
  checkExplanation(options);
  const wanted = parseAlgorithms(algorithms);
  const bands = parseBands(options.bands);
  const { files, inputs, isFolder, skipped } = await findGivenPictures(options.input);
  throwIfAborted(signal, 'looking for images');
  const names = maskNames(files.map(({ relative }) => relative));
  const outputs = await Outputs.open({
    root: output,
    folders: FOLDERS,
    files: names.map((name) => join(FOLDERS[0], name)),
    inputs: joinInputs(inputs, weightsInputs(...pathsOf(options))),
  });
  let model: OpenedModel | undefined;
  let features: FeatureNetwork | undefined;
  try {
    model = withBands(await openModels(options), bands);
    requireProbabilities(model);
    features = await featuresFor(wanted, options);
    if (skipped !== undefined) options.onEvent?.({ type: 'notice', message: skipped });
    const explainer = { model, features, algorithms: wanted, allClasses, signal };
    const pictures = files.map(({ path }, index) => ({ path, name: names[index]! }));
    return await explainAll(pictures, isFolder, explainer, outputs, options);
  } finally {
    await Promise.all([model?.dispose(), features?.dispose(), outputs.close()]);
  }
}

function checkExplanation(options: ExplainOptions): void {
  checkOptions(
    'explain()',
    options,
    {
      ...COMBINED_KINDS,
      ...kindsOf('bands'),
      ...{ input: 'path', output: 'path', algorithms: 'string?', allClasses: 'boolean?' },
      ...{ overlays: 'boolean?', overlayWeight: 'number?' },
    },
    namesUsedBy('predict'),
  );
  const { overlayWeight = DEFAULT_WEIGHT } = options;
  if (overlayWeight >= 0 && overlayWeight <= 1) return;
  throw new OtxError(
    'usage',
    `${option('overlayWeight')} is ${overlayWeight}; expected a number from 0 to 1`,
  );
}

/** Of several models those of the first. A model without features is told of, unless these are all that is asked for. */
async function featuresFor(
  wanted: Explainer['algorithms'],
  options: ExplainOptions,
): Promise<FeatureNetwork | undefined> {
  if (!wanted.has('ClassWiseSaliencyMap') && !wanted.has('ActivationMap')) return undefined;
  const [weights] = pathsOf(options) as [string];
  // What there is to say of the weights was said when the model was opened.
  const found = await openFeatures({ ...options, weights, onEvent: undefined });
  if (typeof found !== 'string') return found;
  if (wanted.has('ActivationMap')) throw new OtxError('usage', found);
  options.onEvent?.({ type: 'notice', message: found });
  return undefined;
}

async function explainAll(
  pictures: readonly { readonly path: string; readonly name: string }[],
  isFolder: boolean,
  explainer: Explainer,
  outputs: Outputs,
  { output, overlays = false, overlayWeight: weight = DEFAULT_WEIGHT, onEvent, signal }: ExplainOptions,
): Promise<ExplainResult> {
  const { classes } = explainer.model;
  const images: ExplainedImage[] = [];
  const failed: FailedImage[] = [];
  const told: Explanation['warning'][] = [];
  let tiled = 0;
  for (const [index, { path, name }] of pictures.entries()) {
    try {
      throwIfAborted(signal, 'explaining images');
      const found = await explainPicture(explainer, path);
      const written = await writeExplanation(found, { outputs, output, name, classes, overlays, weight });
      images.push({ input: path, entropy: found.entropy, shares: found.shares, ...written });
      if (images.length === 1) onEvent?.({ type: 'output', folder: output });
      if (found.warning !== undefined) told.push(found.warning);
      if (found.isTiled) tiled += 1;
    } catch (error) {
      if (error instanceof OtxError && error.code === 'aborted') throw stopped(images, pictures, output);
      if (!isFolder || !(error instanceof OtxError && error.code === 'image')) throw error;
      failed.push({ input: path, reason: error.message });
    }
    onEvent?.({ type: 'progress', task: 'explain', done: index + 1, total: pictures.length });
  }
  for (const message of noticesOf(told, tiled)) onEvent?.({ type: 'notice', message });
  return { classes, images, failed };
}

function noticesOf(warnings: readonly (string | undefined)[], tiled: number): string[] {
  const notices: string[] = [];
  if (warnings.length > 0) {
    notices.push(`${warnings.length} images were not read as they are: ${listSome(warnings as string[])}`);
  }
  if (tiled > 0) {
    notices.push(
      `${tiled} images were looked at in windows, of which there are no activations and no occlusion; --tile off looks at whole images`,
    );
  }
  return notices;
}

const stopped = (images: readonly unknown[], { length }: readonly unknown[], output: string) =>
  new OtxError(
    'aborted',
    `stopped after ${images.length} of ${length} images${images.length > 0 ? `, which are in ${output}` : ''}`,
  );
