/** @file Segmenting images: an overlay to look at and an index mask to work with for each. */

import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { OtxError } from '../base/errors.js';
import { Outputs } from '../base/outputs/outputs.js';
import type { Inputs } from '../base/outputs/places.js';
import { findImages } from '../data/image-files.js';
import {
  type ClassInfo,
  encodePng,
  normalizeImage,
  readImage,
  renderOverlay,
  resizeImage,
} from '../data/index.js';
import { maskNames } from '../data/mask-names.js';
import sharp from '../data/sharp.js';
import { joinInputs, searchedInputs, weightsInputs } from './inputs.js';
import { resizeArgmax } from './postprocess.js';
import { openPredictor, type Predictor, type PredictorOptions } from './predictor.js';

const OVERLAYS = 'overlays';
const MASKS = 'masks';

/** What to segment, and where the pictures go. */
export interface PredictOptions extends PredictorOptions {
  /** An image file, or a folder that is searched for images with its subfolders. */
  readonly input: string;
  /** Folder for `overlays/` and `masks/`. Of what is in it, only files of an earlier prediction are replaced. */
  readonly output: string;
  /** Stops after the current image. */
  readonly signal?: AbortSignal | undefined;
}

/** What became of one image. */
export interface PredictedImage {
  /** The image. */
  readonly input: string;
  /** PNG of the image with the class colours over it. */
  readonly overlay: string;
  /** Gray PNG of the size of the image; the value of a pixel is the index of its class. */
  readonly mask: string;
  /** Share of the pixels of each class, in the order of the classes. */
  readonly shares: readonly number[];
}

/** What was written. */
export interface PredictResult {
  /** Of the model, background first. */
  readonly classes: readonly ClassInfo[];
  /** In the order of the inputs. */
  readonly images: readonly PredictedImage[];
}

/**
 * Segments images with a checkpoint or an exported ONNX file. No input is changed.
 *
 * @throws OtxError `image` naming a file that cannot be decoded, `checkpoint`, `output`, `usage`, or `aborted` when the
 * signal fired. What stands in the way of the outputs is told before the first image is looked at.
 */
export async function predict(options: PredictOptions): Promise<PredictResult> {
  const { output, onEvent = () => undefined, signal } = options;
  const { files, inputs } = await listInputs(options.input);
  await refuseDataset(output);
  const outputs = await Outputs.open({
    root: output,
    folders: [OVERLAYS, MASKS],
    files: [OVERLAYS, MASKS].flatMap((folder) => files.map(({ name }) => join(folder, name))),
    inputs: joinInputs(inputs, weightsInputs(options.weights)),
  });
  let predictor: Predictor | undefined;
  try {
    predictor = await openPredictor(options);
    const images: PredictedImage[] = [];
    // The next image is decoded while the engine works on this one.
    let next = prepare(files[0] as InputFile, predictor);
    for (const [index, file] of files.entries()) {
      const { image, planes } = await next;
      const following = files[index + 1];
      if (following) {
        next = prepare(following, predictor);
        // Its failure is reported when its turn comes.
        next.catch(() => undefined);
      }
      const logits = await predictor.segment(planes);
      const { classes, threshold, inputSize } = predictor;
      const labels = resizeArgmax(
        logits,
        classes.length,
        inputSize.height,
        inputSize.width,
        image.height,
        image.width,
        threshold,
      );

      const overlay = join(output, OVERLAYS, file.name);
      const painted = renderOverlay(image, labels, predictor.classes);
      await outputs.write(join(OVERLAYS, file.name), await encodePng({ ...image, data: painted }));
      const mask = join(output, MASKS, file.name);
      await outputs.write(join(MASKS, file.name), await encodeMask(labels, image));
      images.push({ input: file.path, overlay, mask, shares: sharesOf(labels, predictor.classes.length) });
      onEvent({ type: 'progress', task: 'predict', done: index + 1, total: files.length });
      if (signal?.aborted) {
        throw new OtxError(
          'aborted',
          `stopped after ${index + 1} of ${files.length} images, which are in ${output}`,
        );
      }
    }
    return { classes: predictor.classes, images };
  } finally {
    await Promise.all([predictor?.dispose(), outputs.close()]);
  }
}

interface InputFile {
  readonly path: string;
  /** Relative path of its outputs. */
  readonly name: string;
}

/** Images to segment; no two have outputs of the same name, also where upper and lower case are the same. */
async function listInputs(input: string): Promise<{ files: readonly InputFile[]; inputs: Inputs }> {
  const what = 'the images to segment';
  const kind = await stat(input).catch(() => undefined);
  if (!kind) throw new OtxError('image', `${input}: no such image or folder`);
  if (!kind.isDirectory()) {
    const [name] = maskNames([basename(input)]) as [string];
    return {
      files: [{ path: input, name }],
      inputs: { images: [{ path: input, what: 'the image to segment' }] },
    };
  }
  const found = await findImages(input);
  if (found.length === 0) throw new OtxError('image', `${input}: there are no images in this folder`);
  const names = maskNames(found.map(({ relative }) => relative));
  return {
    files: found.map(({ path }, index) => ({ path, name: names[index]! })),
    inputs: searchedInputs(
      what,
      [input],
      found.map(({ path }) => path),
    ),
  };
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

async function prepare({ path }: InputFile, { inputSize }: Predictor) {
  const image = await readImage(path);
  const planes = normalizeImage(resizeImage(image.data, image, inputSize), inputSize);
  return { image, planes };
}

function encodeMask(
  labels: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
): Promise<Uint8Array> {
  return sharp(labels, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
}

function sharesOf(labels: Uint8Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]! += 1;
  return counts.map((count) => count / labels.length);
}
