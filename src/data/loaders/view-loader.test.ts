import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Outputs } from '../../base/outputs/outputs.js';
import {
  errorOf,
  indexMask,
  noiseJpeg,
  soundDataset,
  temporaryFolder,
  writeFiles,
} from '../datasets/fixtures.cases.js';
import { openImageFolder } from '../datasets/image-folder.js';
import { openDataset } from '../datasets/open-dataset.js';
import { readLabels } from '../formats/read-labels.js';
import type { ImageCache } from '../images/image-cache.js';
import { readSampleImage } from '../images/sample-image.js';
import { ensurePseudoMasks } from '../superpixels/pseudo-masks.js';
import { flipHorizontal } from '../transforms/flip.js';
import { normalizeImage } from '../transforms/normalize.js';
import { resizeImage, resizeMask } from '../transforms/resize.js';
import { poolRegions } from '../views/regions.js';
import { acquirePool, type DataPool } from './pool.js';
import type { TrainBatch, TrainLoader } from './train-batch.js';
import {
  createDetconLoader,
  createSupconLoader,
  type SupconLoaderOptions,
  type ViewLoaderOptions,
  type ViewSource,
} from './view-loader.js';

const OPTIONS: ViewLoaderOptions = {
  batchSize: 3,
  augmentation: 'views',
  size: 32,
  stride: 8,
  seed: 5,
  workers: 0,
};

let pool: DataPool;
let folder: string;
let images: ViewSource;
beforeAll(async () => {
  pool = acquirePool(2);
  folder = await mkdtemp(join(tmpdir(), 'otx-views-'));
  for (let i = 0; i < 7; i++) await writeFiles(folder, { [`${i % 2}/${i}.jpg`]: await noiseJpeg(90, 70, i) });
  const opened = await openImageFolder(folder);
  const { paths } = await ensurePseudoMasks(opened, await Outputs.open({ root: join(folder, 'masks') }), {
    workers: 2,
  });
  // Noise is a single segment: give the masks four, one per quarter.
  const quarters = Array.from({ length: 90 * 70 }, (_, i) => (i % 90 < 45 ? 0 : 1) + (i < 45 * 70 ? 0 : 2));
  for (const path of paths) await writeFile(path, indexMask(quarters, 90, 70));
  const samples = opened.images.map((image, i) => ({ ...image, maskPath: paths[i]! }));
  images = { samples, coding: undefined };
});
afterAll(async () => {
  await pool.release();
  await rm(folder, { recursive: true, force: true });
});

async function collect<B extends TrainBatch>(
  loader: TrainLoader<B>,
  epoch: number,
  startStep?: number,
): Promise<B[]> {
  const batches: B[] = [];
  for await (const batch of loader.epoch(epoch, { startStep })) batches.push(batch);
  return batches;
}

const content = (batches: readonly TrainBatch[]) =>
  batches.map(({ step, inputs, sampleIds }) => ({ step, inputs, sampleIds }));

