/** @file Mask files in a browser, decoded without its own decoder, which drops palettes and the upper bits. */

import { decode } from 'fast-png';
import { messageOf, OtxError } from '../base/errors.js';
import { colorKey } from '../data/masks/color-key.js';
import { classOfRgb, classOfSamples, NO_CLASS } from '../data/masks/lookup.js';
import type { LabelMask, MaskCoding } from '../data/types.js';

/**
 * The class of each pixel of a PNG mask, by the rules of Node.
 *
 * @throws OtxError `image` for a file that is no PNG, or a value that no class has.
 */
export async function decodeMask(
  file: Blob,
  name: string,
  coding: MaskCoding | undefined,
): Promise<LabelMask> {
  if (!coding)
    throw new OtxError('usage', `${name}: its mask is a file, and nothing says what its values mean`);
  let png: ReturnType<typeof decode>;
  try {
    png = decode(await file.arrayBuffer());
  } catch (error) {
    throw new OtxError('image', `${name}: its mask cannot be read (${messageOf(error)}); save masks as PNG`, {
      cause: error,
    });
  }
  const { width, height, channels, depth, palette } = png;
  const samples = depth < 8 ? unpacked(png.data, width, height, depth) : png.data;
  const area = width * height;
  const data = new Uint8Array(area);
  const foundAt = (find: (pixel: number) => number) => {
    for (let i = 0; i < area; i++) data[i] = find(i);
  };
  if (channels <= 2) {
    const colors = palette?.map(([red, green, blue]) => [red, green, blue] as const);
    const table = classOfSamples(
      coding,
      colors ? { kind: 'indices', depth, palette: colors as never } : { kind: 'values', depth },
    );
    foundAt((pixel) => table[samples[pixel * channels]!] ?? NO_CLASS);
  } else {
    const shift = depth === 16 ? 8 : 0;
    const find = classOfRgb(coding);
    foundAt((pixel) => {
      const at = pixel * channels;
      return find(colorKey(samples[at]! >> shift, samples[at + 1]! >> shift, samples[at + 2]! >> shift));
    });
  }
  const wrong = data.indexOf(NO_CLASS);
  if (wrong >= 0) {
    const values = Array.from({ length: channels }, (_, k) => samples[wrong * channels + k]);
    throw new OtxError('image', `${name}: its mask has the value ${values.join(', ')}, which no class has`);
  }
  return { data, width, height };
}

/** One sample per pixel; rows begin with a byte of their own. */
function unpacked(data: ArrayLike<number>, width: number, height: number, depth: number): Uint8Array {
  const bytesPerRow = Math.ceil((width * depth) / 8);
  const most = 2 ** depth - 1;
  const result = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = data[y * bytesPerRow + (bit >> 3)]!;
      result[y * width + x] = (byte >> (8 - depth - (bit & 7))) & most;
    }
  }
  return result;
}
