import { describe, expect, it } from 'vitest';
import { errorOf, soundDataset } from '../data/datasets/fixtures.cases.js';
import { openDataset } from '../data/datasets/open-dataset.js';
import { createTrainLoader } from '../data/loaders/train-loader.js';
import { imageOfPlanes } from '../data/transforms/normalize.js';
import { renderAugmentationSheet } from './augmentation-sheet.js';

const OPTIONS = { augmentation: 'documented', cropSize: 32, seed: 7 } as const;

describe('renderAugmentationSheet', () => {
  it('shows what training begins with, in its order, over its overlay', async () => {
    const dataset = await openDataset(await soundDataset(3));
    const sheet = await renderAugmentationSheet(dataset, { ...OPTIONS, count: 5, columns: 2 });
    expect(sheet.width).toBe(2 * 32 + 3 * 8);

    const loader = createTrainLoader(dataset, { ...OPTIONS, batchSize: 3, workers: 0 });
    const pictures: Uint8Array[] = [];
    for (const epoch of [0, 1]) {
      for await (const { inputs } of loader.epoch(epoch)) {
        const { images } = inputs;
        for (let n = 0; n < 3; n++)
          pictures.push(imageOfPlanes(images.subarray(n * 3072, (n + 1) * 3072), 32));
      }
    }
    const bar = 24;
    for (let n = 0; n < 5; n++) {
      const [left, top] = [8 + (n % 2) * 40, bar + Math.floor(n / 2) * (bar + 64)];
      for (let y = 0; y < 32; y++) {
        const at = 3 * ((top + y) * sheet.width + left);
        const row = pictures[n]!.subarray(96 * y, 96 * (y + 1));
        expect(sheet.data.subarray(at, at + 96)).toEqual(row);
        const below = at + 3 * 32 * sheet.width;
        if (y === 16) expect(sheet.data.subarray(below, below + 96)).not.toEqual(row);
      }
    }
  });

  it('reduces large crops', async () => {
    const dataset = await openDataset(await soundDataset(1));
    const sheet = await renderAugmentationSheet(dataset, { ...OPTIONS, cropSize: 512, count: 1 });
    expect(sheet.width).toBe(256 + 2 * 8);
  });

  it.each([
    [{ count: 0 }, 'count is 0'],
    [{ columns: 1.5 }, 'columns is 1.5'],
    [{ cropSize: -1 }, 'cropSize is -1'],
  ])('refuses %j', async (change, message) => {
    const dataset = await openDataset(await soundDataset(1));
    const error = await errorOf(renderAugmentationSheet(dataset, { ...OPTIONS, ...change }));
    expect(error).toMatchObject({ code: 'usage' });
    expect(error.message).toContain(message);
  });

  it('refuses a data set without samples instead of searching forever', async () => {
    const dataset = { ...(await openDataset(await soundDataset(1))), samples: [] };
    expect(await errorOf(renderAugmentationSheet(dataset, OPTIONS))).toMatchObject({ code: 'dataset' });
  });
});
