/** @file What data threads look at before anything is learned: whether files can be read, and what is in them. */
import { stat } from 'node:fs/promises';
import { messageOf } from '../../base/errors.js';
import { sizeMismatch } from '../datasets/size-mismatch.js';
import { readLabels } from '../formats/read-labels.js';
import { readBytes, readOrientation } from '../images/decoder.js';
import { type NumberEvidence, readNumbers } from '../images/number-image.js';
import { type LookedAt, readImage } from '../images/read-image.js';
import { lookAtSample } from '../images/sample-image.js';
import { isMaskLike } from '../masks/mask-like.js';
import type { RawMask } from '../masks/raw-mask.js';
import { turned, undoing } from '../masks/turned.js';
import { type EdgeFit, edgeFitOf } from '../readings/edge-fit.js';
import { type MaskEvidence, readEvidence } from '../readings/evidence.js';
import { perceptualHash } from '../splits/perceptual-hash.js';
import type { ImageReading, LabelMask, MaskCoding, Sample } from '../types.js';
import { IGNORE_INDEX } from '../types.js';

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
    else if (
      !sample.shapes &&
      !sample.pixels &&
      !sample.drawn &&
      (await haveSameBytes(sample.imagePath, sample.maskPath))
    ) {
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
