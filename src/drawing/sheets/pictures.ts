/** @file Pictures of the size that contact sheets have. */

import sharp from '../../data/images/sharp.js';
import type { Size } from '../../data/transforms/geometry.js';
import { BACKGROUND } from '../../data/types.js';
import { type PaintedClass, type RgbImage, renderOverlay } from '../overlay.js';

/** Longest side of a picture on a sheet, in pixels. */
const PICTURE = 320;
/** Stronger than classes over a photograph. */
const MARKED_ALPHA = 0.6;

/** Reduced to the size of a sheet; tiny pictures are enlarged by a whole number. */
export function shownSize({ width, height }: Size): Size {
  const scale = PICTURE / Math.max(width, height);
  const factor = scale >= 2 ? Math.floor(scale) : Math.min(scale, 1);
  const side = (length: number) => Math.max(1, Math.round(length * factor));
  return { width: side(width), height: side(height) };
}

/** The picture in another size, its aspect ratio not kept; made smaller without aliasing. @returns RGB of that size */
export async function resized({ data, width, height }: RgbImage, to: Size): Promise<RgbImage> {
  const pixels = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize(to.width, to.height, { fit: 'fill' })
    .raw()
    .toBuffer();
  return { width: to.width, height: to.height, data: new Uint8Array(pixels) };
}

/** The picture in the middle of white paper of the given size. */
export function framed({ data, width, height }: RgbImage, frame: Size): RgbImage {
  if (width === frame.width && height === frame.height) return { data, width, height };
  const paper = new Uint8Array(3 * frame.width * frame.height).fill(255);
  const left = Math.floor((frame.width - width) / 2);
  const top = Math.floor((frame.height - height) / 2);
  for (let y = 0; y < height; y++) {
    paper.set(data.subarray(3 * y * width, 3 * (y + 1) * width), 3 * ((top + y) * frame.width + left));
  }
  return { data: paper, width: frame.width, height: frame.height };
}

/**
 * The photograph without its colours, so that those of the marks stand out.
 *
 * @param marks 0 for none, else 1 + the index of the colour, HW.
 */
export function paintedOverGray(
  { data, width, height }: RgbImage,
  marks: Uint8Array,
  colors: readonly PaintedClass[],
): RgbImage {
  const gray = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    gray.fill(Math.round(0.299 * data[i]! + 0.587 * data[i + 1]! + 0.114 * data[i + 2]!), i, i + 3);
  }
  const painted = [{ name: BACKGROUND, color: [0, 0, 0] as const }, ...colors];
  return { width, height, data: renderOverlay({ data: gray, width, height }, marks, painted, MARKED_ALPHA) };
}
