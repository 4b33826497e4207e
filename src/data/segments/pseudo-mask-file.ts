/**
 * @file A pseudo mask as a file: a gray PNG of segment ids that says how, and from what image, it was made. So a mask that
 * lies about its image (the image was replaced, other settings) is found out, and the folder needs no list beside it.
 */
import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { decoder, readBytes, readImageSize, unreadable } from '../decoder.js';
import { readPngHead, readPngText, withPngText } from '../png.js';
import type { Size } from '../transforms/geometry.js';
import type { LabelMask } from '../types.js';
import type { SegmentationSettings } from './felzenszwalb.js';

/** Keyword of the PNG text chunk. */
const KEYWORD = 'otx:pseudo-mask';

/** How a mask was made, in one line: algorithm, settings, and the bytes of the image file. */
export function describeOrigin(image: Uint8Array, { scale, sigma, minSize }: SegmentationSettings): string {
  const digest = createHash('sha256').update(image).digest('hex');
  return `felzenszwalb scale=${scale} sigma=${sigma} min_size=${minSize} image=${digest}`;
}

/** The bytes of a pseudo mask. @param ids segment of each pixel; only its last 8 bits are kept, as in the reference. */
export async function encodePseudoMask(
  ids: Int32Array,
  { width, height }: Size,
  origin: string,
): Promise<Buffer> {
  const png = await sharp(Uint8Array.from(ids), { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
  return withPngText(png, KEYWORD, origin);
}

/**
 * Whether the file is a whole pseudo mask for an image: one of that origin, or one from elsewhere (the reference, a person),
 * which says nothing of its origin but is gray and has the size. False as well for a file that is missing or damaged.
 */
export async function fitsImage(path: string, imagePath: string, origin: string): Promise<boolean> {
  try {
    const bytes = await readBytes(path);
    const found = readPngText(bytes, KEYWORD);
    if (found !== undefined && found !== origin) return false;
    if (!readPngHead(bytes)?.gray) return false;
    const [mask, size] = await Promise.all([readPseudoMask(path), readImageSize(imagePath)]);
    return mask.width === size.width && mask.height === size.height;
  } catch {
    return false;
  }
}

/** Segment ids modulo 256, HW. @throws OtxError `image` when the file is missing or damaged. */
export async function readPseudoMask(path: string): Promise<LabelMask> {
  const bytes = await readBytes(path);
  try {
    const { data, info } = await decoder(bytes, 'error')
      .toColourspace('b-w')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const ids = new Uint8Array(data.buffer, data.byteOffset, data.length);
    return { data: ids, width: info.width, height: info.height };
  } catch (error) {
    throw unreadable(path, error);
  }
}
