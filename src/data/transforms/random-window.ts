/** @file A window of a large image at a random place, as it is learned from where images are looked at in windows. */

import { Random } from '../../base/random.js';
import type { DecodedImage, LabeledImage } from '../types.js';
import { cutWindow } from './cut-window.js';
import type { Size, Window } from './geometry.js';

/** A part of the sample that is at most as large as the tile; the sample itself without one. @param seed decides where */
export function windowOf(sample: LabeledImage, tile: Size | undefined, seed: string): LabeledImage {
  const window = drawWindow(sample, tile, seed);
  if (!window) return sample;
  const { width, height } = window;
  const image = cutWindow(sample.image, sample.width, window, 3);
  return { image, mask: cutWindow(sample.mask, sample.width, window, 1), width, height };
}

/** The same of an image without a mask. */
export function pictureWindowOf(image: DecodedImage, tile: Size | undefined, seed: string): DecodedImage {
  const window = drawWindow(image, tile, seed);
  if (!window) return image;
  const { width, height } = window;
  return { data: cutWindow(image.data, image.width, window, 3), width, height };
}

/** Where the window lies; undefined for an image that is no larger than the tile. */
export function drawWindow(
  { width, height }: Size,
  tile: Size | undefined,
  seed: string,
): Window | undefined {
  if (!tile || (width <= tile.width && height <= tile.height)) return undefined;
  const random = new Random(`${seed}:window`);
  const [w, h] = [Math.min(tile.width, width), Math.min(tile.height, height)];
  return { left: random.integer(width - w + 1), top: random.integer(height - h + 1), width: w, height: h };
}
