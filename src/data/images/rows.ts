/** @file Rows of a picture, wherever its pixels come from. */

import { cutWindow } from '../transforms/cut-window.js';
import type { Window } from '../transforms/geometry.js';
import type { DecodedImage } from '../types.js';

/** A picture of which some rows at a time are needed. */
export interface PictureRows {
  /** After EXIF orientation, in pixels. */
  readonly width: number;
  /** After EXIF orientation, in pixels. */
  readonly height: number;
  /** HWC RGB of whole rows. */
  rows(first: number, count: number): Promise<Uint8Array>;
  /** HWC RGB of a part; of formats that have their pixels in parts, no others are decoded. */
  window(part: Window): Promise<Uint8Array>;
  /** The whole picture, where it is in memory. */
  readonly whole: DecodedImage | undefined;
  /** A defect of the file that could be decoded around. */
  readonly warning: string | undefined;
}

/** Rows of a picture in memory. */
export function rowsOf(image: DecodedImage): PictureRows {
  const { data, width, height, warning } = image;
  return {
    width,
    height,
    warning,
    whole: image,
    rows: async (first, count) => data.subarray(3 * width * first, 3 * width * (first + count)),
    window: async (part) => cutWindow(data, width, part, 3),
  };
}
