/** @file The brightness of a picture in cells: at the size at which pictures are compared, whatever their own. */

import type { Size } from '../transforms/geometry.js';
import type { DecodedImage } from '../types.js';

/** One value a cell, HW. */
export interface CellMap extends Size {
  readonly data: Float32Array;
}

/** The size with a longer side of at most `longest`; never larger than the picture. */
export function cellsOf({ width, height }: Size, longest: number): Size {
  const scale = Math.min(1, longest / Math.max(width, height));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  return { width: side(width), height: side(height) };
}

/** Position of the cell of each pixel of a side. */
export function cellOfPixel(pixels: number, cells: number): Int32Array {
  return Int32Array.from({ length: pixels }, (_, i) => Math.floor((i * cells) / pixels));
}

/** Mean brightness, 0 to 255, of the pixels of each cell; there are at most as many cells as pixels along each side. */
export function grayCells({ data, width, height }: DecodedImage, size: Size): CellMap {
  const columns = cellOfPixel(width, size.width);
  const rows = cellOfPixel(height, size.height);
  const sums = new Float64Array(size.width * size.height);
  const counts = new Uint32Array(sums.length);
  for (let y = 0, at = 0; y < height; y++) {
    const row = rows[y]! * size.width;
    for (let x = 0; x < width; x++, at += 3) {
      const cell = row + columns[x]!;
      sums[cell]! += 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
      counts[cell]!++;
    }
  }
  return {
    width: size.width,
    height: size.height,
    data: Float32Array.from(sums, (sum, i) => sum / counts[i]!),
  };
}
