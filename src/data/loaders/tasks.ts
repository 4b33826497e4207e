/** @file The work that data threads do: pure functions from plain data to plain data. */
import { stat } from 'node:fs/promises';
import { messageOf, OtxError } from '../../base/errors.js';
import { Random } from '../../base/random.js';
import { type AugmentationName, createAugmentation, type OwnAugmentation } from '../augmentation.js';
import { sizeMismatch } from '../datasets/size-mismatch.js';
import { readLabels } from '../formats/read-labels.js';
import { readBytes, readOrientation } from '../images/decoder.js';
import { type ImageCache, readCachedImage } from '../images/image-cache.js';
import { atInputSize } from '../images/network-input.js';
import { type NumberEvidence, readNumbers } from '../images/number-image.js';
import { type LookedAt, readImage } from '../images/read-image.js';
import { lookAtSample, readSampleImage } from '../images/sample-image.js';
import { isMaskLike } from '../masks/mask-like.js';
import type { RawMask } from '../masks/raw-mask.js';
import { turned, undoing } from '../masks/turned.js';
import { type EdgeFit, edgeFitOf } from '../readings/edge-fit.js';
import { type MaskEvidence, readEvidence } from '../readings/evidence.js';
import { perceptualHash } from '../splits/perceptual-hash.js';
import { makePseudoMask } from '../superpixels/make-pseudo-mask.js';
import type { Size } from '../transforms/geometry.js';
import { normalizeImage } from '../transforms/normalize.js';
import { pictureWindowOf, windowOf } from '../transforms/random-window.js';
import type { RareCrops } from '../transforms/rare-crop.js';
import type { DecodedImage, ImageReading, LabeledImage, LabelMask, MaskCoding, Sample } from '../types.js';
import { IGNORE_INDEX } from '../types.js';
import { makeViews } from '../views/weak-strong.js';
import { inSharedMemory, labeledInSharedMemory } from './shared-memory.js';
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
  const augment = createAugmentation(task.augmentation, cropSize, task.rareCrops);
  const area = cropSize * cropSize;
  const images = new Float32Array(items.length * 3 * area);
  const labels = new Uint8Array(items.length * area);
  const decoded: (LabeledImage | undefined)[] = [];
  for (const [n, item] of items.entries()) {
    let source = item.decoded ?? (await readSample(item.sample, coding, imageCache));
    if (item.keep && !item.decoded) source = labeledInSharedMemory(source);
    decoded.push(item.keep && !item.decoded ? source : undefined);

    augment(windowOf(source, tile, item.seed), new Random(item.seed), {
      planes: images.subarray(n * 3 * area, (n + 1) * 3 * area),
      labels: labels.subarray(n * area, (n + 1) * area),
      side: cropSize,
    });
  }
  return { images, labels, decoded };
}

/** One batch of unlabeled images to make. */
export interface UnlabeledTask {
  readonly items: readonly {
    readonly imagePath: string;
    readonly reading?: ImageReading | undefined;
    /** Seed of the views. */
    readonly seed: string;
    /** Pixels from an earlier batch, in shared memory. */
    readonly decoded?: DecodedImage | undefined;
    /** Whether the pixels, if decoded now, are to be given back in shared memory. */
    readonly keep: boolean;
  }[];
  readonly cropSize: number;
  /** Of larger images a window of this size is learned from. */
  readonly tile?: Size | undefined;
  /** Where copies of images are read in their place. */
  readonly imageCache?: ImageCache;
}

export interface UnlabeledTaskResult {
  /** `[N, 3, S, S]` */
  readonly weak: Float32Array<ArrayBuffer>;
  /** `[N, 3, S, S]` */
  readonly strong: Float32Array<ArrayBuffer>;
  /** `[N, S, S]` */
  readonly padding: Uint8Array<ArrayBuffer>;
  /** Per item, the newly decoded pixels that were to be kept. */
  readonly decoded: readonly (DecodedImage | undefined)[];
}