describe('createDetconLoader', () => {
  it('gives both views of every image, with regions and ids that occur in them', async () => {
    const loader = createDetconLoader(images, OPTIONS);
    expect(loader.stepsPerEpoch).toBe(2);
    const batches = await collect(loader, 0);
    await loader.dispose();
    expect(batches).toHaveLength(2);
    const seen = new Set<number>();
    for (const { step, inputs, sampleIds } of batches) {
      expect(step).toBe('detcon');
      expect(Object.keys(inputs).sort()).toEqual(['images', 'online_ids', 'regions', 'target_ids']);
      expect(inputs.images).toHaveLength(6 * 3 * 32 * 32);
      expect(inputs.regions).toHaveLength(6 * 4 * 4);
      expect(sampleIds).toHaveLength(3);
      for (const ids of [inputs.online_ids, inputs.target_ids]) {
        expect(ids).toHaveLength(6 * 16);
        for (let view = 0; view < 6; view++) {
          const regions = new Set(inputs.regions.subarray(16 * view, 16 * (view + 1)));
          for (const id of ids.subarray(16 * view, 16 * (view + 1))) {
            expect(regions.has(id)).toBe(true);
            seen.add(id);
          }
        }
      }
      expect(inputs.online_ids).not.toEqual(inputs.target_ids);
      const half = inputs.images.length / 2;
      expect(inputs.images.subarray(0, half)).not.toEqual(inputs.images.subarray(half));
      expect(inputs.images.every(Number.isFinite)).toBe(true);
    }
    expect(seen).toEqual(new Set([0, 1, 2, 3]));
  });

  it('gives the same for any number of workers, any cache, any batch size, and when entered anywhere', async () => {
    const run = async (options: Partial<ViewLoaderOptions>, startStep = 0) => {
      const loader = createDetconLoader(images, { ...OPTIONS, ...options });
      try {
        return [
          ...(startStep > 0 ? [] : content(await collect(loader, 0))),
          ...content(await collect(loader, 1, startStep)),
        ];
      } finally {
        await loader.dispose();
      }
    };
    const expected = await run({});
    expect(await run({ workers: 2 })).toEqual(expected);
    expect(await run({ workers: 2, cacheBytes: 0 })).toEqual(expected);
    expect(await run({ workers: 2 }, 1)).toEqual(expected.slice(3));
    expect(await run({ seed: 6 })).not.toEqual(expected);
    expect(expected[0]!.inputs.images).not.toEqual(expected[2]!.inputs.images);

    // With batches of one, each image of the epoch still looks as in batches of three.
    const single = await run({ batchSize: 1 });
    const [first] = expected;
    const size = 3 * 32 * 32;
    for (const n of [0, 1, 2]) {
      const alone = single[n]!.inputs.images as Float32Array;
      const together = first!.inputs.images as Float32Array;
      expect(alone.subarray(0, size)).toEqual(together.subarray(n * size, (n + 1) * size));
      expect(alone.subarray(size)).toEqual(together.subarray((3 + n) * size, (4 + n) * size));
    }
  });

  it('does not depend on the masks staying where they are', async () => {
    const root = await temporaryFolder();
    await writeFiles(root, { 'a.jpg': await noiseJpeg(90, 70, 1), 'b.jpg': await noiseJpeg(70, 90, 2) });
    const opened = await openImageFolder(root);
    const { paths } = await ensurePseudoMasks(opened, await Outputs.open({ root: join(root, 'masks') }), {
      workers: 2,
    });
    const samples = opened.images.map((image, i) => ({ ...image, maskPath: paths[i]! }));
    const batchOf = async (imageCache?: ImageCache) => {
      const loader = createDetconLoader(
        { samples, coding: undefined },
        { ...OPTIONS, batchSize: 2, imageCache },
      );
      const batches = content(await collect(loader, 0));
      await loader.dispose();
      return batches;
    };
    const expected = await batchOf();
    await rm(paths[0]!);
    await writeFile(paths[1]!, indexMask([1, 2, 3, 4], 2, 2));
    expect(await batchOf()).toEqual(expected);
    // Nor on whether images are read from copies of them.
    expect(await batchOf({ scheme: 'PNG', folder: join(root, 'imageCache') })).toEqual(expected);
    expect(await batchOf({ scheme: 'JPEG/75', folder: join(root, 'imageCache') })).not.toEqual(expected);
  });

  it('names an image that cannot be read, and sizes that are none', async () => {
    const [sample, ...others] = images.samples;
    const broken = { ...images, samples: [{ ...sample!, imagePath: join(folder, 'gone.jpg') }, ...others] };
    const loader = createDetconLoader(broken, { ...OPTIONS, batchSize: 7 });
    expect((await errorOf(collect(loader, 0))).message).toMatch(/gone\.jpg does not exist/);
    await loader.dispose();
    expect(() => createDetconLoader(images, { ...OPTIONS, stride: 0 })).toThrow('stride is 0');
  });
});

describe('views by another augmentation', () => {
  it('are two draws of it, whose padding is no region, not even of pseudo masks', async () => {
    const loader = createDetconLoader(images, { ...OPTIONS, augmentation: 'plain' });
    const batches = [...(await collect(loader, 0)), ...(await collect(loader, 1))];
    await loader.dispose();
    const regions = batches.flatMap(({ inputs }) => [...inputs.regions]);
    expect(regions).toContain(255);
    for (const { inputs } of batches) {
      for (const id of [...inputs.online_ids, ...inputs.target_ids]) expect([0, 1, 2, 3]).toContain(id);
      const half = inputs.images.length / 2;
      expect(inputs.images.subarray(0, half)).not.toEqual(inputs.images.subarray(half));
    }
  });
});

