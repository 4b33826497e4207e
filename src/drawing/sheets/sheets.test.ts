import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import type { ClassInfo } from '../../data/index.js';
import { PIXEL_MEAN, PIXEL_STD } from '../../data/index.js';
import { drawPredictions, drawTrainBatch, reducePrediction } from './sheets.js';

const CLASSES: ClassInfo[] = [
  { name: 'background', color: [0, 0, 0] },
  { name: 'red', color: [200, 0, 0] },
];

test('a training batch is shown in its own colours, with the classes over it', async () => {
  const side = 64;
  const area = side * side;
  const images = new Float32Array(2 * 3 * area);
  // White, normalised.
  for (let i = 0; i < images.length; i++) {
    const channel = Math.floor(i / area) % 3;
    images[i] = (255 - PIXEL_MEAN[channel]!) / PIXEL_STD[channel]!;
  }
  const labels = new Uint8Array(2 * area).fill(255, 0, area).fill(1, area);
  const sheet = await drawTrainBatch({ inputs: { images, labels }, sampleIds: ['a', 'b'] }, CLASSES);
  // Two pictures of 64 x 5 pixels side by side; the first is ignored and stays white, the second is half red.
  const pixel = (x: number, y: number) =>
    Array.from(sheet.data.subarray(3 * (y * sheet.width + x), 3 * (y * sheet.width + x) + 3));
  expect(sheet.width).toBe(3 * 8 + 2 * 320);
  expect(pixel(100, 150)).toEqual([255, 255, 255]);
  expect(pixel(8 + 320 + 8 + 100, 150)).toEqual([228, 128, 128]);
});

test('predictions are reduced, scored and placed in one grid whatever their sizes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'otx-sheets-'));
  try {
    const pictures = await Promise.all(
      [
        { width: 1280, height: 640 },
        { width: 40, height: 80 },
      ].map(async ({ width, height }, index) => {
        const imagePath = join(folder, `${index}.png`);
        await sharp({ create: { width, height, channels: 3, background: 'white' } }).toFile(imagePath);
        const truth = new Uint8Array(width * height).fill(255);
        truth.fill(1, 0, truth.length / 2);
        const prediction = new Uint8Array(width * height);
        prediction.fill(1, 0, truth.length / 4);
        const sample = { id: `s${index}`, imagePath, maskPath: '', width, height };
        return reducePrediction({ sample, width, height, truth, prediction });
      }),
    );
    expect(pictures.map(({ width, height, accuracy }) => [width, height, accuracy])).toEqual([
      [320, 160, 0.5],
      [160, 320, 0.5],
    ]);
    expect(pictures[0]!.truth.length).toBe(320 * 160);
    const sheet = await drawPredictions(pictures, CLASSES);
    expect(sheet.width).toBe(4 * 8 + 3 * 320);
    expect(sheet.height).toBeGreaterThan(2 * 320);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
