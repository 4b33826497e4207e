import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorOf, rgbPng, soundDataset, writeFiles } from '../datasets/fixtures.cases.js';
import { openDataset } from '../datasets/open-dataset.js';
import { createEvalLoader, type EvalItem, type EvalLoader, evalBytes } from './eval-loader.js';

async function collect(loader: EvalLoader): Promise<EvalItem[]> {
  const items: EvalItem[] = [];
  for await (const item of loader) items.push(item);
  return items;
}

describe('createEvalLoader', () => {
  it.each([0, 2])(
    'gives resized images and original masks in order, repeatedly, with %i workers',
    async (workers) => {
      const root = await soundDataset(5, 40, 30);
      const flat = Array.from({ length: 40 * 30 }, () => [255, 0, 128]).flat();
      await writeFiles(root, { 'images/b.png': await rgbPng(flat, 40, 30) });
      const loader = createEvalLoader(await openDataset(root), {
        inputSize: { width: 16, height: 16 },
        workers,
      });
      const items = await collect(loader);
      expect(items.map(({ sample }) => sample.id)).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(items[1]).toMatchObject({ width: 40, height: 30 });
      expect(items[1]!.mask).toHaveLength(40 * 30);
      expect([...items[1]!.mask.subarray(12, 16)]).toEqual([0, 0, 1, 1]);
      const planes = items[1]!.image;
      expect(planes).toHaveLength(3 * 256);
      expect(
        planes.subarray(0, 256).every((value) => Math.abs(value - (255 - 123.675) / 58.395) < 1e-6),
      ).toBe(true);
      expect(planes[600]).toBeCloseTo((128 - 103.53) / 57.375, 6);
      expect(await collect(loader)).toEqual(items);
      await loader.dispose();
    },
  );

  it.each([0, 2])(
    'reads what fits the cache once only, and gives the same bits, with %i workers',
    async (workers) => {
      const root = await soundDataset(3, 40, 30);
      const dataset = await openDataset(root);
      const each = evalBytes({ width: 40, height: 30 }, { width: 16, height: 16 });
      expect(each).toBe(3 * 16 * 16 + 40 * 30);
      const plain = createEvalLoader(dataset, { inputSize: { width: 16, height: 16 }, workers });
      const cached = createEvalLoader(dataset, {
        inputSize: { width: 16, height: 16 },
        workers,
        cacheBytes: 2 * each,
      });
      const wanted = await collect(plain);
      expect(await collect(cached)).toEqual(wanted);

      await rm(join(root, 'images'), { recursive: true });
      const again: EvalItem[] = [];
      const failure = await errorOf(
        (async () => {
          for await (const item of cached) again.push(item);
        })(),
      );
      expect(again).toEqual(wanted.slice(0, 2));
      expect(failure.message).toContain('c.png does not exist');
      expect((await errorOf(collect(plain))).message).toContain('a.png does not exist');
      await Promise.all([plain.dispose(), cached.dispose()]);
    },
  );

  it('names the file that cannot be read, and stops on a signal', async () => {
    const root = await soundDataset(2);
    const dataset = await openDataset(root);
    await writeFiles(root, { 'images/a.png': 'text' });
    expect(
      (await errorOf(collect(createEvalLoader(dataset, { inputSize: { width: 8, height: 8 }, workers: 0 }))))
        .message,
    ).toContain(`${root}/images/a.png`);
    const aborted = createEvalLoader(dataset, {
      inputSize: { width: 8, height: 8 },
      workers: 0,
      signal: AbortSignal.abort(),
    });
    expect(await errorOf(collect(aborted))).toMatchObject({ code: 'aborted' });
  });
});
