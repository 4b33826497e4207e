/** @file Rows of a picture, wherever its pixels come from. */

import type { DecodedImage } from '../types.js';

/** A picture of which some rows at a time are needed. */
export interface PictureRows {
  /** After EXIF orientation, in pixels. */
  readonly width: number;
  /** After EXIF orientation, in pixels. */
  readonly height: number;
  /** HWC RGB of whole rows. */
  rows(first: number, count: number): Promise<Uint8Array>;
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
  };
}
