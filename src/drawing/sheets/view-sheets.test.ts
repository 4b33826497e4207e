import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { PIXEL_MEAN, PIXEL_STD } from '../../data/index.js';
import { defaultPalette } from '../../data/masks/palette.js';
import type { RgbImage } from '../overlay.js';
import { drawPseudoMasks, drawViews } from './view-sheets.js';

const pixel = ({ data, width }: RgbImage, x: number, y: number) =>
  Array.from(data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3));
const blended = (color: readonly number[], share: number) =>
  color.map((value) => Math.round(255 + (value - 255) * share));

test('views stand side by side, each position in the colour of its region', async () => {
  const [side, cells] = [64, 2];
  const area = side * side;
  // White, normalised.
  const images = Float32Array.from({ length: 4 * 3 * area }, (_, i) => {
    const channel = Math.floor(i / area) % 3;
    return (255 - PIXEL_MEAN[channel]!) / PIXEL_STD[channel]!;
  });
  // First views of a and b, then second views: one region each, but the last.
  const regions = new Uint8Array(4 * cells * cells).fill(0, 0, 4).fill(1, 4, 8).fill(0, 8, 12).fill(1, 12);
  regions[15] = 2;
  const sheet = await drawViews({ images, regions }, ['a', 'b']);
  expect(sheet.width).toBe(4 * 320 + 5 * 8);
  const color = (id: number) => blended(defaultPalette(id + 2)[id + 1]!, 0.45);
  const at = (column: number, y: number) => pixel(sheet, 8 + column * 328 + 250, y);
  const [top, bottom] = [100, sheet.height - 40];
  expect([0, 1, 2, 3].map((column) => at(column, top))).toEqual([color(0), color(0), color(1), color(1)]);
  expect(at(3, bottom)).toEqual(color(2));

  const named = await drawViews(
    { images, regions },
    ['a', 'b'],
    [
      { name: 'background', color: [0, 0, 0] },
      { name: 'red', color: [200, 0, 0] },
      { name: 'blue', color: [0, 0, 200] },
    ],
  );
  expect(pixel(named, 8 + 2 * 328 + 250, top)).toEqual(blended([200, 0, 0], 0.45));
  expect(named.height).toBeGreaterThan(sheet.height);
});

test('photographs of different sizes stand beside their segments', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'otx-segments-'));
  try {
    const files = await Promise.all(
      [
        { width: 80, height: 40 },
        { width: 40, height: 80 },
      ].map(async ({ width, height }, i) => {
        const imagePath = join(folder, `${i}.png`);
        const half = { create: { width: width / 2, height, channels: 3 as const, background: 'white' } };
        await sharp({ create: { width, height, channels: 3, background: 'black' } })
          .composite([{ input: await sharp(half).png().toBuffer(), left: 0, top: 0 }])
          .toFile(imagePath);
        return { id: `${i}.png`, imagePath, maskPath: join(folder, 'none.png') };
      }),
    );
    const sheet = await drawPseudoMasks(files);
    expect(sheet.width).toBe(4 * 320 + 5 * 8);
    const color = (id: number) => blended(defaultPalette(id + 2)[id + 1]!, 0.45);
    // The left half of the first picture is white, and its segment the first.
    const middle = Math.round(sheet.height / 2);
    expect(pixel(sheet, 8 + 80, middle)).toEqual([255, 255, 255]);
    expect(pixel(sheet, 8 + 328 + 80, middle)).toEqual(color(0));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
