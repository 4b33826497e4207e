/** @file Decodes any photograph to 8-bit RGB. */

import { messageOf } from '../../base/errors.js';
import type { Size } from '../transforms/geometry.js';
import type { DecodedImage, ImageReading } from '../types.js';
import { decodeRgb, decoder, previewOf, readBytes, readHeader, unreadable } from './decoder.js';
import { type NumberEvidence, pickRgb, readNumbers, rgbOfNumbers } from './number-image.js';
import type { FailOnOptions } from './sharp.js';

/**
 * Reads an image of any size, channel count and depth as HWC RGB: gray is replicated, alpha dropped, CMYK converted, EXIF
 * orientation applied. Samples of 16 bits, signed ones and floats are scaled by the range of the reading; without one 16 bits
 * are reduced to the high byte, or to the highest of the bits that are used, which a `warning` says.
 *
 * A file with a harmless defect (e.g. stray bytes between JPEG segments) is decoded and carries a `warning`.
 * @throws OtxError `image` naming the file when it is missing, no image, or truncated, and for bands and samples that need a
 * reading.
 */
export async function readImage(path: string, reading?: ImageReading): Promise<DecodedImage> {
  return decodeImage(await readBytes(path), path, reading);
}

/** The same for the bytes of a file. @param name of the picture, for messages. @throws OtxError `image` */
export async function decodeImage(
  bytes: Uint8Array,
  name: string,
  reading?: ImageReading,
): Promise<DecodedImage> {
  try {
    const image = await readNumbers(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), reading);
    const rgb = image && rgbOfNumbers(image, reading);
    if (rgb) {
      const { width, height } = image.numbers;
      return { data: rgb.data, width, height, ...(rgb.said ? { warning: `${name}: ${rgb.said}` } : {}) };
    }
  } catch (error) {
    throw unreadable(name, error);
  }
  return decodePhotograph(bytes, name, reading);
}

/**
 * A picture to look at, made smaller while it is decoded, which takes a fraction of the time; read as {@link readImage} does where it has
 * a reading of its own, or cannot be had otherwise.
 *
 * @param side longest side in pixels of what is shown; the picture may be larger.
 * @throws OtxError `image` as {@link readImage}
 */
export async function previewImage(
  path: string,
  side: number,
  reading?: ImageReading,
): Promise<DecodedImage> {
  if (reading) return readImage(path, reading);
  return previewOf(await readBytes(path), path, side).catch(() => readImage(path));
}

/**
 * Width and height of a picture in memory after EXIF orientation, from its header where that says it.
 *
 * @param name of the picture, for messages.
 * @throws OtxError `image` for what is no picture.
 */
export async function sizeOfImage(bytes: Uint8Array, name: string): Promise<Size> {
  const header = await readHeader(bytes).catch(() => undefined);
  // Of some pictures of numbers the decoder alone knows the size.
  const { width, height } = header?.upright ?? (await decodeImage(bytes, name));
  return { width, height };
}

/** An image that was decoded to be looked at. */
export interface LookedAt {
  readonly width: number;
  readonly height: number;
  readonly warning: string | undefined;
  /** HWC RGB where the image is a photograph. */
  readonly data: Uint8Array | undefined;
  /** Of an image whose samples are no bytes. */
  readonly numbers: NumberEvidence | undefined;
  /** EXIF orientation that was applied, 1 to 8. */
  readonly orientation: number;
}

/** Decodes an image in full without knowing the range of its samples. @throws OtxError `image` */
export async function lookAtImage(path: string, reading?: ImageReading): Promise<LookedAt> {
  const bytes = await readBytes(path);
  try {
    const image = await readNumbers(bytes, reading);
    if (image) {
      const { kind, bands, low, high, missing, numbers } = image;
      const { width, height } = numbers;
      return {
        width,
        height,
        warning: undefined,
        data: undefined,
        numbers: { kind, bands, low, high, missing },
        orientation: 1,
      };
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  const { warning, ...image } = await decodePhotograph(bytes, path, reading);
  const { orientation } = await readHeader(bytes);
  return { ...image, warning, numbers: undefined, orientation };
}

async function decodePhotograph(
  bytes: Uint8Array,
  name: string,
  reading: ImageReading | undefined,
): Promise<DecodedImage> {
  try {
    return await decodeBands(bytes, 'warning', reading);
  } catch (strict) {
    try {
      return {
        ...(await decodeBands(bytes, 'error', reading)),
        warning: `${name}: ${messageOf(strict).trim().split('\n')[0]}`,
      };
    } catch (error) {
      throw unreadable(name, error);
    }
  }
}

async function decodeBands(
  bytes: Uint8Array,
  failOn: FailOnOptions,
  reading: ImageReading | undefined,
): Promise<DecodedImage> {
  const image = await decodeRgb(decoder(bytes, failOn));
  if (!reading?.bands) return image;
  return { ...image, data: pickRgb(image.data, image.width, image.height, reading.bands) };
}
