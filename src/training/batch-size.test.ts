import { describe, expect, test } from 'vitest';
import { type BatchSizeMode, fitBatchSize, peakMemory, scaleLearningRate } from './batch-size.js';

const GIB = 2 ** 30;

/** A step that needs 1 GiB and another half per image. */
async function choose(
  mode: BatchSizeMode,
  requested: number,
  availableGib: number,
  { images = 100, besides = 0 } = {},
) {
  const measured: number[] = [];
  const batchSize = await fitBatchSize({
    mode,
    requested,
    images,
    pixels: 512 * 512,
    besides,
    available: availableGib * GIB,
    measure: async (batch) => {
      measured.push(batch);
      return (1 + (batch + besides) / 2) * GIB;
    },
  });
  return { batchSize, measured };
}

describe('the batch size', () => {
  test('stays without a word', async () => {
    expect(await choose('None', 8, 1)).toEqual({ batchSize: 8, measured: [] });
  });

  test('Safe does not measure where memory is plenty, and does not enlarge', async () => {
    expect(await choose('Safe', 8, 64)).toEqual({ batchSize: 8, measured: [] });
    expect(await choose('Safe', 8, 20)).toEqual({ batchSize: 8, measured: [1, 2] });
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
    expect((await choose('Safe', 8, 40)).measured).toEqual([]);
    expect((await choose('Safe', 8, 40, { besides })).measured).toEqual([1, 2]);
    // 0.82 · 10 = 8.2 GiB hold 1 + 13 / 2.
    expect((await choose('Safe', 8, 10, { besides })).batchSize).toBe(8);
  });

  test('measurements that show no growth are not believed', async () => {
    const measure = async () => GIB;
    const question = {
      mode: 'Full',
      requested: 2,
      images: 10_000,
      pixels: 512 * 512,
      available: 8 * GIB,
      measure,
    } as const;
    expect(await fitBatchSize(question)).toBeLessThan(40);
  });
});

test('the learning rate follows the root of the batch size within its range', () => {
  expect(scaleLearningRate(1e-3, 8, 2)).toBeCloseTo(5e-4, 12);
  expect(scaleLearningRate(0.09, 1, 100)).toBe(0.1);
});

test('memory is measured while work is under way', async () => {
  let kept: Buffer | undefined;
  const peak = await peakMemory(async () => {
    kept = Buffer.alloc(64 * 2 ** 20, 1);
  });
  expect(kept?.length).toBeGreaterThan(0);
  expect(peak).toBeGreaterThan(32 * 2 ** 20);
});