describe('createSupconLoader', () => {
  it('shows one view in four steps of five and both in the fifth, through the epochs', async () => {
    const { samples, decodeMask } = await openDataset(await soundDataset(7));
    const source = { samples, coding: decodeMask };
    const loader = createSupconLoader(source, { ...OPTIONS, batchSize: 2, pairInterval: 5 });
    const batches = [
      ...(await collect(loader, 0)),
      ...(await collect(loader, 1)),
      ...(await collect(loader, 2, 1)),
    ];
    // Three steps in an epoch; the seventh of the training is left out.
    expect(batches.map(({ step }) => step)).toEqual([
      ...['single', 'single', 'single', 'single', 'pair', 'single'],
      ...['single', 'single'],
    ]);
    await loader.dispose();

    const always = createSupconLoader(source, { ...OPTIONS, batchSize: 2, pairInterval: 1 });
    const pairs = [...(await collect(always, 0)), ...(await collect(always, 1))];
    await always.dispose();
    const area = 32 * 32;
    for (const [n, { step, inputs, sampleIds }] of batches.slice(0, 6).entries()) {
      const pair = pairs[n]!.inputs;
      expect(sampleIds).toEqual(pairs[n]!.sampleIds);
      if (step === 'single') {
        expect(Object.keys(inputs).sort()).toEqual(['images', 'labels']);
        expect(inputs.images).toEqual(pair.images.subarray(0, 2 * 3 * area));
        expect(inputs.labels).toEqual(pair.labels.subarray(0, 2 * area));
      } else {
        expect(inputs).toEqual(pair);
        if (!('regions' in inputs)) throw new Error('a pair has regions');
        expect(inputs.labels).toHaveLength(4 * area);
        for (let view = 0; view < 4; view++) {
          const labels = inputs.labels.subarray(view * area, (view + 1) * area);
          expect(inputs.regions.subarray(16 * view, 16 * (view + 1))).toEqual(poolRegions(labels, 32, 8));
        }
        for (const id of [...inputs.online_ids, ...inputs.target_ids]) expect([0, 1, 2]).toContain(id);
      }
    }
  });

  it('shows whole images between the pairs where these are asked for, and the same pairs', async () => {
    const { samples, decodeMask } = await openDataset(await soundDataset(6));
    const run = async (options: Partial<SupconLoaderOptions>) => {
      const loader = createSupconLoader(
        { samples, coding: decodeMask },
        { ...OPTIONS, batchSize: 2, pairInterval: 3, ...options },
      );
      const batches = [...(await collect(loader, 0)), ...(await collect(loader, 1))];
      await loader.dispose();
      return batches;
    };
    const whole = await run({ singleView: 'whole' });
    const first = await run({});
    expect(content(first)).toEqual(content(await run({ singleView: 'first' })));
    expect(content(whole)).toEqual(content(await run({ singleView: 'whole', workers: 2, cacheBytes: 0 })));
    const byId = new Map(samples.map((sample) => [sample.id, sample]));
    for (const [n, { step, inputs, sampleIds }] of whole.entries()) {
      expect([step, sampleIds]).toEqual([first[n]!.step, first[n]!.sampleIds]);
      if (step === 'pair') {
        expect(inputs).toEqual(first[n]!.inputs);
        continue;
      }
      expect(Object.keys(inputs).sort()).toEqual(['images', 'labels']);
      for (const [at, id] of sampleIds.entries()) {
        const sample = byId.get(id)!;
        const size = { width: 32, height: 32 };
        const mask = resizeMask((await readLabels(sample, decodeMask)).data, sample, size);
        const image = (await readSampleImage(sample)).data;
        const upright = { image: resizeImage(image, sample, size), mask, ...size };
        const shown = [upright, flipHorizontal(upright)].map(({ image }) => normalizeImage(image, size));
        const seen = inputs.images.subarray(at * 3 * 1024, (at + 1) * 3 * 1024);
        expect(shown).toContainEqual(seen);
        const labels = inputs.labels.subarray(at * 1024, (at + 1) * 1024);
        expect([mask, flipHorizontal(upright).mask]).toContainEqual(labels);
      }
    }
  });
});
