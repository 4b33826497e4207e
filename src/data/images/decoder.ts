/** @file The one gate through which picture files are opened: what is no photograph by its first bytes is not decoded at all. */
import { messageOf, OtxError } from '../../base/errors.js';
import { MOST_BYTES, openRegular, readRegular, Unreadable, whyUnreadable } from '../../base/read-file.js';
import type { Window } from '../transforms/geometry.js';
import type { DecodedImage } from '../types.js';
import { describeOther, FORMAT_LIST, HEAD_BYTES, type ImageFormat, imageFormat } from './image-format.js';
import { scientificDirectory } from './numbers.js';
import sharp, { type FailOnOptions, type Sharp } from './sharp.js';
import type { TiffDirectory } from './tiff/directory.js';
import { UnknownTiff } from './tiff/samples.js';

/** Most pixels of a picture that is decoded: 16383 x 16383. A file of a few bytes can claim any number of them. */
export const MAX_PIXELS = 0x3fff ** 2;
const LIMIT = `at most ${Math.floor(MAX_PIXELS / 1e6)} million are; cut it into pieces or save it smaller`;

/**
 * A decoding pipeline with EXIF orientation applied and colour profiles ignored, as OpenCV does and thus as the
 * reference's published weights were trained. Of a file with several pages or frames the first is decoded.
 * @param bytes of a file that was read with {@link readBytes}.
 */
export function decoder(bytes: Uint8Array, failOn: FailOnOptions): Sharp {
  requireImage(bytes);
  return sharp(bytes, { failOn, ignoreIcc: true, limitInputPixels: MAX_PIXELS }).autoOrient().removeAlpha();
}

/** The pixels of a pipeline as HWC RGB. */
export async function decodeRgb(pipeline: Sharp): Promise<DecodedImage> {
  const { data, info } = await pipeline
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), width, height };
}

/** A part of a large picture, HWC RGB. @throws OtxError `image` */
export async function readWindow(
  bytes: Uint8Array,
  name: string,
  { left, top, width, height }: Window,
): Promise<Uint8Array> {
  requireImage(bytes);
  try {
    const options = { failOn: 'error', ignoreIcc: true, limitInputPixels: MAX_PIXELS } as const;
    // Where a format has its pixels in parts, only those that are needed are read.
    const whole = sharp(bytes, { ...options, sequentialRead: imageFormat(bytes) !== 'TIFF' });
    return (await decodeRgb(whole.extract({ left, top, width, height }).removeAlpha())).data;
  } catch (error) {
    throw unreadable(name, error);
  }
}

/** A picture made smaller while it is decoded, to look at. @throws OtxError `image` */
export async function previewOf(bytes: Uint8Array, name: string, side: number): Promise<DecodedImage> {
  try {
    return await decodeRgb(decoder(bytes, 'error').resize(side, side, { fit: 'inside' }));
  } catch (error) {
    throw unreadable(name, error);
  }
}

/** The opacities of a picture that has them, 8 bits each. */
export function alphaDecoder(bytes: Uint8Array): Sharp {
  requireImage(bytes);
  return sharp(bytes, { failOn: 'error', ignoreIcc: true, limitInputPixels: MAX_PIXELS })
    .autoOrient()
    .extractChannel('alpha');
}

/** What stands in the head of a file that was read with {@link readBytes}. */
export async function readHeader(bytes: Uint8Array): Promise<Header> {
  return headerOf(requireImage(bytes), bytes);
}

/** Reads a whole file. @throws OtxError `image` when it is missing, unreadable or empty. */
export async function readBytes(path: string): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readRegular(path, MOST_BYTES.image);
  } catch (error) {
    throw unreadable(path, error);
  }
  if (bytes.length === 0) throw new OtxError('image', `${path} is an empty file`);
  return bytes;
}

/** Width and height after EXIF orientation, from the header alone. @throws OtxError `image`. */
export async function readImageSize(path: string): Promise<{ width: number; height: number }> {
  try {
    return (await headerOf(requireImage(await readHead(path)), path)).upright;
  } catch (error) {
    // libvips says "missing" for anything it cannot open; reading the bytes finds the reason.
    const directory = scientificTiff(await readBytes(path));
    if (!directory) throw unreadable(path, error);
    return uprightSize(path, directory);
  }
}

/** EXIF orientation, 1 to 8; 1 for a file that cannot be read. */
export async function readOrientation(path: string): Promise<number> {
  return readHead(path)
    .then(async (head) => (await headerOf(requireImage(head), path)).orientation)
    .catch(() => 1);
}

