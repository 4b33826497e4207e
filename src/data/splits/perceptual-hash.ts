/** @file A fingerprint of what a picture looks like: alike pictures differ in few of its bits, whatever their size. */
import type { DecodedImage } from '../types.js';

const COLUMNS = 9;
const ROWS = 8;
/** Of red, green and blue in what the eye takes for brightness. */
const WEIGHTS = [299, 587, 114] as const;

/**
 * 64 bits as 16 hexadecimal digits: whether each of 9x8 patches is brighter than the one to its left. Whole numbers alone go
 * into it, so that it is the same everywhere.
 */
export function perceptualHash({ data, width, height }: DecodedImage): string {
  const sums = new Float64Array(COLUMNS * ROWS);
  const across = Array.from({ length: width }, (_, x) => overlaps(x, width, COLUMNS));
  for (let y = 0; y < height; y++) {
    const down = overlaps(y, height, ROWS);
    for (let x = 0, at = 3 * y * width; x < width; x++, at += 3) {
      const bright = WEIGHTS[0] * data[at]! + WEIGHTS[1] * data[at + 1]! + WEIGHTS[2] * data[at + 2]!;
      for (const [row, rows] of down) {
        for (const [column, columns] of across[x]!) sums[row * COLUMNS + column]! += bright * rows * columns;
      }
    }
  }
  let digits = '';
  for (let row = 0; row < ROWS; row++) {
    let bits = 0;
    for (let column = 0; column < COLUMNS - 1; column++) {
      const patch = row * COLUMNS + column;
      bits = 2 * bits + (sums[patch + 1]! > sums[patch]! ? 1 : 0);
    }
    digits += bits.toString(16).padStart(2, '0');
  }
  return digits;
}

/** The patches that a pixel of a row lies in, with how much of it; a pixel is as long as there are patches. */
export function overlaps(pixel: number, pixels: number, patches: number): [patch: number, length: number][] {
  const [start, end] = [pixel * patches, (pixel + 1) * patches];
  const found: [number, number][] = [];
  for (let patch = Math.floor(start / pixels); patch * pixels < end; patch++) {
    found.push([patch, Math.min(end, (patch + 1) * pixels) - Math.max(start, patch * pixels)]);
  }
  return found;
}

/** In how many of the 64 bits two fingerprints differ. */
export function hashDistance(a: string, b: string): number {
  let differing = 0;
  for (const start of [0, 8]) {
    let bits =
      Number.parseInt(a.slice(start, start + 8), 16) ^ Number.parseInt(b.slice(start, start + 8), 16);
    for (; bits !== 0; bits &= bits - 1) differing++;
  }
  return differing;
}
