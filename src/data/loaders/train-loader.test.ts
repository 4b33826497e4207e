import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUGMENTATION_NAMES } from '../augmentation.js';
import { errorOf, soundDataset, writeFiles } from '../datasets/fixtures.cases.js';
import { openDataset } from '../datasets/open-dataset.js';
import { acquirePool, type DataPool } from './pool.js';
import type { TrainLoader } from './train-batch.js';
import { createTrainLoader, type LabeledBatch, type TrainLoaderOptions } from './train-loader.js';

// Threads take longer to start than to work here; holding the pools lets all tests share them.
let pools: DataPool[] = [];
beforeAll(() => {
  pools = [acquirePool(1), acquirePool(2)];
});
afterAll(() => Promise.all(pools.map((pool) => pool.release())));

const OPTIONS: TrainLoaderOptions = {
  batchSize: 2,
  cropSize: 32,
  seed: 42,
  workers: 0,
  augmentation: 'plain',
};

async function open(
  options: Partial<TrainLoaderOptions> = {},
  root?: string,
): Promise<TrainLoader<LabeledBatch>> {
  return createTrainLoader(await openDataset(root ?? (await soundDataset(7))), { ...OPTIONS, ...options });
}

async function collect(
  loader: TrainLoader<LabeledBatch>,
  epoch: number,
  startStep?: number,
): Promise<LabeledBatch[]> {
  const batches: LabeledBatch[] = [];
  for await (const batch of loader.epoch(epoch, { startStep })) batches.push(batch);
  return batches;
}

const pixels = (batches: LabeledBatch[]) => batches.map(({ inputs, sampleIds }) => ({ inputs, sampleIds }));

describe('createTrainLoader', () => {
  it('gives full batches of the promised shapes and drops the rest', async () => {
    const loader = await open({ batchSize: 3 });
    const batches = await collect(loader, 0);
    expect(loader.stepsPerEpoch).toBe(2);
    expect(batches).toHaveLength(2);
    for (const batch of batches) {
      expect(batch.inputs.images).toHaveLength(3 * 3 * 32 * 32);
      expect(batch.inputs.labels).toHaveLength(3 * 32 * 32);
      expect(new Set(batch.inputs.labels).size).toBeGreaterThan(1);
    }
    expect(new Set(batches.flatMap(({ sampleIds }) => sampleIds)).size).toBe(6);
  });

  it('gives no steps when the batch is larger than the data set', async () => {
    const loader = await open({ batchSize: 8 });
    expect(loader.stepsPerEpoch).toBe(0);
    expect(await collect(loader, 0)).toEqual([]);
  });

  it.each(AUGMENTATION_NAMES)(
    'gives the same two %s epochs for any workers and without a cache',
    async (augmentation) => {
      const root = await soundDataset(7);
      const runs = [];
      for (const options of [{ workers: 0 }, { workers: 1 }, { workers: 2 }, { workers: 2, cacheBytes: 0 }]) {
        const loader = await open({ ...options, augmentation }, root);
        runs.push([...pixels(await collect(loader, 0)), ...pixels(await collect(loader, 1))]);
        await loader.dispose();
      }
      expect(runs[1]).toEqual(runs[0]);
      expect(runs[2]).toEqual(runs[0]);
      expect(runs[3]).toEqual(runs[0]);
      expect(runs[0]![0]!.inputs.images).not.toEqual(runs[0]![3]!.inputs.images);
    },
  );

  it('depends on the seed', async () => {
    const root = await soundDataset(7);
    const [a, b] = [await open({ seed: 1 }, root), await open({ seed: 2 }, root)];
    expect(pixels(await collect(a, 0))).not.toEqual(pixels(await collect(b, 0)));
  });

  it('goes on in the middle of an epoch, and in any order of epochs', async () => {
    const root = await soundDataset(7);
    const [whole, resumed] = [await open({ workers: 2 }, root), await open({ workers: 2 }, root)];
    const first = pixels(await collect(whole, 0));
    const third = pixels(await collect(whole, 2));
    expect(pixels(await collect(resumed, 2, 1))).toEqual(third.slice(1));
    expect(pixels(await collect(resumed, 0))).toEqual(first);
    await Promise.all([whole.dispose(), resumed.dispose()]);
  });

  it('gives batches that the caller may change or transfer', async () => {
    const loader = await open({ batchSize: 1, workers: 1 }, await soundDataset(2));
    const reference = pixels(await collect(await open({ batchSize: 1 }, await soundDataset(2)), 1));
    for (const { inputs } of await collect(loader, 0)) {
      const { images, labels } = inputs;
      structuredClone(images, { transfer: [images.buffer] });
      labels.fill(77);
    }
    expect(pixels(await collect(loader, 1))).toEqual(reference);
    await loader.dispose();
  });

  it.each([0, 1])('names the file that broke after the check, with %i workers', async (workers) => {
    const root = await soundDataset(2);
    const dataset = await openDataset(root);
    await writeFiles(root, { 'masks/b.png': 'text' });
    const loader = createTrainLoader(dataset, { ...OPTIONS, workers });
    const error = await errorOf(collect(loader, 0));
    expect(error).toMatchObject({ name: 'OtxError', code: 'image' });
    expect(error.message).toContain(`${root}/masks/b.png cannot be read`);
    await loader.dispose();
  });

  it('stops when the signal fires', async () => {
    const loader = await open({ workers: 1 });
    const abort = new AbortController();
    const run = async () => {
      for await (const _ of loader.epoch(0, { signal: abort.signal })) abort.abort();
    };
    expect(await errorOf(run())).toMatchObject({ code: 'aborted' });
    await loader.dispose();
    expect((await errorOf(collect(loader, 0))).message).toContain('disposed');
  });

  it('refuses sizes that make no sense', async () => {
    await expect(open({ batchSize: 0 })).rejects.toThrow('batchSize is 0');
    await expect(open({ cropSize: 1.5 })).rejects.toThrow('cropSize is 1.5');
    await expect(open({ workers: -1 })).rejects.toThrow('workers is -1');
  });
});
