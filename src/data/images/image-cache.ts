/**
 * @file Copies of training images in a form of one's choice, kept on disk between runs: for data sets on slow drives or in
 * formats that take long to decode. The data set itself is not touched.
 */

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { outputError, writeFileAtomic } from '../../base/atomic.js';
import { makeFolder } from '../../base/make-folder.js';
import type { DecodedImage, ImageReading } from '../types.js';
import { readBytes, unreadable } from './decoder.js';
import { readImage } from './read-image.js';
import sharp, { type Sharp } from './sharp.js';

/** How a copy is made; JPEG with the quality that is named. */
const encoders = {
  'JPEG/75': { extension: '.jpg', encode: (image: Sharp) => image.jpeg({ quality: 75 }) },
  'JPEG/95': { extension: '.jpg', encode: (image: Sharp) => image.jpeg({ quality: 95 }) },
  PNG: { extension: '.png', encode: (image: Sharp) => image.png() },
  TIFF: { extension: '.tiff', encode: (image: Sharp) => image.tiff({ compression: 'none' }) },
} as const;

/** `NONE` keeps no copies, `AS-IS` the bytes as they are. */
export const STORAGE_SCHEMES = ['NONE', 'AS-IS', 'JPEG/75', 'JPEG/95', 'PNG', 'TIFF'] as const;
export type StorageScheme = (typeof STORAGE_SCHEMES)[number];

export interface ImageCache {
  readonly scheme: Exclude<StorageScheme, 'NONE'>;
  /** Absolute; made when it does not exist. */
  readonly folder: string;
}

/**
 * The copy of an image, which is made now if there is none yet, or if the image has been changed since. What is read is
 * always the copy, also the first time, so that the pixels of a JPEG do not depend on what was there before.
 *
 * @throws OtxError `image` as `readImage` for the original, `output` when the copy cannot be written.
 */
export async function readCachedImage(
  path: string,
  cache: ImageCache,
  reading?: ImageReading,
): Promise<DecodedImage> {
  const copy = await placeOf(path, cache, reading);
  // Other copies are what the reading has made of the image.
  const read = (file: string) => readImage(file, cache.scheme === 'AS-IS' ? reading : undefined);
  const kept = await read(copy).catch(() => undefined);
  if (kept) return kept;
  const bytes = await encoded(path, cache, reading);
  await makeFolder(cache.folder).catch((error: unknown) => {
    throw outputError(cache.folder, error);
  });
  await writeFileAtomic(copy, bytes);
  return read(copy);
}

/** Named after all that tells one state of one image from others. */
async function placeOf(
  path: string,
  { scheme, folder }: ImageCache,
  reading: ImageReading | undefined,
): Promise<string> {
  const { size, mtimeMs } = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  const state = JSON.stringify([scheme, resolve(path), size, mtimeMs, ...(reading ? [reading] : [])]);
  const extension = scheme === 'AS-IS' ? extname(path) : encoders[scheme].extension;
  return join(folder, createHash('sha256').update(state).digest('hex').slice(0, 32) + extension);
}

async function encoded(
  path: string,
  { scheme }: ImageCache,
  reading: ImageReading | undefined,
): Promise<Uint8Array> {
  const { data, width, height } = await readImage(path, reading);
  if (scheme === 'AS-IS') return readBytes(path);
  return encoders[scheme].encode(sharp(data, { raw: { width, height, channels: 3 } })).toBuffer();
}
