/** @file Segmenting images: an overlay to look at and an index mask to work with for each. */

import { stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import { outputError, writeFileAtomic } from '../base/atomic.js';
import { OtxError } from '../base/errors.js';
import { makeFolder } from '../base/make-folder.js';
import { findImages } from '../data/image-files.js';
import {
  type ClassInfo,
  normalizeImage,
  readImage,
  renderOverlay,
  resizeImage,
  savePng,
} from '../data/index.js';
import sharp from '../data/sharp.js';
import { resizeArgmax } from './postprocess.js';
import { openPredictor, type Predictor, type PredictorOptions } from './predictor.js';
import { makeWritableFolder } from './run-folder.js';

/** What to segment, and where the pictures go. */
export interface PredictOptions extends PredictorOptions {
  /** An image file, or a folder that is searched for images with its subfolders. */
  readonly input: string;
  /** Folder for `overlays/` and `masks/`. */
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
 * signal fired.
 */
export async function predict(options: PredictOptions): Promise<PredictResult> {
  const { output, onEvent = () => undefined, signal } = options;
  const files = await listInputs(options.input, output);
  await refuseDataset(output);
  await makeWritableFolder(output);
  const predictor = await openPredictor(options);
  try {
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

      const overlay = join(output, 'overlays', file.name);
      const painted = renderOverlay(image, labels, predictor.classes);
      await savePng(overlay, { ...image, data: painted }, [file.path]);
      const mask = join(output, 'masks', file.name);
      await saveMask(mask, labels, image);
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
    await predictor.dispose();
  }
}

interface InputFile {
  readonly path: string;
  /** Relative path of its outputs. */
  readonly name: string;
}

/** Images to segment; outputs of an earlier run are not among them, even if they lie below the input folder. */
async function listInputs(input: string, output: string): Promise<InputFile[]> {
  const kind = await stat(input).catch(() => undefined);
  if (!kind) throw new OtxError('image', `${input}: no such image or folder`);
  if (!kind.isDirectory()) return [{ path: input, name: `${basename(input, extname(input))}.png` }];
  const own = ['overlays', 'masks'].map((folder) => resolve(output, folder) + sep);
  const found = (await findImages(input)).filter(
    ({ path }) => !own.some((folder) => resolve(path).startsWith(folder)),
  );
  if (found.length === 0) throw new OtxError('image', `${input}: there are no images in this folder`);
  const stems = found.map(({ stem }) => stem);
  return found.map(({ path, relative, stem }) => {
    const shared = stems.indexOf(stem) !== stems.lastIndexOf(stem);
    return { path, name: `${shared ? relative : stem}.png` };
  });
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

async function saveMask(
  path: string,
  labels: Uint8Array,
  { width, height }: { width: number; height: number },
) {
  const png = await sharp(labels, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
  await makeFolder(dirname(path)).catch((error: unknown) => {
    throw outputError(path, error);
  });
  await writeFileAtomic(path, png);
}

function sharesOf(labels: Uint8Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]! += 1;
  return counts.map((count) => count / labels.length);
}
