/** @file The last step of every pipeline: 8-bit HWC pixels become normalised float CHW planes, padded to a square. */
import { OtxError } from '../../base/errors.js';
import { IGNORE_INDEX, type LabeledImage } from '../types.js';
import type { Size } from './geometry.js';

/** What the network is given of one sample. */
export interface NetworkInput {
  /** `[3, side, side]`, normalised RGB. */
  readonly planes: Float32Array;
  /** `[side, side]`, class indices. */
  readonly labels: Uint8Array;
  readonly side: number;
}

/** Per-channel mean and standard deviation (RGB, 0..255) of ImageNet, on which the pretrained backbones were trained. */
export const PIXEL_MEAN = [123.675, 116.28, 103.53] as const;
export const PIXEL_STD = [58.395, 57.12, 57.375] as const;

/** A pixel value has only 256 possible results per channel. */
const NORMALIZED = PIXEL_MEAN.map((mean, channel) =>
  Float32Array.from({ length: 256 }, (_, value) => (value - mean) / PIXEL_STD[channel]!),
);

/** Normalises and pads a sample: {@link fillPlanes} and {@link fillLabels}. @param input planes of zeros. */
export function fillInput(sample: LabeledImage, { planes, labels, side }: NetworkInput): void {
  fillPlanes(sample.image, sample, planes, side);
  fillLabels(sample.mask, sample, labels, side);
}

/**
 * Writes (x - mean) / std of an HWC RGB image into the upper left corner of three planes of `side` x `side`. The rest of
 * the planes is left as it is: zero (the mean colour) in a fresh buffer.
 * @param planes `[3, side, side]`.
 * @throws OtxError `image` if the image is larger than the planes.
 */
export function fillPlanes(image: Uint8Array, size: Size, planes: Float32Array, side: number): void {
  checkFits(size, side);
  normalizeInto(image, size, planes, { width: side, height: side });
}

/** (x - mean) / std of an HWC RGB image, as planes of its own size: `[3, H, W]`. */
export function normalizeImage(image: Uint8Array, size: Size): Float32Array<ArrayBuffer> {
  const planes = new Float32Array(3 * size.width * size.height);
  normalizeInto(image, size, planes, size);
  return planes;
}

/**
 * Writes (x - mean) / std of an HWC RGB image into the upper left corner of three planes; the rest is left as it is.
 *
 * @param canvas size of the planes.
 */
export function normalizeInto(image: Uint8Array, size: Size, planes: Float32Array, canvas: Size): void {
  const area = canvas.width * canvas.height;
  const [red, green, blue] = NORMALIZED as [Float32Array, Float32Array, Float32Array];
  for (let y = 0, from = 0; y < size.height; y++) {
    for (let at = y * canvas.width, end = at + size.width; at < end; at++, from += 3) {
      planes[at] = red[image[from]!]!;
      planes[area + at] = green[image[from + 1]!]!;
      planes[2 * area + at] = blue[image[from + 2]!]!;
    }
  }
}

/** The 8-bit HWC RGB image that planes of `side` x `side` show, padding (the mean colour) included; undoes {@link fillPlanes}. */
export function imageOfPlanes(planes: Float32Array, side: number): Uint8Array {
  const area = side * side;
  const image = new Uint8ClampedArray(3 * area);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < area; i++) {
      image[3 * i + channel] = planes[channel * area + i]! * PIXEL_STD[channel]! + PIXEL_MEAN[channel]!;
    }
  }
  return new Uint8Array(image.buffer);
}

/** Copies an HW mask into the upper left corner of `side` x `side` labels; the rest becomes {@link IGNORE_INDEX}. */
export function fillLabels(mask: Uint8Array, size: Size, labels: Uint8Array, side: number): void {
  checkFits(size, side);
  labels.fill(IGNORE_INDEX);
  for (let y = 0; y < size.height; y++) {
    labels.set(mask.subarray(y * size.width, (y + 1) * size.width), y * side);
  }
}

function checkFits({ width, height }: Size, side: number): void {
  if (width > side || height > side) {
    throw new OtxError(
      'image',
      `an image of ${width}x${height} does not fit a network input of ${side}x${side}`,
    );
  }
}
