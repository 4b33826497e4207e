/** @file The work that data threads do: pure functions from plain data to plain data. Here batches and what is scored; see check-tasks.ts. */
import { OtxError } from '../../base/errors.js';
import { drawFormulaPicture } from '../../synthesis/formula/picture.js';
import { type AugmentationName, createAugmentation, type OwnAugmentation } from '../augmentation.js';
import { sizeMismatch } from '../datasets/size-mismatch.js';
import { readLabels } from '../formats/read-labels.js';
import type { ImageCache } from '../images/image-cache.js';
import { atInputSize } from '../images/network-input.js';
import { readSampleImage } from '../images/sample-image.js';
import { measureSample } from '../measures/measure-sample.js';
import { makePseudoMask } from '../superpixels/make-pseudo-mask.js';
import type { Size } from '../transforms/geometry.js';
import { normalizeImage } from '../transforms/normalize.js';
import { windowOf } from '../transforms/random-window.js';
import type { RareCrops } from '../transforms/rare-crop.js';
import type { LabeledImage, MaskCoding, Sample } from '../types.js';
import { augmentInto } from './augment-into.js';
import {
  describeSample,
  hasForeground,
  lookAtMask,
  lookAtUnlabeled,
  verifyImage,
  verifySample,
} from './check-tasks.js';
import { isReadInParts, readLargeWindow } from './large-window.js';
import { labeledInSharedMemory } from './shared-memory.js';
import { makeTwoStrongBatch, makeUnlabeledBatch } from './unlabeled-batch.js';
import { makeViewBatch } from './view-batch.js';

/** One training batch to make. */
export interface TrainTask {
  readonly items: readonly {
    readonly sample: Sample;
    /** Seed of the augmentation. */
    readonly seed: string;
    /** Pixels from an earlier epoch, in shared memory. */
    readonly decoded?: LabeledImage;
    /** Whether the pixels, if decoded now, are to be given back in shared memory. */
    readonly keep: boolean;
  }[];
  readonly coding: MaskCoding;
  readonly cropSize: number;
  readonly augmentation: AugmentationName | OwnAugmentation;
  /** Of larger images a window of this size is learned from. */
  readonly tile?: Size | undefined;
  /** How often crops are laid around rare classes. */
  readonly rareCrops?: RareCrops | undefined;
  /** What the sigma of blobs and blurs is multiplied with. Default 1. */
  readonly sigmaScale?: number | undefined;
  /** Where copies of images are read in their place. */
  readonly imageCache?: ImageCache;
}

export interface TrainTaskResult {
  /** `[N, 3, S, S]` */
  readonly images: Float32Array<ArrayBuffer>;
  /** `[N, S, S]` */
  readonly labels: Uint8Array<ArrayBuffer>;
  /** Per item, the newly decoded pixels that were to be kept. */
  readonly decoded: readonly (LabeledImage | undefined)[];
}

/** Decodes, augments, normalises and pads the samples of one batch. */
export async function makeTrainBatch(task: TrainTask): Promise<TrainTaskResult> {
  const { items, coding, cropSize, imageCache, tile } = task;
  const augment = createAugmentation(task.augmentation, cropSize, task.rareCrops, task.sigmaScale);
  const area = cropSize * cropSize;
  const images = new Float32Array(items.length * 3 * area);
  const labels = new Uint8Array(items.length * area);
  const decoded: (LabeledImage | undefined)[] = [];
  for (const [n, item] of items.entries()) {
    const isNew = item.decoded === undefined;
    const drawn = { tile, seed: item.seed };
    const part = isNew && !item.keep ? await readLargeWindow(item.sample, coding, drawn) : undefined;
    let source = part ?? item.decoded ?? (await readSample(atMoment(item), coding, imageCache));
    if (item.keep && isNew) source = labeledInSharedMemory(source);
    decoded.push(item.keep && isNew ? source : undefined);

    const cut = part ?? windowOf(source, tile, item.seed);
    augmentInto({ images, labels }, n, { augment, source: cut, seed: item.seed, side: cropSize });
  }
  return { images, labels, decoded };
}

