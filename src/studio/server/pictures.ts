/** @file Pictures and masks for pages: small ones for the grid, which are kept, and whole ones to draw on. */

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodeImage,
  encodePicture,
  type LabelMask,
  previewImage,
  readImage,
  type Size,
  sizeOfImage,
} from '../../data-api.js';
import { cacheFolder, createTurns, makeFolder, readRegular, writeFileAtomic } from '../../files-api.js';
import { OtxError } from '../../index.js';
import { type Entry, labelsOf } from './catalog.js';
import type { Inside } from './inside.js';

/** Longest side of a small picture, in pixels. */
export const THUMBNAIL_SIDE = 224;
/** Pixels of a picture that pages draw on. */
export const MOST_DRAWN = 25_000_000;
const MOST_THUMBNAIL_BYTES = 2 ** 20;
const VERSION = 1;
/** Keeps what is drawn along. */
const DRAWN = { format: 'jpeg', quality: 95 } as const;

/** One after the other as far as memory goes; others wait. */
const takeTurn = createTurns(2);

/** A picture of at most {@link THUMBNAIL_SIDE} pixels a side, as WebP. @throws OtxError `image`, `usage` */
export async function thumbnailOf(entry: Entry, inside: Inside): Promise<Uint8Array> {
  const path = await inside.check(entry.imagePath);
  const { size, mtimeMs } = await stat(path);
  const state = JSON.stringify([VERSION, THUMBNAIL_SIDE, path, size, mtimeMs, entry.reading ?? null]);
  const name = createHash('sha256').update(state).digest('hex').slice(0, 32);
  const folder = join(cacheFolder(), 'studio', name.slice(0, 2));
  const kept = await readRegular(join(folder, `${name}.webp`), MOST_THUMBNAIL_BYTES).catch(() => undefined);
  if (kept) return kept;
  return takeTurn(async () => {
    const bytes = await smallPicture(path, entry);
    // A cache that cannot be written costs time alone.
    await makeFolder(folder)
      .then(() => writeFileAtomic(join(folder, `${name}.webp`), bytes))
      .catch(() => undefined);
    return bytes;
  });
}

async function smallPicture(path: string, { reading }: Entry): Promise<Uint8Array> {
  const picture = await previewImage(path, THUMBNAIL_SIDE, reading);
  return encodePicture(picture, { format: 'webp', quality: 78, longestSide: THUMBNAIL_SIDE });
}

/** The picture as it is drawn on, as JPEG that keeps its colours at full size. @throws OtxError `image`, `usage` */
export async function pictureOf(entry: Entry, inside: Inside): Promise<Uint8Array> {
  const path = await inside.check(entry.imagePath);
  checkDrawn(entry);
  return takeTurn(async () => encodePicture(await readImage(path, entry.reading), DRAWN));
}

/** The same of a file that was sent. @param name for messages. @throws OtxError `image`, `usage` */
export async function pictureOfBytes(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  await sizeOfBytes(bytes, name);
  return takeTurn(async () => {
    const picture = await decodeImage(bytes, name);
    checkDrawn({ imagePath: name, ...picture });
    return encodePicture(picture, DRAWN);
  });
}

/** The size of a picture that was sent. @param name for messages. @throws OtxError `image`, `usage` for one that no page can hold */
export async function sizeOfBytes(bytes: Uint8Array, name: string): Promise<Size> {
  const size = await takeTurn(() => sizeOfImage(bytes, name));
  checkDrawn({ imagePath: name, ...size });
  return size;
}

/** The labels, a byte a pixel. @throws OtxError `image`, `usage` */
export async function wholeLabelsOf(entry: Entry, inside: Inside): Promise<Uint8Array> {
  await inside.check(entry.own ?? entry.source?.sample.maskPath ?? entry.imagePath);
  checkDrawn(entry);
  return takeTurn(async () => (await labelsOf(entry)).data);
}

/** @throws OtxError `usage` for a picture that no page can hold. */
export function checkDrawn({
  imagePath,
  width,
  height,
}: Pick<Entry, 'imagePath' | 'width' | 'height'>): void {
  if (width * height <= MOST_DRAWN) return;
  throw new OtxError(
    'usage',
    `${imagePath}: ${width}x${height} pixels are more than pages draw on (${MOST_DRAWN / 1e6} million); cut it into pieces`,
  );
}

/**
 * The labels at the size of the small picture, in colours and with the background left out, as PNG; remembers which classes there are.
 *
 * @throws OtxError `image`, `usage`
 */
export async function smallMaskOf(
  entry: Entry,
  colors: readonly (readonly [number, number, number])[],
  inside: Inside,
): Promise<Uint8Array> {
  await inside.check(entry.own ?? entry.source?.sample.maskPath ?? entry.imagePath);
  return takeTurn(async () => {
    const labels = await labelsOf(entry);
    entry.shows = classesIn(labels.data);
    return paintSmall(labels, colors);
  });
}

/** Labels at the size of the small picture, in colours and with the background left out, as PNG. */
export function paintSmall(
  { data, width, height }: LabelMask,
  colors: readonly (readonly [number, number, number])[],
): Promise<Uint8Array> {
  const scale = Math.min(1, THUMBNAIL_SIDE / Math.max(width, height));
  const [columns, rows] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const rgba = new Uint8Array(columns * rows * 4);
  for (let y = 0, at = 0; y < rows; y++) {
    const row = Math.floor(((y + 0.5) * height) / rows) * width;
    for (let x = 0; x < columns; x++, at += 4) {
      const label = data[row + Math.floor(((x + 0.5) * width) / columns)]!;
      if (label === 0) continue;
      const [red, green, blue] = colors[label] ?? [255, 255, 255];
      rgba.set([red, green, blue, 255], at);
    }
  }
  return encodePicture({ data: rgba, width: columns, height: rows }, { format: 'png' });
}

/** Indices of the classes that occur, in ascending order. */
export function classesIn(labels: Uint8Array): number[] {
  const seen = new Uint8Array(256);
  for (const label of labels) seen[label] = 1;
  return [...seen.keys()].filter((label) => seen[label] === 1);
}

/** Looks at the labels of an image for the classes that it shows, where that is not known. Never throws. */
export async function lookAtClasses(entry: Entry): Promise<void> {
  if (entry.shows) return;
  await takeTurn(async () => {
    entry.shows = await labelsOf(entry).then(
      ({ data }) => classesIn(data),
      () => [],
    );
  });
}
