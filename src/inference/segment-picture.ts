/** @file From the pixels of a picture to its classes; nothing here needs Node, so that browsers go the same way. */

import { OtxError } from '../base/errors.js';
import { atInputSize } from '../data/images/network-input.js';
import type { PictureRows } from '../data/images/rows.js';
import type { ClassInfo, DecodedImage } from '../data/types.js';
import type { OpenedModel } from './opened-model.js';
import { classifyTiles } from './tiles/classify-tiles.js';
import { tileFor } from './tiles/tile.js';
import { windowNetworkOf } from './tiles/window-network.js';

/** What to give besides the classes. */
export interface SegmentOptions {
  /** Whether to give the probability of every class for every pixel; it takes 4 bytes each. Default false. */
  readonly probabilities?: boolean | undefined;
}

/** A class of an image. */
export interface SegmentedClass extends ClassInfo {
  /** Share of the image's pixels, 0 to 1. */
  readonly share: number;
}

/** What is where in an image. */
export interface Segmentation {
  /** Of the image, in pixels. */
  readonly width: number;
  /** Of the image, in pixels. */
  readonly height: number;
  /** Index of the class of each pixel, row by row: [height, width]. */
  readonly labels: Uint8Array;
  /** By index, background first; those too that the image does not show. */
  readonly classes: readonly SegmentedClass[];
  /** Where asked for: [classes, height, width], of each pixel 1 together; without regard to the threshold. */
  readonly probabilities: Float32Array | undefined;
  /** In how many windows the image was looked at; 1 for an image that was looked at as a whole. */
  readonly windows: number;
  /** A defect of the picture file that could be decoded around. */
  readonly warning: string | undefined;
  /** Time of decoding and resizing, of the network (waiting for its turn included), and of finding the classes. */
  readonly milliseconds: { readonly prepare: number; readonly network: number; readonly classify: number };
}

/** A picture with its classes. */
export interface SegmentedImage {
  /** HWC RGB; undefined of a picture that is too large to be in memory as a whole. */
  readonly image: DecodedImage | undefined;
  readonly segmentation: Segmentation;
}

/**
 * The way of every picture: resize, normalise, network, resize back, threshold, best class.
 * @param start of its decoding, on the clock of `performance`.
 */
export async function segmentPicture(
  model: OpenedModel,
  picture: PictureRows,
  { probabilities = false }: SegmentOptions,
  start: number,
): Promise<SegmentedImage> {
  if (probabilities) requireProbabilities(model);
  const { width, height, warning } = picture;
  const tile = tileFor(model.tiling, picture);
  const image = tile ? picture.whole : await wholeOf(picture);
  const pixels = image && !tile ? atInputSize(image, model.inputSize) : undefined;
  const prepared = performance.now();
  const classified = tile
    ? await classifyTiles(picture, tile, windowNetworkOf(model), { wantsProbabilities: probabilities })
    : { ...(await model.classify(pixels!, { width, height }, probabilities)), windows: 1 };
  const { labels, windows, milliseconds: classify } = classified;
  const shares = sharesOf(labels, model.classes.length);
  const segmentation = {
    width,
    height,
    labels,
    classes: model.classes.map((info, index) => ({ ...info, share: shares[index]! })),
    probabilities: classified.probabilities,
    windows,
    warning,
    milliseconds: {
      prepare: prepared - start,
      network: performance.now() - prepared - classify,
      classify,
    },
  };
  return { image, segmentation };
}

/** @throws OtxError `usage` for a file that gives classes alone. */
export function requireProbabilities({ hasProbabilities }: OpenedModel): void {
  if (hasProbabilities) return;
  throw new OtxError(
    'usage',
    'the model file gives classes and no probabilities; export it with probabilities',
  );
}

/** Share of the pixels of each class. */
export function sharesOf(labels: Uint8Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]! += 1;
  return counts.map((count) => count / labels.length);
}

/** All of a picture at once. */
export async function wholeOf({ whole, width, height, rows }: PictureRows): Promise<DecodedImage> {
  return whole ?? { data: await rows(0, height), width, height };
}
