import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorOf, noiseJpeg, soundDataset, temporaryFolder, writeFiles } from '../datasets/fixtures.cases.js';
import { openDataset } from '../datasets/open-dataset.js';
import { openUnlabeled } from '../datasets/unlabeled-images.js';
import { createPairedLoader, type PairedBatch } from './paired-loader.js';
import { acquirePool, type DataPool } from './pool.js';
import { createTrainLoader, type LabeledBatch } from './train-loader.js';
import {
  createTwoStrongLoader,
  createUnlabeledLoader,
  type UnlabeledBatch,
  type UnlabeledLoader,
  type UnlabeledLoaderOptions,
} from './unlabeled-loader.js';

// Threads take longer to start than to work here; holding the pool lets all tests share it.
let pool: DataPool;
beforeAll(() => {
  pool = acquirePool(2);
});
afterAll(() => pool.release());

const OPTIONS: UnlabeledLoaderOptions = { batchSize: 2, cropSize: 32, seed: 42, workers: 0 };

async function images(count: number): Promise<string> {
  const root = await temporaryFolder();
  for (let i = 0; i < count; i++) await writeFiles(root, { [`u${i}.jpg`]: await noiseJpeg(40, 30, i) });
  return root;
}

const open = async (root: string, options: Partial<UnlabeledLoaderOptions> = {}): Promise<UnlabeledLoader> =>
  createUnlabeledLoader(await openUnlabeled(root), { ...OPTIONS, ...options });

async function take(loader: UnlabeledLoader, start: number, count: number): Promise<UnlabeledBatch[]> {
  const batches: UnlabeledBatch[] = [];
  for await (const batch of loader.from(start)) {
    batches.push(batch);
    if (batches.length === count) break;
  }
  return batches;
}

const pixels = (batches: readonly UnlabeledBatch[]) =>
  batches.map(({ weak, strong, padding, imageIds }) => ({ weak, strong, padding, imageIds }));

describe('createUnlabeledLoader', () => {
  it('goes through all images again and again, each time in another order', async () => {
    const loader = await open(await images(5), { batchSize: 3 });
    const ids = (await take(loader, 0, 10)).flatMap(({ imageIds }) => imageIds);
    const passes = [0, 1, 2, 3, 4, 5].map((pass) => ids.slice(5 * pass, 5 * (pass + 1)));
    for (const pass of passes) expect(new Set(pass).size).toBe(5);
    expect(new Set(passes.map((pass) => pass.join())).size).toBeGreaterThan(3);
  });

  it('gives the same batches for any workers, without a cache, and from any number on', async () => {
    const root = await images(5);
    const loader = await open(root);
    const whole = pixels(await take(loader, 0, 8));
    expect(whole[0]!.weak).toHaveLength(2 * 3 * 32 * 32);
    expect(whole[0]!.strong).toHaveLength(2 * 3 * 32 * 32);
    expect(whole[0]!.padding).toHaveLength(2 * 32 * 32);
    for (const options of [{ workers: 2 }, { cacheBytes: 0 }, { cacheBytes: 2 * 3 * 40 * 30 }])
      expect(pixels(await take(await open(root, options), 0, 8))).toEqual(whole);
    expect(pixels(await take(await open(root, { workers: 2 }), 5, 3))).toEqual(whole.slice(5));
    expect(pixels(await take(loader, 2, 2))).toEqual(whole.slice(2, 4));
    expect(pixels(await take(await open(root, { seed: 1 }), 0, 1))).not.toEqual(whole.slice(0, 1));
  });

  it('names a file that broke after the check, and stops when the signal fires', async () => {
    const root = await images(1);
    const loader = await open(root, { batchSize: 1 });
    await writeFiles(root, { 'u0.jpg': 'text' });
    expect((await errorOf(take(loader, 0, 1))).message).toContain(`${root}/u0.jpg cannot be read`);
    const abort = new AbortController();
    abort.abort();
    const stopped = await open(await images(1));
    const batches = stopped.from(0, abort.signal);
    expect(await errorOf(batches.next())).toMatchObject({ code: 'aborted' });
    await stopped.dispose();
    expect((await errorOf(take(stopped, 0, 1))).message).toContain('disposed');
  });
});

describe('createTwoStrongLoader', () => {
  it('gives the same batches for any workers and from any number on, mixed within a batch alone', async () => {
    const root = await images(5);
    const open = async (options: Partial<UnlabeledLoaderOptions> = {}) =>
      createTwoStrongLoader(await openUnlabeled(root), { ...OPTIONS, batchSize: 3, ...options });
    const batches = async (loader: Awaited<ReturnType<typeof open>>, start: number, count: number) => {
      const taken = [];
      for await (const { waitedMs, ...batch } of loader.from(start)) if (taken.push(batch) === count) break;
      return taken;
    };
    const whole = await batches(await open(), 0, 6);
    for (const { weak, strong, padding, mixed, imageIds } of whole)
      expect([weak.length, strong.length, padding.length, mixed.length, imageIds.length]).toEqual(
        [3 * 3, 6 * 3, 3, 6].map((planes) => planes * 32 * 32).concat(3),
      );
    expect(await batches(await open({ workers: 2 }), 0, 6)).toEqual(whole);
    expect(await batches(await open({ cacheBytes: 0 }), 4, 2)).toEqual(whole.slice(4));
    const mixed = whole.flatMap((batch) => [...batch.mixed]);
    expect(new Set(mixed)).toEqual(new Set([0, 1]));
    const alone = await batches(await open({ batchSize: 1 }), 0, 6);
    expect(alone.every((batch) => batch.mixed.every((value) => value === 0))).toBe(true);
  });
});

describe('createPairedLoader', () => {
  it('pairs labeled batches from a number on, in every epoch and when entered anywhere', async () => {
    const [data, root] = [await soundDataset(5), await images(4)];
    const make = async () => {
      const labeled = createTrainLoader(await openDataset(data), { ...OPTIONS, augmentation: 'geometric' });
      return createPairedLoader(labeled, await open(root), 3);
    };
    const epoch = async (loader: Awaited<ReturnType<typeof make>>, index: number, startStep = 0) => {
      const batches: (LabeledBatch | PairedBatch)[] = [];
      for await (const batch of loader.epoch(index, { startStep })) batches.push(batch);
      return batches.map(({ step, inputs, sampleIds }) => ({ step, inputs, sampleIds }));
    };
    const loader = await make();
    expect(loader.stepsPerEpoch).toBe(2);
    const all = [...(await epoch(loader, 0)), ...(await epoch(loader, 1)), ...(await epoch(loader, 2))];
    expect(all.map(({ step }) => step)).toEqual([
      ...['supervised', 'supervised', 'supervised', 'semi', 'semi', 'semi'],
    ]);
    expect(all[0]!.inputs).not.toHaveProperty('weak');
    // The first unlabeled batches are those of the stream from its beginning.
    const views = await take(await open(root), 0, 3);
    views.forEach(({ weak, strong, padding, imageIds }, i) => {
      const { inputs, sampleIds } = all[3 + i] as PairedBatch;
      expect(inputs.weak).toEqual(weak);
      expect(inputs.strong).toEqual(strong);
      expect(inputs.padding).toEqual(padding);
      expect(sampleIds.slice(2)).toEqual(imageIds);
      expect(sampleIds).toHaveLength(4);
    });
    expect(await epoch(await make(), 2, 1)).toEqual(all.slice(5));
    expect(await epoch(loader, 1, 1)).toEqual(all.slice(3, 4));
  });
});
