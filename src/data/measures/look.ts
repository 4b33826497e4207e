/** @file What a photograph looks like, in a few numbers. */

import { overlaps } from '../splits/perceptual-hash.js';
import type { DecodedImage } from '../types.js';
import { type CellMap, cellsOf, grayCells } from './gray-cells.js';

/** Cells along both sides of a thumbnail. */
export const THUMBNAIL_SIDE = 16;
/** Cells along the longer side where details are looked for. */
const DETAIL_CELLS = 512;
/** Pixels over which a blurred edge has risen as well. */
const FAR = 8;
/** Share of the differences that count. */
const STEEPEST = 0.002;

export interface Look {
  /** Mean and deviation over the picture, 0 to 255. */
  readonly brightness: number;
  readonly contrast: number;
  /** Mean difference between the largest and the smallest of red, green and blue, 0 to 255; 0 for a gray picture. */
  readonly colour: number;
  /** How much of the steepest changes over 8 pixels happens within one: about a half or more for sharp pictures, less than a fifth for blurred ones. */
  readonly sharpness: number;
}

export function lookOf(image: DecodedImage): Look {
  const gray = grayCells(image, cellsOf(image, DETAIL_CELLS));
  let [sum, squares] = [0, 0];
  for (const value of gray.data) {
    sum += value;
    squares += value * value;
  }
  const brightness = sum / gray.data.length;
  const contrast = Math.sqrt(Math.max(squares / gray.data.length - brightness * brightness, 0));
  const far = steepest(gray, FAR);
  return { brightness, contrast, colour: colourOf(image), sharpness: far < 1 ? 1 : steepest(gray, 1) / far };
}

/** The difference over a distance, along rows and columns, that only one in a hundred exceeds. */
function steepest({ data, width, height }: CellMap, distance: number): number {
  const counts = new Uint32Array(256);
  let total = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      if (x + distance < width) {
        counts[Math.round(Math.abs(data[at]! - data[at + distance]!))]!++;
        total++;
      }
      if (y + distance < height) {
        counts[Math.round(Math.abs(data[at]! - data[at + distance * width]!))]!++;
        total++;
      }
    }
  }
  let above = 0;
  for (let difference = 255; difference >= 0; difference--) {
    above += counts[difference]!;
    if (above > STEEPEST * total) return difference;
  }
  return 0;
}

function colourOf({ data }: DecodedImage): number {
  let sum = 0;
  for (let i = 0; i < data.length; i += 3) {
    const [r, g, b] = [data[i]!, data[i + 1]!, data[i + 2]!];
    sum += Math.max(r, g, b) - Math.min(r, g, b);
  }
  return sum / (data.length / 3);
}

/** Mean red, green and blue of 16x16 patches of equal area, for pictures of any size. */
export function thumbnailOf({ data, width, height }: DecodedImage): Uint8Array {
  const side = THUMBNAIL_SIDE;
  const sums = new Float64Array(3 * side * side);
  const across = Array.from({ length: width }, (_, x) => overlaps(x, width, side));
  for (let y = 0, at = 0; y < height; y++) {
    const down = overlaps(y, height, side);
    for (let x = 0; x < width; x++, at += 3) {
      for (const [column, columns] of across[x]!) {
        for (const [row, rows] of down) {
          const cell = 3 * (row * side + column);
          const part = rows * columns;
          sums[cell]! += part * data[at]!;
          sums[cell + 1]! += part * data[at + 1]!;
          sums[cell + 2]! += part * data[at + 2]!;
        }
      }
    }
  }
  return Uint8Array.from(sums, (sum) => Math.round(sum / (width * height)));
}
