/**
 * @file A pseudo mask as a file: a gray PNG of segment ids that says how, and from what image, it was made. So a mask that
 * lies about its image (the image was replaced, other settings) is found out, and the folder needs no list beside it.
 */
import { createHash } from 'node:crypto';
import { decoder, readBytes, readImageSize } from '../images/decoder.js';
import sharp from '../images/sharp.js';
import { readPngHead, readPngText, withPngText } from '../masks/png.js';
import type { Size } from '../transforms/geometry.js';
import type { ImageReading, LabelMask } from '../types.js';
import type { SegmentationSettings } from './felzenszwalb.js';

/** Keyword of the PNG text chunk. */
const KEYWORD = 'otx:pseudo-mask';

/** How a mask was made, in one line: algorithm, settings, the bytes of the image file, and how these were read. */
export function describeOrigin(
  image: Uint8Array,
  { scale, sigma, minSize }: SegmentationSettings,
  { range, bands }: ImageReading = {},
): string {
  const digest = createHash('sha256').update(image).digest('hex');
  const read = [range ? ` range=${range.join('..')}` : '', bands ? ` bands=${bands.join(',')}` : ''];
  return `felzenszwalb scale=${scale} sigma=${sigma} min_size=${minSize} image=${digest}${read.join('')}`;
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
 * The pseudo mask in a file, if it is a whole one for an image: one of that origin, or one from elsewhere (the reference, a
 * person), which says nothing of its origin but is gray and has the size. Undefined as well for a file that is missing or
 * damaged. The file is read once, since another training may put its own mask in its place at any moment.
 */
export async function readFittingMask(
  path: string,
  imagePath: string,
  origin: string,
): Promise<LabelMask | undefined> {
  try {
    const bytes = await readBytes(path);
    const found = readPngText(bytes, KEYWORD);
    if (found !== undefined && found !== origin) return undefined;
    const head = readPngHead(bytes);
    if (!head?.gray) return undefined;
    const [mask, size] = await Promise.all([decodeIds(bytes, head.depth), readImageSize(imagePath)]);
    return mask.width === size.width && mask.height === size.height ? mask : undefined;
  } catch {
    return undefined;
  }
}

/** Segment ids modulo 256, HW; 16 bits may hold more. */
async function decodeIds(bytes: Buffer, depth: number): Promise<LabelMask> {
  const isDeep = depth === 16;
  const { data, info } = await decoder(bytes, 'error')
    .toColourspace(isDeep ? 'grey16' : 'b-w')
    .raw({ depth: isDeep ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const bytesOf = new Uint8Array(data.buffer, data.byteOffset, data.length);
  const ids = isDeep ? Uint8Array.from(new Uint16Array(bytesOf.slice().buffer)) : bytesOf;
  return { data: ids, width: info.width, height: info.height };
}
