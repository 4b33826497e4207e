/** @file Maps of values from 0 to 1 as pictures: in gray for programs, in colours over a photograph for people. */

import sharp from '../data/images/sharp.js';
import type { Size } from '../data/transforms/geometry.js';
import type { RgbImage } from './overlay.js';

/** From low to high, evenly spaced: as light as they are large, and told apart by people of any colour vision (inferno). */
const COLORS = [
  [0, 0, 4],
  [87, 16, 110],
  [188, 55, 84],
  [249, 142, 9],
  [252, 255, 164],
] as const;

const LEVELS = 255;

/** 8 bits a pixel. @param values from 0 to 1; others are cut. */
export const grayLevels = (values: Float32Array): Uint8Array =>
  Uint8Array.from(values, (value) => Math.round(LEVELS * Math.min(Math.max(value, 0), 1)));

/** The bytes of a PNG file of one channel. */
export function encodeGray(levels: Uint8Array, { width, height }: Size): Promise<Uint8Array> {
  return sharp(levels, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png({ compressionLevel: 7 })
    .toBuffer();
}

/**
 * The photograph with the colours of the values over it.
 *
 * @param levels of the size of the photograph, row by row.
 * @param weight of the colours, 0 to 1.
 */
export function heatOverlay(image: RgbImage, levels: Uint8Array, weight: number): RgbImage {
  const { data, width, height } = image;
  const table = Array.from({ length: LEVELS + 1 }, (_, level) => colorOf(level / LEVELS));
  const out = new Uint8Array(data.length);
  for (let i = 0, at = 0; i < levels.length; i++) {
    const color = table[levels[i]!]!;
    for (let c = 0; c < 3; c++, at++) out[at] = Math.round(data[at]! + (color[c]! - data[at]!) * weight);
  }
  return { data: out, width, height };
}

function colorOf(value: number): readonly number[] {
  const position = value * (COLORS.length - 1);
  const low = Math.min(Math.floor(position), COLORS.length - 2);
  return COLORS[low]!.map((from, c) => from + (COLORS[low + 1]![c]! - from) * (position - low));
}