/** Decodes the images of one batch and makes both views of each. */
export async function makeUnlabeledBatch(task: UnlabeledTask): Promise<UnlabeledTaskResult> {
  const { items, cropSize, imageCache, tile } = task;
  const read = (path: string, reading?: ImageReading) =>
    imageCache ? readCachedImage(path, imageCache, reading) : readImage(path, reading);
  const area = cropSize * cropSize;
  const weak = new Float32Array(items.length * 3 * area);
  const strong = new Float32Array(items.length * 3 * area);
  const padding = new Uint8Array(items.length * area);
  const decoded: (DecodedImage | undefined)[] = [];
  for (const [n, item] of items.entries()) {
    let source = item.decoded ?? (await read(item.imagePath, item.reading));
    const isKept = item.keep && !item.decoded;
    if (isKept) source = { ...source, data: inSharedMemory(source.data) };
    decoded.push(isKept ? source : undefined);

    const [start, end] = [n * area, (n + 1) * area];
    makeViews(pictureWindowOf(source, tile, item.seed), new Random(item.seed), {
      weak: weak.subarray(3 * start, 3 * end),
      strong: strong.subarray(3 * start, 3 * end),
      padding: padding.subarray(start, end),
      side: cropSize,
    });
  }
  return { weak, strong, padding, decoded };
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
  /** HWC RGB of the whole image, where it is looked at in windows. */
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

export interface VerifyTask {
  readonly sample: Sample;
  /** How the mask is read, where that is decided; otherwise it is only counted what it holds. */
  readonly coding: MaskCoding | undefined;
  /** Whether the colours of masks need not be exact, where nothing is decided. */
  readonly lossy: boolean;
}

export interface VerifyTaskResult {
  /** Pixels by class index, 255 for ignored ones; undefined where nothing is decided, or the mask cannot be read. */
  readonly pixels: readonly number[] | undefined;
  /** What is in the mask, where it is to be decided what that means. */
  readonly evidence: MaskEvidence | undefined;
  readonly problems: readonly string[];
  readonly warning: string | undefined;
  /** How well the mask fits in both ways, where the image is turned by its EXIF data and the mask is not. */
  readonly edges: EdgeFit | undefined;
  /** What the samples of the image are, where they are no bytes. */
  readonly numbers: NumberEvidence | undefined;
}

/** Decodes image and mask of one sample in full and counts the mask's pixels. Bad files are given back, not thrown. */
export async function verifySample({ sample, coding, lossy }: VerifyTask): Promise<VerifyTaskResult> {
  const [image, mask] = await Promise.allSettled([
    lookAtSample(sample),
    coding ? readCounts(sample, coding) : readLaidEvidence(sample, lossy),
  ]);
  const problems = [image, mask].flatMap((result) =>
    result.status === 'rejected' ? [messageOf(result.reason)] : [],
  );
  if (image.status === 'fulfilled' && mask.status === 'fulfilled') {
    const mismatch = sizeMismatch(sample, image.value, mask.value);
    if (mismatch) problems.push(mismatch);
    else if (!sample.shapes && !sample.pixels && (await haveSameBytes(sample.imagePath, sample.maskPath))) {
      problems.push(`${sample.maskPath} is the same picture as its image ${sample.imagePath}`);
    }
  }
  const found = mask.status === 'fulfilled' ? mask.value : undefined;
  return {
    pixels: found && 'pixels' in found ? found.pixels : undefined,
    evidence: found && 'evidence' in found ? found.evidence : undefined,
    edges: image.status === 'fulfilled' && found ? await edgesOf(image.value, found, sample) : undefined,
    problems,
    warning: image.status === 'fulfilled' ? image.value.warning : undefined,
    numbers: image.status === 'fulfilled' ? image.value.numbers : undefined,
  };
}

/** Of an image that is turned by its EXIF data while its annotation says nothing of the kind. */
async function edgesOf(
  { data, orientation, ...size }: LookedAt,
  found: { readonly raw: RawMask } | { readonly labels: LabelMask },
  { shapes, maskPath, maskTurn = 1 }: Sample,
): Promise<EdgeFit | undefined> {
  if (orientation <= 1 || !data) return undefined;
  if ('raw' in found) {
    return found.raw.saysOrientation ? undefined : edgeFitOf(data, size, found.raw, orientation);
  }
  if (!shapes && (await readOrientation(maskPath)) > 1) return undefined;
  const { data: samples, width, height } = turned(found.labels, undoing(maskTurn));
  return edgeFitOf(data, size, { samples, width, height, form: { kind: 'values' } }, orientation);
}

/** What a mask holds, and its size as it lies on its image. */
async function readLaidEvidence({ maskPath, maskTurn = 1 }: Sample, lossy: boolean) {
  const { mask: raw, evidence } = await readEvidence(maskPath, lossy);
  const { width, height } = raw;
  return { raw, evidence, ...(maskTurn >= 5 ? { width: height, height: width } : { width, height }) };
}

async function readCounts(sample: Sample, coding: MaskCoding) {
  const labels = await readLabels(sample, coding);
  const pixels = new Array<number>(256).fill(0);
  for (const label of labels.data) pixels[label]!++;
  return { pixels, labels, width: labels.width, height: labels.height };
}

export interface LookAtMaskTask {
  readonly maskPath: string;
  /** Whether colours need not be exact. */
  readonly lossy: boolean;
}

/** What a mask holds. */
export async function lookAtMask({ maskPath, lossy }: LookAtMaskTask): Promise<MaskEvidence> {
  return (await readEvidence(maskPath, lossy)).evidence;
}

async function haveSameBytes(first: string, second: string): Promise<boolean> {
  const sizes = await Promise.all([stat(first), stat(second)]);
  if (sizes[0].size !== sizes[1].size) return false;
  const [a, b] = await Promise.all([readBytes(first), readBytes(second)]);
  return a.equals(b);
}

export interface VerifyImageTask {
  readonly imagePath: string;
  readonly reading?: ImageReading | undefined;
}

export interface VerifyImageTaskResult {
  readonly problem: string | undefined;
  readonly warning: string | undefined;
  /** Whether it is a mask rather than a photograph. */
  readonly isMask: boolean;
}

/** Decodes an image without a mask in full. A bad file is given back, not thrown. */
export async function verifyImage({ imagePath, reading }: VerifyImageTask): Promise<VerifyImageTaskResult> {
  try {
    const { warning } = await readImage(imagePath, reading);
    return { problem: undefined, warning, isMask: await isMaskLike(imagePath) };
  } catch (error) {
    return { problem: messageOf(error), warning: undefined, isMask: false };
  }
}

export interface LookAtUnlabeledTask {
  readonly imagePath: string;
  /** With the bands that were chosen. */
  readonly reading?: ImageReading | undefined;
}

export interface LookAtUnlabeledTaskResult {
  /** What the samples of the image are where they are no bytes. */
  readonly numbers: NumberEvidence | undefined;
  /** Whether it is a mask rather than a photograph. */
  readonly isMask: boolean;
}

/** What has to be known of an image before it is learned from; of a file that cannot be decoded nothing. */
export async function lookAtUnlabeled(task: LookAtUnlabeledTask): Promise<LookAtUnlabeledTaskResult> {
  try {
    const image = await readNumbers(await readBytes(task.imagePath), task.reading);
    if (!image) return { numbers: undefined, isMask: await isMaskLike(task.imagePath) };
    const { kind, bands, low, high, missing } = image;
    return { numbers: { kind, bands, low, high, missing }, isMask: false };
  } catch {
    return { numbers: undefined, isMask: false };
  }
}

export interface DescribeTask {
  readonly sample: Sample;
  readonly coding: MaskCoding;
}

export interface DescribeTaskResult {
  /** Of {@link perceptualHash}; empty where the image cannot be read. */
  readonly hash: string;
  /** Indices of the classes that the mask shows. */
  readonly shown: readonly number[];
}

/** What a sample looks like and shows; of bad files nothing, which are told of elsewhere. */
export async function describeSample({ sample, coding }: DescribeTask): Promise<DescribeTaskResult> {
  const [image, labels] = await Promise.allSettled([readImage(sample.imagePath), readLabels(sample, coding)]);
  const shown = new Set(labels.status === 'fulfilled' ? labels.value.data : []);
  shown.delete(IGNORE_INDEX);
  return {
    hash: image.status === 'fulfilled' ? perceptualHash(image.value) : '',
    shown: [...shown].sort((a, b) => a - b),
  };
}

export interface ForegroundTask {
  readonly sample: Sample;
  readonly coding: MaskCoding;
}

/** Whether a mask, as `coding` reads it, has any pixel of a class other than background. */
export async function hasForeground({ sample, coding }: ForegroundTask): Promise<boolean> {
  const { data } = await readLabels(sample, coding);
  return data.some((label) => label !== 0 && label !== IGNORE_INDEX);
}

async function readSample(
  sample: Sample,
  coding: MaskCoding,
  imageCache?: ImageCache,
): Promise<LabeledImage> {
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
  makeEvalItem,
  makeViewBatch,
  makePseudoMask,
  verifySample,
  verifyImage,
  hasForeground,
  describeSample,
  lookAtMask,
  lookAtUnlabeled,
};
