import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SHAPES_CODING } from '../formats/label-table.js';
import { MOST_AT_ONCE } from '../images/picture-rows.js';
import { readImage } from '../images/read-image.js';
import { windowOf } from '../transforms/random-window.js';
import type { MaskCoding, Sample } from '../types.js';
import { readLargeWindow, readPictureWindow } from './large-window.js';
import { makeEvalItem, makeTrainBatch } from './tasks.js';

const [width, height] = [8200, 7900];
const tile = { width: 300, height: 200 };
const coding: MaskCoding = { ...SHAPES_CODING, values: [0, 1] };
let sample: Sample;
let folder: string;

/** Blocks of a thousand pixels in shades of their own, of which every second one is class 1. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-large-'));
  const cells = { width: 9, height: 8, channels: 1 } as const;
  const large = (values: number[]) =>
    sharp(Uint8Array.from(values), { raw: cells })
      .resize(width, height, { kernel: 'nearest', fit: 'fill' })
      .toColourspace('b-w');
  const shades = Array.from({ length: 72 }, (_, i) => 3 * i);
  sample = {
    ...{
      id: 'large',
      imagePath: join(folder, 'image.tif'),
      maskPath: join(folder, 'mask.png'),
      width,
      height,
    },
  } as Sample;
  await large(shades).tiff({ tile: true, compression: 'deflate' }).toFile(sample.imagePath);
  await large(shades.map((_, i) => i % 2))
    .png()
    .toFile(sample.maskPath);
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

test('the window of a large image is that of the whole', { timeout: 60_000 }, async () => {
  expect(width * height).toBeGreaterThan(MOST_AT_ONCE);
  const whole = await readImage(sample.imagePath);
  const mask = new Uint8Array(width * height);
  for (let i = 0; i < mask.length; i++) mask[i] = Math.floor(whole.data[3 * i]! / 3) % 2;
  for (const seed of ['1', '2', '3']) {
    const drawn = { tile, seed };
    const expected = windowOf({ image: whole.data, mask, width, height }, tile, seed);
    expect(await readLargeWindow(sample, coding, drawn)).toEqual(expected);
    const alone = await readPictureWindow(sample.imagePath, undefined, drawn);
    expect(alone).toEqual({ data: expected.image, ...tile });
  }
});

test('images that are looked at whole, and small ones, have no such window', async () => {
  expect(await readLargeWindow(sample, coding, { tile: undefined, seed: '1' })).toBeUndefined();
  const small = { ...sample, width: 640, height: 480 };
  expect(await readLargeWindow(small, coding, { tile, seed: '1' })).toBeUndefined();
});

test('training batches and what is scored do without the whole picture', { timeout: 60_000 }, async () => {
  const items = [{ sample, seed: '1', keep: false }];
  const task = { items, coding, cropSize: 64, augmentation: 'plain', tile } as const;
  const { images, labels, decoded } = await makeTrainBatch(task);
  expect(images.every(Number.isFinite)).toBe(true);
  expect(new Set(labels)).toEqual(new Set([...labels].filter((label) => [0, 1, 255].includes(label))));
  expect(decoded).toEqual([undefined]);
  const inputSize = { width: 64, height: 64 };
  const scored = await makeEvalItem({ sample, coding, inputSize, isTiled: true, keep: false });
  expect([scored.image, scored.picture, scored.mask.length]).toEqual([undefined, undefined, width * height]);
});
