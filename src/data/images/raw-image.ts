/** @file Pictures as pixels in memory. */

import { OtxError } from '../../base/errors.js';
import { quoted, unquoted } from '../../base/text.js';
import type { DecodedImage } from '../types.js';

/** Pixels in memory. */
export interface RawImage {
  /** 8 bits a sample, row by row from the top, the channels of a pixel side by side. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** 1: gray, 3: RGB, 4: RGB with an opacity that is dropped, as of a canvas. */
  readonly channels: 1 | 3 | 4;
}

/** Without `inspect` of Node: browsers use this too. */
const written = (value: unknown): string =>
  typeof value === 'string' ? quoted(value) : unquoted(String(value));

/** HWC RGB of pixels. @throws OtxError `usage` for pixels that do not fit their size */
export function rgbOf({ data, width, height, channels }: RawImage): DecodedImage {
  const area = width * height;
  if (![width, height].every((side) => Number.isInteger(side) && side > 0)) {
    throw new OtxError(
      'usage',
      `an image of ${written(width)}x${written(height)}; width and height are whole numbers from 1`,
    );
  }
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw new OtxError(
      'usage',
      `an image with ${written(channels)} channels; 1 (gray), 3 (RGB) and 4 (RGBA) are known`,
    );
  }
  // Samples of other arrays would be cut to bytes, or taken byte by byte.
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    const found = (data as unknown)?.constructor?.name ?? written(data);
    throw new OtxError('usage', `the pixels are ${found}; expected a Uint8Array or Uint8ClampedArray`);
  }
  if (data.length !== area * channels) {
    throw new OtxError(
      'usage',
      `an image of ${width}x${height} with ${channels} channels has ${data.length} bytes, expected ${area * channels}`,
    );
  }
  if (channels === 3) {
    return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), width, height };
  }
  const rgb = new Uint8Array(3 * area);
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
  for (let from = 0, to = 0; to < rgb.length; from += channels, to += 3) {
    rgb[to] = data[from]!;
    rgb[to + 1] = data[from + green]!;
    rgb[to + 2] = data[from + blue]!;
  }
  return { data: rgb, width, height };
}
