import { describe, expect, it } from 'vitest';
import { createEvalLoader, type EvalItem, type EvalLoader } from './eval-loader.js';
import { errorOf, rgbPng, soundDataset, writeFiles } from './fixtures.cases.js';
import { openDataset } from './open-dataset.js';

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
      const loader = createEvalLoader(await openDataset(root), { inputSize: 16, workers });
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

  it('names the file that cannot be read, and stops on a signal', async () => {
    const root = await soundDataset(2);
    const dataset = await openDataset(root);
    await writeFiles(root, { 'images/a.png': 'text' });
    expect(
      (await errorOf(collect(createEvalLoader(dataset, { inputSize: 8, workers: 0 })))).message,
    ).toContain(`${root}/images/a.png`);
    const aborted = createEvalLoader(dataset, { inputSize: 8, workers: 0, signal: AbortSignal.abort() });
    expect(await errorOf(collect(aborted))).toMatchObject({ code: 'aborted' });
  });
});
