import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { drawWorst } from './worst-sheet.js';

test('truth, prediction and wrong pixels stand side by side', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'otx-worst-'));
  try {
    const size = { width: 320, height: 320 };
    const imagePath = join(folder, 'white.png');
    await sharp({ create: { ...size, channels: 3, background: 'white' } }).toFile(imagePath);
    const area = size.width * size.height;
    // Rows from the top: ignored, wrong, right, right background.
    const truth = new Uint8Array(area).fill(255, 0, area / 4).fill(1, area / 4, (3 * area) / 4);
    const prediction = new Uint8Array(area).fill(1, 0, area / 4).fill(1, area / 2, (3 * area) / 4);
    const sample = { id: 'white', imagePath, maskPath: '', ...size };
    const sheet = await drawWorst(
      [{ sample, ...size, truth, prediction, mDice: 0.5, accuracy: 2 / 3 }],
      [
        { name: 'background', color: [0, 0, 0] },
        { name: 'green', color: [0, 200, 0] },
      ],
    );
    expect(sheet.width).toBe(4 * 8 + 3 * 320);
    const colors = [0, 1, 2].map((column) =>
      [40, 120, 200, 280].map((row) => {
        const at = 3 * ((2 * 13 + row) * sheet.width + 8 + column * 328 + 160);
        return Array.from(sheet.data.subarray(at, at + 3));
      }),
    );
    const white = [255, 255, 255];
    const green = [128, 228, 128];
    const wrong = [255, 102, 204];
    expect(colors).toEqual([
      [white, green, green, white],
      [green, white, green, white],
      [white, wrong, white, white],
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
