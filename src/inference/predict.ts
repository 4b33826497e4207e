/** @file Segmenting images: an overlay to look at and an index mask to work with for each. */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../base/abortable.js';
import { checkOptions } from '../base/check-options.js';
import { OtxError } from '../base/errors.js';
import { Outputs } from '../base/outputs/outputs.js';
import { listSome } from '../base/text.js';
import { readImageSize } from '../data/images/decoder.js';
import type { ClassInfo, Size } from '../data/index.js';
import { mapConcurrent } from '../data/loaders/concurrent.js';
import { makeAhead } from '../data/loaders/made-ahead.js';
import { maskNames } from '../data/masks/mask-names.js';
import { parseBands } from '../data/readings/bands.js';
import { encodeIndexMask } from '../drawing/index-mask.js';
import { encodePng } from '../drawing/overlay.js';
import { joinInputs, weightsInputs } from '../runs/inputs.js';
import { kindsOf, type RunOptions } from '../settings/run-vocabulary.js';
import { openModels, pathsOf } from './combined-model.js';
import { findGivenPictures, type GivenPictures } from './given-pictures.js';
import { namesUsedBy } from './model-settings.js';
import { type CombinedOptions, type OpenedModel, withBands } from './opened-model.js';
import { paintedPicture } from './painted-picture.js';
import type { SegmentedImage } from './segment-picture.js';
import { segmentSource } from './segmenter.js';
import { noticesOf } from './tiles/tile.js';
import { COMBINED_KINDS } from './trained-model.js';

const OVERLAYS = 'overlays';
const MASKS = 'masks';

/** What to segment, and where the pictures go. */
export interface PredictOptions extends CombinedOptions, Pick<RunOptions, 'bands'> {
  /** An image file, or a folder that is searched for images with its subfolders. */
  readonly input: string;
  /** Folder for `overlays/` and `masks/`. Of what is in it, only files of an earlier prediction are replaced. */
  readonly output: string;
}

/** What became of one image. */
export interface PredictedImage {
  /** The image. */
  readonly input: string;
  /** PNG of the image with the class colours over it, and their names where there is room; of huge images at most 4096 pixels wide or high. */
  readonly overlay: string;
  /** PNG of the size of the image; the value of a pixel is the index of its class, shown in its colour by a palette. */
  readonly mask: string;
  /** Share of the pixels of each class, in the order of the classes. */
  readonly shares: readonly number[];
}

/** An image of a folder that could not be segmented. */
export interface FailedImage {
  /** The image. */
  readonly input: string;
  /** A sentence that names it. */
  readonly reason: string;
}

/** What was written. */
export interface PredictResult {
  /** Of the model, background first. */
  readonly classes: readonly ClassInfo[];
  /** In the order of the inputs. */
  readonly images: readonly PredictedImage[];
  /** Images of a folder that could not be decoded, in the order of the inputs. */
  readonly failed: readonly FailedImage[];
}

/**
 * Segments images with a checkpoint or an exported ONNX file, or the mean of several. No input is changed. Of a folder, an image that cannot be used
 * is told in the result, and the others are segmented all the same.
 *
 * @throws OtxError `image` for a single image that cannot be decoded, `checkpoint`, `output`, `usage`, or `aborted` when the
 * signal fired. What stands in the way of the outputs is told before the first image is looked at.
 */
