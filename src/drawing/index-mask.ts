/** @file Masks that predictions are written as: PNGs whose samples are class indices, which viewers show in the classes' colours. */

import { readBytes } from '../data/images/decoder.js';
import sharp from '../data/images/sharp.js';
import { grayToPalette, paletteToGray } from '../data/masks/png.js';
import type { Size } from '../data/transforms/geometry.js';
import type { PaintedClass } from './overlay.js';

/** The bytes of the PNG. @param labels class index of each pixel, row by row. */
export async function encodeIndexMask(
  labels: Uint8Array,
  { width, height }: Size,
  classes: readonly PaintedClass[],
): Promise<Uint8Array> {
  const gray = await sharp(labels, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
  return grayToPalette(
    gray,
    classes.map(({ color }) => color),
  );
}

/** The indices of a file that {@link encodeIndexMask} has written. @throws OtxError `image` when it cannot be read. */
export async function readIndexMask(path: string): Promise<Uint8Array> {
  const pixels = await sharp(paletteToGray(await readBytes(path)))
    .toColourspace('b-w')
    .raw()
    .toBuffer();
  return new Uint8Array(pixels);
}
