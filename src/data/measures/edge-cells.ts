/** @file Where a picture has edges and where its labels have borders, in cells of equal number whatever the size of the picture. */

import type { Size } from '../transforms/geometry.js';
import type { DecodedImage, LabelMask } from '../types.js';
import { type CellMap, cellOfPixel, grayCells } from './gray-cells.js';

/** Strength of the edges: mean 0 and deviation 1 over the picture; all 0 where there are none. */
export function edgeCells(image: DecodedImage, cells: Size): CellMap {
  const gray = grayCells(image, cells);
  const { width, height } = gray;
  const strength = new Float32Array(width * height);
  const at = (x: number, y: number) =>
    gray.data[Math.min(Math.max(y, 0), height - 1) * width + Math.min(Math.max(x, 0), width - 1)]!;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const across =
        at(x + 1, y - 1) +
        2 * at(x + 1, y) +
        at(x + 1, y + 1) -
        at(x - 1, y - 1) -
        2 * at(x - 1, y) -
        at(x - 1, y + 1);
      const down =
        at(x - 1, y + 1) +
        2 * at(x, y + 1) +
        at(x + 1, y + 1) -
        at(x - 1, y - 1) -
        2 * at(x, y - 1) -
        at(x + 1, y - 1);
      // The root keeps the few strongest edges from deciding alone.
      strength[y * width + x] = Math.sqrt(Math.hypot(across, down));
    }
  }
  return { width, height, data: standardised(strength) };
}

/** 1 in the cells with a pixel whose right or lower neighbour has another label. */
export function borderCells({ data, width, height }: LabelMask, cells: Size): Uint8Array {
  const columns = cellOfPixel(width, cells.width);
  const rows = cellOfPixel(height, cells.height);
  const borders = new Uint8Array(cells.width * cells.height);
  for (let y = 0; y < height; y++) {
    const row = rows[y]! * cells.width;
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const isBorder =
        (x + 1 < width && data[at] !== data[at + 1]) || (y + 1 < height && data[at] !== data[at + width]);
      if (isBorder) borders[row + columns[x]!] = 1;
    }
  }
  return borders;
}

/** Mean 0 and deviation 1; all 0 where all values are the same. */
export function standardised(values: Float32Array): Float32Array {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  const deviation = Math.sqrt(Math.max(squares / values.length - mean * mean, 0));
  return deviation < 1e-6
    ? new Float32Array(values.length)
    : values.map((value) => (value - mean) / deviation);
}
