/** @file The Pascal VOC palette: the colours of classes for which a data set declares none. */
import type { Rgb } from './types.js';

/** Colour of class `index` (0..255): the bits of the index, three at a time, become the high bits of r, g and b. */
export function vocColor(index: number): Rgb {
  let red = 0;
  let green = 0;
  let blue = 0;
  for (let bit = 7, rest = index; rest > 0; bit--, rest >>= 3) {
    red |= (rest & 1) << bit;
    green |= ((rest >> 1) & 1) << bit;
    blue |= ((rest >> 2) & 1) << bit;
  }
  return [red, green, blue];
}

/** Colour of the border pixels in VOC masks, index 255: ignored. */
export const VOC_IGNORE_COLOR: Rgb = vocColor(255);

/** One integer per colour, for maps and comparisons. */
export function colorKey(red: number, green: number, blue: number): number {
  return (red << 16) | (green << 8) | blue;
}