export async function predict(options: PredictOptions): Promise<PredictResult> {
  checkOptions(
    'predict()',
    options,
    { ...COMBINED_KINDS, ...kindsOf('bands'), input: 'path', output: 'path' },
    namesUsedBy('predict'),
  );
  const { output, onEvent = () => undefined, signal } = options;
  const bands = parseBands(options.bands);
  const { files, inputs, isFolder, skipped } = await listInputs(options.input);
  throwIfAborted(signal, 'looking for images');
  await refuseDataset(output);
  const outputs = await Outputs.open({
    root: output,
    folders: [OVERLAYS, MASKS],
    files: [OVERLAYS, MASKS].flatMap((folder) => files.map(({ name }) => join(folder, name))),
    inputs: joinInputs(inputs, weightsInputs(...pathsOf(options))),
  });
  let model: OpenedModel | undefined;
  const images: PredictedImage[] = [];
  try {
    model = withBands(await openModels(options), bands);
    if (skipped !== undefined) onEvent({ type: 'notice', message: skipped });
    for (const message of noticesOf(model, await sizesOf(files))) onEvent({ type: 'notice', message });
    const failed: FailedImage[] = [];
    const warnings: string[] = [];
    const ahead = segmentAhead(files, model);
    for (const [index, { path, name }] of files.entries()) {
      const { made } = await ahead.take(index, signal);
      if (made instanceof OtxError) {
        if (!isFolder) throw made;
        failed.push({ input: path, reason: made.message });
      } else {
        images.push({ input: path, ...(await write({ outputs, output }, { path, name }, made)) });
        if (made.segmentation.warning !== undefined) warnings.push(made.segmentation.warning);
        if (images.length === 1) onEvent({ type: 'output', folder: output });
      }
      onEvent({ type: 'progress', task: 'predict', done: index + 1, total: files.length });
    }
    if (warnings.length > 0) {
      const what = `${warnings.length} images were not read as they are`;
      onEvent({ type: 'notice', message: `${what}: ${listSome(warnings)}` });
    }
    return { classes: model.classes, images, failed };
  } catch (error) {
    if (!(error instanceof OtxError && error.code === 'aborted')) throw error;
    const done = `${images.length} of ${files.length} images`;
    throw new OtxError(
      'aborted',
      `stopped after ${done}${images.length > 0 ? `, which are in ${output}` : ''}`,
    );
  } finally {
    await Promise.all([model?.dispose(), outputs.close()]);
  }
}

/**
 * Segmentations in the order of the files, the next ones under way while one is written: decoding, the network and the
 * encoding of pictures go on at once. An image that cannot be used gives its error.
 */
function segmentAhead(files: readonly InputFile[], model: OpenedModel) {
  return makeAhead({
    workers: model.atOnce,
    what: 'segmenting images',
    end: files.length,
    make: async (index): Promise<SegmentedImage | OtxError> => {
      try {
        return await segmentSource(model, files[index]!.path);
      } catch (error) {
        if (error instanceof OtxError && error.code === 'image') return error;
        throw error;
      }
    },
  });
}

async function write(
  { outputs, output }: { readonly outputs: Outputs; readonly output: string },
  { path, name }: InputFile,
  segmented: SegmentedImage,
): Promise<Omit<PredictedImage, 'input'>> {
  const { segmentation } = segmented;
  const { labels, classes } = segmentation;
  await outputs.write(join(OVERLAYS, name), await encodePng(await paintedPicture(path, segmented)));
  await outputs.write(join(MASKS, name), await encodeIndexMask(labels, segmentation, classes));
  return {
    overlay: join(output, OVERLAYS, name),
    mask: join(output, MASKS, name),
    shares: classes.map(({ share }) => share),
  };
}

/** Of the images whose heads can be read; of the others is told when it is their turn. */
async function sizesOf(files: readonly InputFile[]): Promise<Size[]> {
  const sizes = await mapConcurrent(files, HEADS_AT_ONCE, ({ path }) =>
    readImageSize(path).catch(() => undefined),
  );
  return sizes.filter((size) => size !== undefined);
}

const HEADS_AT_ONCE = 16;

interface InputFile {
  readonly path: string;
  /** Relative path of its outputs. */
  readonly name: string;
}

/** Images to segment; no two have outputs of the same name, also where upper and lower case are the same. */
async function listInputs(input: string): Promise<Omit<GivenPictures, 'files'> & { files: InputFile[] }> {
  const { files, ...given } = await findGivenPictures(input);
  const names = maskNames(files.map(({ relative }) => relative));
  return { ...given, files: files.map(({ path }, index) => ({ path, name: names[index]! })) };
}

/** `masks/` is also where a data set keeps its truth, which must never be replaced by predictions. */
async function refuseDataset(output: string): Promise<void> {
  for (const name of ['images', 'dataset_meta.json', 'meta.json']) {
    if (!(await stat(join(output, name)).catch(() => undefined))) continue;
    throw new OtxError(
      'output',
      `${output}: looks like a data set (it has ${name}), whose masks could be overwritten; choose another output folder`,
    );
  }
}