/** Of a TIFF that libvips makes no picture of. */
function uprightSize(path: string, { width, height, orientation }: TiffDirectory) {
  if (width * height > MAX_PIXELS) throw unreadable(path, tooLarge(width, height));
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}

const tooLarge = (width: number, height: number) =>
  new NotDecodable(`its ${width}x${height} pixels are more than are read; ${LIMIT}`);

/** What a picture is without being decoded as one; undefined for all that is decoded as a photograph. */
export function scientificTiff(bytes: Buffer): TiffDirectory | undefined {
  if (imageFormat(bytes) !== 'TIFF') return undefined;
  const directory = scientificDirectory(bytes);
  if (directory && directory.width * directory.height > MAX_PIXELS) {
    throw tooLarge(directory.width, directory.height);
  }
  return directory;
}

interface Header {
  readonly format: ImageFormat;
  /** libvips names of the colour space and of the type of a sample. */
  readonly space: string;
  readonly depth: string;
  /** Pictures in the file. */
  readonly pages: number;
  /** EXIF orientation, 1 to 8; 1 where the file says nothing. */
  readonly orientation: number;
  readonly hasAlpha: boolean;
  /** After EXIF orientation. */
  readonly upright: { readonly width: number; readonly height: number };
}

/** @throws NotDecodable for a picture of more pixels than are decoded, or with samples or bands that would lose their meaning. */
async function headerOf(format: ImageFormat, input: Uint8Array | string): Promise<Header> {
  const {
    width,
    height,
    space,
    depth,
    channels,
    pages = 1,
    orientation = 1,
    hasAlpha,
    autoOrient,
  } = await sharp(input, {
    limitInputPixels: false,
  }).metadata();
  if (width * height > MAX_PIXELS) {
    throw tooLarge(width, height);
  }
  if (depth !== 'uchar' && depth !== 'ushort') {
    throw new NotDecodable(
      `it has ${depth} samples; save an image with 8 or 16 bits, scaled to their range, and a mask with the numbers of its ` +
        'classes as they are and 255 for pixels to ignore',
    );
  }
  if (channels > 4 || (channels > 2 && (space === 'b-w' || space === 'grey16'))) {
    throw new NotDecodable(
      `it has ${channels} bands, none of which is known to be a colour; save three of them as RGB`,
    );
  }
  return { format, space, depth, pages, orientation, hasAlpha, upright: autoOrient };
}

async function readHead(path: string): Promise<Buffer> {
  const { handle } = await openRegular(path, MOST_BYTES.image);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Why a file is not decoded, without its name; {@link unreadable} adds it. */
export class NotDecodable extends Error {}

/** The format that the first bytes tell. @throws NotDecodable for any other. */
function requireImage(head: Uint8Array): ImageFormat {
  const format = imageFormat(head);
  if (format !== undefined) return format;
  const found = describeOther(head);
  throw new NotDecodable(`${found === undefined ? '' : `${found}, `}not ${FORMAT_LIST}`);
}

/** What Node puts in the place of bytes of a name that are no UTF-8. */
const REPLACEMENT = '\ufffd';

/** Puts a decoder's complaint into one line that names the file. */
export function unreadable(path: string, error: unknown): OtxError {
  const reason =
    error instanceof Unreadable
      ? error.isMissing && path.includes(REPLACEMENT)
        ? 'cannot be opened: its name is not UTF-8; rename it'
        : error.message
      : isOfSystem(error)
        ? whyUnreadable(error)
        : `cannot be read as an image (${plainReason(error)})`;
  return new OtxError('image', `${path} ${reason}`, { cause: error });
}

const isOfSystem = (error: unknown): boolean => error instanceof Error && 'syscall' in error;

function plainReason(error: unknown): string {
  const message = messageOf(error);
  if (error instanceof NotDecodable || error instanceof UnknownTiff) return message;
  if (message.includes('exceeds pixel limit')) return `it has more pixels than are read; ${LIMIT}`;
  const [detail] = message
    .replace(/^Input (file|buffer) has corrupt header: /, '')
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('source: '));
  // The first bytes were those of a picture, so that what does not fit to them comes later. What libvips has to say about
  // a failure gets lost now and then when several threads decode.
  if (!detail || /unsupported image format|Unknown error/.test(detail)) return 'truncated or damaged';
  return `truncated or damaged: ${detail}`;
}
