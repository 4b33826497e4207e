/**
 * @file Batch norms of several batches that share mean and variance, beside one batch of all images; between processes they are
 * tested by training with two (tests/e2e/mpi.test.ts). Takes the kernel library; skipped where there is none.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import {
  add,
  batchNorm,
  concat,
  conv,
  gradients,
  mul,
  reduceMean,
  relu,
  sizeOf,
  sub,
  type Tensor,
} from '../../graph/index.js';
import { createEngine, type Engine, type EngineOptions, type StepInputs } from '../engine.js';
import { layoutOf, StepBuilder, type StepGraph } from '../step.js';
import { findKernels } from './find-kernels.js';

const PARTS = 3;
const IMAGES = 2;
const CHANNELS = 6;
const MAP = [CHANNELS, 9, 11] as const;
const KEEP = 0.9;
const vectors = (...keys: readonly string[]) => keys.map((key) => ({ key, shape: [CHANNELS] }));
const weights = layoutOf('weights', [
  { key: 'filter', shape: [CHANNELS, 1, 3, 3] },
  { key: 'mix', shape: [CHANNELS, CHANNELS, 1, 1] },
  ...vectors('scale1', 'bias1', 'scale2', 'bias2', 'scale3', 'bias3'),
]);
const statistics = layoutOf(
  'statistics',
  vectors('mean1', 'variance1', 'mean2', 'variance2', 'mean3', 'variance3'),
);

/** Norms behind a depthwise convolution and a dense one, with ReLU and without, and one with a shortcut. */
function step(images: number): StepGraph {
  const builder = new StepBuilder();
  const x = builder.input('x', 'float32', [images, ...MAP]);
  const target = builder.input('target', 'float32', [images, ...MAP]);
  const own = builder.pack(weights);
  const kept = builder.pack(statistics);
  builder.pack({ ...weights, name: 'gradient' });
  builder.pack({ ...statistics, name: 'moved' });
  const moved: Tensor[] = [];
  const norm = (i: number, value: Tensor): Tensor => {
    const { y, mean, variance } = batchNorm(value, own.get(`scale${i}`), own.get(`bias${i}`), 1e-5);
    const count = value.size / CHANNELS;
    moved.push(add(mul(kept.get(`mean${i}`), KEEP), mul(mean, 1 - KEEP)));
    const rate = ((1 - KEEP) * count) / (count - 1);
    moved.push(add(mul(kept.get(`variance${i}`), KEEP), mul(variance, rate)));
    return y;
  };
  const first = relu(norm(1, conv(x, own.get('filter'), { groups: CHANNELS, padding: 1 })));
  const second = relu(add(norm(2, conv(first, own.get('mix'))), first));
  const error = sub(norm(3, second), target);
  const loss = reduceMean(mul(error, error));
  builder.update('gradient', gradients(loss, [own.flat])[0]!);
  builder.update('moved', concat(moved, 0));
  builder.output('loss', loss);
  builder.output('largest', reduceMean(mul(x, x)));
  return builder.build();
}

const random = new Random('shared norms');
const numbers = (size: number, spread = 1, mean = 0) =>
  Float32Array.from({ length: size }, () => mean + spread * random.normal());
const size = IMAGES * sizeOf(MAP);
/** Batches that lie far apart: the second around 3, the third with a tenth of the spread. */
const batches: readonly StepInputs[] = [
  [1, 0],
  [1, 3],
  [0.1, -1],
].map(([spread, mean]) => ({ x: numbers(size, spread, mean), target: numbers(size) }));
const all = (name: string): Float32Array =>
  Float32Array.from(batches.flatMap((batch) => [...(batch[name] as Float32Array)]));
const startWeights = numbers(weights.size);
const startStatistics = numbers(statistics.size).map(Math.abs);

let engine: Engine;
const open = async (options: EngineOptions = {}) => {
  engine = await createEngine({ threads: 1, cache: false, ...options });
  await engine.setState('weights', startWeights);
  await engine.setState('statistics', startStatistics);
  await engine.setState('gradient', new Float32Array(weights.size));
  await engine.setState('moved', new Float32Array(statistics.size));
};
afterEach(() => engine.dispose());

const state = async () => ({
  gradient: await engine.getState('gradient'),
  statistics: await engine.getState('moved'),
});

const expectAlike = (found: Float32Array, expected: Float32Array, most: number) => {
  const scale = Math.max(...expected.map(Math.abs));
  found.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!) / scale, `value ${i}`).toBeLessThan(most);
  });
};

describe.skipIf(typeof (await findKernels()) === 'string')('norms of several batches', () => {
  beforeEach(() => open({ engine: 'fused' }));

  it.each(['fast', 'lean'] as const)('are those of one batch of all images (%s)', async (memory) => {
    await engine.dispose();
    await open({ engine: 'stock' });
    const whole = await engine.compile(step(PARTS * IMAGES));
    const { outputs } = await whole.run({ x: all('x'), target: all('target') });
    const expected = await state();
    await engine.dispose();
    await open({ engine: 'fused', memory });
    const shared = await engine.compile(step(IMAGES), { shared: { batches: PARTS, here: PARTS } });
    const { means } = await shared.runTogether!(batches, {}, ['largest', 'loss']);
    const found = await state();
    expect(means[1]).toBeCloseTo(Number(outputs.loss![0]), 5);
    expect(means[0]).toBeCloseTo(Number(outputs.largest![0]), 4);
    expectAlike(found.gradient, expected.gradient, 2e-5);
    expectAlike(found.statistics, expected.statistics, 2e-6);
    // Batches by themselves have other statistics altogether.
    await open({ engine: 'fused' });
    const apart = await engine.compile(step(IMAGES));
    await apart.run(batches[1]!);
    expect(Math.abs((await state()).statistics[0]! - expected.statistics[0]!)).toBeGreaterThan(0.01);
  });

  it('give the same bits each time', async () => {
    const shared = await engine.compile(step(IMAGES), { shared: { batches: PARTS, here: PARTS } });
    const once = async () => {
      await shared.runTogether!(batches, {}, ['loss']);
      return state();
    };
    const first = await once();
    for (let i = 0; i < 5; i++) expect(await once()).toEqual(first);
  });

  it('end together when one of them cannot be computed, and go on afterwards', async () => {
    const shared = await engine.compile(step(IMAGES), { shared: { batches: PARTS, here: PARTS } });
    const before = await state();
    await expect(shared.run(batches[0]!)).rejects.toThrow('a norm that shares its statistics runs alone');
    await expect(shared.runTogether!([{ x: batches[0]!.x! }], {}, [])).rejects.toThrow(
      'without its input target',
    );
    expect(await state()).toEqual(before);
    await shared.runTogether!(batches, {}, ['loss']);
    expect(await state()).not.toEqual(before);
  });
});

it('take the fused engine, and say so', async () => {
  await open({ engine: 'stock' });
  await expect(engine.compile(step(IMAGES), { shared: { batches: 2, here: 2 } })).rejects.toThrow(
    'batch norms that share their statistics take the fused engine, and this is the stock one: asked for',
  );
});
