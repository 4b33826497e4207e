/** @file Rows of a picture file, which is decoded as a whole only where that takes little memory. */

import type { ImageReading } from '../types.js';
import { readBytes, readHeader, readWindow } from './decoder.js';
import { decodeImage } from './read-image.js';
import { type PictureRows, rowsOf } from './rows.js';

/** Pictures of more pixels are decoded in parts where their format allows it: 192 MB. */
export const MOST_AT_ONCE = 64e6;

/**
 * Opens a picture file of any size that is read.
 *
 * @throws OtxError `image` as {@link readImage}.
 */
export async function openPictureRows(path: string, reading?: ImageReading): Promise<PictureRows> {
  return openRowsOfBytes(await readBytes(path), path, reading);
}

/** The same for the bytes of a file. @param name of the picture, for messages. @param mostAtOnce pixels */
export async function openRowsOfBytes(
  bytes: Uint8Array,
  name: string,
  reading?: ImageReading,
  mostAtOnce = MOST_AT_ONCE,
): Promise<PictureRows> {
  const size = await partlyDecodable(bytes, reading, mostAtOnce);
  if (!size) return rowsOf(await decodeImage(bytes, name, reading));
  return {
    ...size,
    whole: undefined,
    warning: undefined,
    rows: (first, count) =>
      readWindow(bytes, name, { left: 0, top: first, width: size.width, height: count }),
    window: (window) => readWindow(bytes, name, window),
  };
}

/** Size of a photograph that is too large to be decoded at once, and that can be decoded in parts. */
async function partlyDecodable(bytes: Uint8Array, reading: ImageReading | undefined, mostAtOnce: number) {
  if (reading?.bands || reading?.range) return undefined;
  const header = await readHeader(bytes).catch(() => undefined);
  if (header?.depth !== 'uchar' || header.orientation > 1) return undefined;
  const { width, height } = header.upright;
  return width * height > mostAtOnce ? { width, height } : undefined;
}
