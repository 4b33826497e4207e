/** @file Decodes any photograph to 8-bit RGB. */

import { messageOf } from '../../base/errors.js';
import type { DecodedImage } from '../types.js';
import { decoder, readBytes, readHeader, unreadable } from './decoder.js';
import { imageFormat } from './image-format.js';
import type { FailOnOptions } from './sharp.js';

/**
 * Reads an image of any size, channel count and depth as HWC RGB: gray is replicated, alpha dropped, 16 bit reduced to
 * the high byte, CMYK converted, EXIF orientation applied.
 *
 * A file with a harmless defect (e.g. stray bytes between JPEG segments) is decoded and carries a `warning`.
 * @throws OtxError `image` naming the file when it is missing, no image, or truncated.
 */
export async function readImage(path: string): Promise<DecodedImage> {
  return decodeImage(await readBytes(path), path);
}

/** The same for the bytes of a file. @param name of the picture, for messages. @throws OtxError `image` */
export async function decodeImage(bytes: Uint8Array, name: string): Promise<DecodedImage> {
  try {
    // The other formats can hold nothing that is not decoded as it is meant.
    if (imageFormat(bytes) === 'TIFF') await readHeader(bytes);
  } catch (error) {
    throw unreadable(name, error);
  }
  try {
    return await decodeRgb(bytes, 'warning');
  } catch (strict) {
    try {
      return {
        ...(await decodeRgb(bytes, 'error')),
        warning: `${name}: ${messageOf(strict).trim().split('\n')[0]}`,
      };
    } catch (error) {
      throw unreadable(name, error);
    }
  }
}

async function decodeRgb(bytes: Uint8Array, failOn: FailOnOptions): Promise<DecodedImage> {
  const { data, info } = await decoder(bytes, failOn)
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return {
    data: new Uint8Array(data.buffer, data.byteOffset, data.length),
    width: info.width,
    height: info.height,
  };
}
