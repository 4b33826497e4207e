/** @file The pictures that a segmenter takes: files, their bytes, or pixels. */

import { OtxError } from '../base/errors.js';
import { shown } from '../base/shown.js';
import { openPictureRows, openRowsOfBytes } from '../data/images/picture-rows.js';
import { type RawImage, rgbOf } from '../data/images/raw-image.js';
import { type PictureRows, rowsOf } from '../data/images/rows.js';
import type { ImageReading } from '../data/types.js';

/** The path of a picture file, the bytes of one, or pixels. */
export type ImageSource = string | Uint8Array | RawImage;

/** The words for a picture without a path. */
const UNNAMED = 'the image';

/** HWC RGB of any source, row by row. @param reading of files, as the model learned from them. @throws OtxError `image` when it cannot be decoded, `usage` for pixels that do not fit their size */
export async function openPicture(source: ImageSource, reading?: ImageReading): Promise<PictureRows> {
  if (source instanceof Uint8Array) return openRowsOfBytes(source, UNNAMED, reading);
  if (typeof source === 'string' && source !== '' && !source.includes('\0')) {
    return openPictureRows(source, reading);
  }
  if (typeof source === 'object' && source !== null && 'data' in source) return rowsOf(rgbOf(source));
  throw new OtxError(
    'usage',
    `the image is ${shown(source)}; expected the path of a picture file, its bytes as a Uint8Array, or ` +
      '{ data, width, height, channels }',
  );
}