export interface EvalTask {
  readonly sample: Sample;
  readonly coding: MaskCoding;
  readonly inputSize: Size;
  /** Whether the image is looked at in windows, for which it is given at its own size. */
  readonly isTiled?: boolean | undefined;
  /** Pixels from an earlier pass, in shared memory. */
  readonly decoded?: EvalPixels | undefined;
  /** Whether the pixels, if decoded now, are to be given back in shared memory. */
  readonly keep: boolean;
}

/** What is left of an image and its mask before normalisation. */
export interface EvalPixels extends Size {
  /** HWC RGB of the input size. */
  readonly image: Uint8Array;
  /** HW at the original size. */
  readonly mask: Uint8Array;
}

export interface EvalTaskResult {
  /** `[1, 3, H, W]` of the input size; of an image that is looked at in windows undefined. */
  readonly image: Float32Array<ArrayBuffer> | undefined;
  /** HWC RGB of the whole image, where it is looked at in windows; undefined for one that is to be read in parts. */
  readonly picture: Uint8Array | undefined;
  /** HW at the original size. */
  readonly mask: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** The newly decoded pixels that were to be kept. */
  readonly decoded: EvalPixels | undefined;
}

/** Decodes one sample; the image is resized to the input size without keeping its aspect ratio, the mask keeps its size. */
export async function makeEvalItem(task: EvalTask): Promise<EvalTaskResult> {
  const { sample, coding, inputSize, keep, isTiled } = task;
  if (isTiled && isReadInParts(sample)) {
    const labels = await readLabels(sample, coding);
    const mismatch = sizeMismatch(sample, sample, labels);
    if (mismatch) throw new OtxError('image', mismatch);
    const { data: mask, width, height } = labels;
    return { image: undefined, picture: undefined, mask, width, height, decoded: undefined };
  }
  if (isTiled) {
    const { image: picture, ...labels } = await readSample(sample, coding);
    return { image: undefined, picture, ...labels, decoded: undefined };
  }
  let pixels = task.decoded;
  if (!pixels) {
    const source = await readSample(sample, coding);
    pixels = { ...source, image: atInputSize({ ...source, data: source.image }, inputSize) };
    if (keep) pixels = labeledInSharedMemory(pixels);
  }
  const image = normalizeImage(pixels.image, inputSize);
  const { mask, width, height } = pixels;
  const decoded = keep && !task.decoded ? pixels : undefined;
  return { image, picture: undefined, mask, width, height, decoded };
}

/** What is drawn is another picture each time that it is learned from. */
function atMoment({ sample, seed }: TrainTask['items'][number]): Sample {
  const { drawn } = sample;
  return drawn ? { ...sample, drawn: { ...drawn, key: `${drawn.key}: ${seed}` } } : sample;
}

async function readSample(
  sample: Sample,
  coding: MaskCoding,
  imageCache?: ImageCache,
): Promise<LabeledImage> {
  if (sample.drawn) return drawFormulaPicture(sample.drawn);
  const image = await readSampleImage(sample, imageCache);
  const mask = await readLabels(sample, coding);
  const mismatch = sizeMismatch(sample, image, mask);
  if (mismatch) throw new OtxError('image', mismatch);
  return { image: image.data, mask: mask.data, width: image.width, height: image.height };
}

/** The tasks by name, as requests to threads carry it. */
export const TASKS = {
  makeTrainBatch,
  makeUnlabeledBatch,
  makeTwoStrongBatch,
  makeEvalItem,
  makeViewBatch,
  makePseudoMask,
  verifySample,
  verifyImage,
  hasForeground,
  describeSample,
  measureSample,
  lookAtMask,
  lookAtUnlabeled,
};
