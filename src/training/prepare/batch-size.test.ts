import { describe, expect, test } from 'vitest';
import { type BatchSizeMode, fitBatchSize, scaleLearningRate } from './batch-size.js';

const GIB = 2 ** 30;

/** A step that needs 1 GiB and another half per image. */
async function choose(
  mode: BatchSizeMode,
  requested: number,
  availableGib: number,
  { images = 100, besides = 0 } = {},
) {
  const planned: number[] = [];
  const batchSize = await fitBatchSize({
    mode,
    requested,
    images,
    pixels: 512 * 512,
    besides,
    available: availableGib * GIB,
    plan: async (batch) => {
      planned.push(batch);
      return (1 + (batch + besides) / 2) * GIB;
    },
  });
  return { batchSize, planned };
}

describe('the batch size', () => {
  test('stays without a word', async () => {
    expect(await choose('None', 8, 1)).toEqual({ batchSize: 8, planned: [] });
  });

  test('Safe does not plan where memory is plenty, and does not enlarge', async () => {
    expect(await choose('Safe', 8, 64)).toEqual({ batchSize: 8, planned: [] });
    expect(await choose('Safe', 8, 20)).toEqual({ batchSize: 8, planned: [2, 4, 8] });
  });

  test('Safe reduces to an even size that fits into 82 % of the memory', async () => {
    // 0.82 · 5 = 4.1 GiB hold 1 + 6.2 / 2.
    expect((await choose('Safe', 8, 5)).batchSize).toBe(6);
    expect((await choose('Safe', 8, 4.6)).batchSize).toBe(4);
    expect((await choose('Safe', 8, 0.5)).batchSize).toBe(1);
  });

  test('Full enlarges up to the number of images', async () => {
    expect((await choose('Full', 8, 20)).batchSize).toBe(30);
    expect((await choose('Full', 8, 20, { images: 12 })).batchSize).toBe(12);
    expect((await choose('Full', 8, 5)).batchSize).toBe(6);
  });

  test('unlabeled images count, and are not taken for growth by the batch', async () => {
    const besides = 5;
    // 8 images alone may take 32 GiB at most, 13 may take 52.
    expect((await choose('Safe', 8, 40)).planned).toEqual([]);
    expect((await choose('Safe', 8, 40, { besides })).planned).toEqual([2, 4, 8]);
    // 0.82 · 10 = 8.2 GiB hold 1 + 13 / 2.
    expect((await choose('Safe', 8, 10, { besides })).batchSize).toBe(8);
  });

  test('a plan of fewer than two images is never asked for, and that of the result is looked at', async () => {
    for (const available of [0.1, 2, 3, 8, 100]) {
      const { planned } = await choose('Full', 2, available, { images: 7 });
      expect(Math.min(...planned)).toBe(2);
    }
    expect(await choose('Full', 1, 100, { images: 1 })).toEqual({ batchSize: 1, planned: [] });
    // Needs that grow faster than a line.
    const plan = async (batch: number) => batch ** 2 * GIB;
    const question = {
      mode: 'Full',
      requested: 2,
      images: 100,
      pixels: 512 * 512,
      available: 100 * GIB,
      plan,
    } as const;
    const found = await fitBatchSize(question);
    expect(found ** 2).toBeLessThanOrEqual(82);
    expect((found + 2) ** 2).toBeGreaterThan(82);
  });
});

test('the learning rate follows the root of the batch size within its range', () => {
  expect(scaleLearningRate(1e-3, 8, 2)).toBeCloseTo(5e-4, 12);
  expect(scaleLearningRate(0.09, 1, 100)).toBe(0.1);
});
