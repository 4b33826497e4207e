/** @file Pictures as the bytes of files that browsers and viewers show. */

import sharp from '../data/images/sharp.js';
import type { Size } from '../data/transforms/geometry.js';

/** Kinds of files. */
export type PictureFormat = 'jpeg' | 'png' | 'webp';

/** As what a picture is kept. */
export interface EncodeOptions {
  /** The kind of file: `png` keeps every pixel as it is. */
  readonly format: PictureFormat;
  /** Of `jpeg` and `webp`, 1 to 100. Default 90. */
  readonly quality?: number | undefined;
  /** Longest side in pixels; a larger picture is made smaller, its shape kept. Default: as large as it is. */
  readonly longestSide?: number | undefined;
}

const DEFAULT_QUALITY = 90;
/** Quick: what is made for a page is looked at once. */
const PNG_LEVEL = 3;

/**
 * The bytes of a file. JPEG keeps its colours at full size.
 *
 * @param picture 8 bits a sample, row-major: RGB [height, width, 3], or RGBA [height, width, 4], whose opacity JPEG drops.
 */
export function encodePicture(
  { data, width, height }: Size & { readonly data: Uint8Array },
  { format, quality = DEFAULT_QUALITY, longestSide }: EncodeOptions,
): Promise<Uint8Array> {
  const channels = data.length === 4 * width * height ? 4 : 3;
  let pipeline = sharp(data, { raw: { width, height, channels } });
  if (longestSide !== undefined) {
    pipeline = pipeline.resize(longestSide, longestSide, { fit: 'inside', withoutEnlargement: true });
  }
  if (format === 'jpeg') return pipeline.jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer();
  return (
    format === 'webp' ? pipeline.webp({ quality }) : pipeline.png({ compressionLevel: PNG_LEVEL })
  ).toBuffer();
}
