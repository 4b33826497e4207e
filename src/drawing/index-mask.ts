/** @file Masks that predictions and drawn labels are written as: PNGs whose samples are class indices, which viewers show in the classes' colours. */

import { dirname } from 'node:path';
import { writeFileAtomic } from '../base/atomic.js';
import { makeFolder } from '../base/make-folder.js';
import { decoder, NotDecodable, readBytes, unreadable } from '../data/images/decoder.js';
import sharp from '../data/images/sharp.js';
import { grayToPalette, paletteToGray, readPngHead } from '../data/masks/png.js';
import type { Size } from '../data/transforms/geometry.js';
import type { LabelMask } from '../data/types.js';
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
export const readIndexMask = async (path: string): Promise<Uint8Array> => (await readMaskIndices(path)).data;

/** Values of a pixel. */
const VALUES = 256;

/**
 * Writes labels as a PNG whose samples are class indices, 255 being ignored, and which viewers show in the colours of the classes; all
 * tools of otx read it as a mask of the Common layout. The file is there whole or not at all, folders are made, a file in its place is
 * replaced. Each of the 256 values gets a colour, so that no reader takes the palette for a list of classes.
 *
 * @param labels class index of each pixel, row-major [height, width].
 * @throws OtxError `output` where it cannot be written; an earlier file is then as it was.
 */
export async function writeMask(
  path: string,
  labels: Uint8Array,
  size: Size,
  classes: readonly PaintedClass[],
): Promise<void> {
  const all = Array.from({ length: VALUES }, (_, index): PaintedClass => {
    const spare = [255, 255, 254 - (index % 2)] as const;
    return { name: classes[index]?.name ?? '', color: classes[index]?.color ?? spare };
  });
  const bytes = await encodeIndexMask(labels, size, all);
  await makeFolder(dirname(path));
  await writeFileAtomic(path, bytes);
}

/**
 * A mask whose samples are class indices: one that {@link writeMask}, `otx predict` or `otx suggest` has written, or any PNG of
 * 8 bits that is gray or has a palette. Masks that mean something else, such as colours, are read by {@link readLabels}.
 *
 * @throws OtxError `image` when it cannot be read.
 */
export async function readMaskIndices(path: string): Promise<LabelMask> {
  const bytes = await readBytes(path);
  try {
    const head = readPngHead(bytes);
    if (head?.depth !== 8 || !(head.gray || head.palette)) {
      throw new NotDecodable('no PNG of one channel of 8 bits, as masks of class indices are');
    }
    const { data, info } = await decoder(paletteToGray(bytes), 'error')
      .toColourspace('b-w')
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { data: new Uint8Array(data), width: info.width, height: info.height };
  } catch (error) {
    throw unreadable(path, error);
  }
}
