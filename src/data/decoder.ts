/** @file The one place that configures sharp (libvips), the image decoder. */
import { readFile } from 'node:fs/promises';
import sharp, { type FailOnOptions, type Sharp } from 'sharp';
import { messageOf, OtxError } from '../base/errors.js';

// Parallelism comes from decoding many files at once; a cache could serve a file that has been rewritten since.
sharp.concurrency(1);
sharp.cache(false);

/**
 * A decoding pipeline with EXIF orientation applied and colour profiles ignored, as OpenCV does and thus as the
 * reference's published weights were trained.
 */
export function decoder(bytes: Uint8Array, failOn: FailOnOptions): Sharp {
  return sharp(bytes, { failOn, ignoreIcc: true }).autoOrient().removeAlpha();
}

/** Reads a whole file. @throws OtxError `image` when it is missing, unreadable or empty. */
export async function readBytes(path: string): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  if (bytes.length === 0) throw new OtxError('image', `${path} is an empty file`);
  return bytes;
}

/** Width and height after EXIF orientation, from the header alone. @throws OtxError `image`. */
export async function readImageSize(path: string): Promise<{ width: number; height: number }> {
  try {
    return (await sharp(path).metadata()).autoOrient;
  } catch (error) {
    // libvips says "missing" for anything it cannot open; reading the bytes finds the reason.
    await readBytes(path);
    throw unreadable(path, error);
  }
}

/** Puts a decoder's complaint into one line that names the file. */
export function unreadable(path: string, error: unknown): OtxError {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const reason =
    code === 'ENOENT'
      ? 'does not exist'
      : code === 'EACCES'
        ? 'may not be read (permission denied)'
        : `cannot be read as an image (${plainReason(messageOf(error))})`;
  return new OtxError('image', `${path} ${reason}`, { cause: error });
}

function plainReason(message: string): string {
  if (message.includes('unsupported image format')) {
    return 'not JPEG, PNG, WebP, TIFF, GIF or AVIF';
  }
  // What libvips has to say about a failure gets lost now and then when several threads decode.
  if (message.includes('Unknown error')) return 'truncated or damaged';
  if (/premature end|libpng read error/.test(message)) return `truncated or damaged: ${firstLine(message)}`;
  return firstLine(message);
}

const firstLine = (text: string) => text.trim().split('\n')[0] ?? text;
