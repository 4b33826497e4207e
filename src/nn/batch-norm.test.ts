import { expect, test } from 'vitest';
import { Random } from '../base/random.js';
import { runGraph } from '../engine/run-graph.js';
import { layoutOf, StepBuilder } from '../engine/step.js';
import { input } from '../graph/index.js';
import { type BatchNormOptions, batchNorm } from './batch-norm.js';
import { convModule } from './conv-norm.js';
import { describe } from './describe.js';
import { Scope } from './scope.js';
import { ConstantStore, PackStore } from './stores.js';

const SHAPE = [2, 3, 4, 5];
const random = new Random('batch norm');
const x = Float32Array.from({ length: 120 }, () => random.range(-2, 3));
const affine = new Map([
  ['bn.weight', Float32Array.of(0.5, 1, 2)],
  ['bn.bias', Float32Array.of(0.1, -0.2, 0.3)],
]);
const statistics = new Map([
  ['bn.running_mean', Float32Array.of(0.3, -0.4, 1)],
  ['bn.running_var', Float32Array.of(0.7, 1.5, 2)],
]);

const channelOf = (index: number): number => Math.floor(index / 20) % 3;
const channelValues = (channel: number): number[] => [...x].filter((_, i) => channelOf(i) === channel);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function normalised(means: readonly number[], variances: readonly number[]): number[] {
  const [weight, bias] = [affine.get('bn.weight')!, affine.get('bn.bias')!];
  return [...x].map((value, i) => {
    const c = channelOf(i);
    return ((value - means[c]!) / Math.sqrt(variances[c]! + 1e-5)) * weight[c]! + bias[c]!;
  });
}

const expectClose = (actual: ArrayLike<number>, wanted: readonly number[]): void => {
  expect(actual.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    expect(actual[i]).toBeCloseTo(value, 5);
  });
};

async function train(repeats: number, options: BatchNormOptions = {}) {
  const parameterLayout = layoutOf('parameter', [
    { key: 'bn.weight', shape: [3] },
    { key: 'bn.bias', shape: [3] },
  ]);
  const bufferLayout = layoutOf('buffer', [
    { key: 'other', shape: [2] },
    { key: 'bn.running_mean', shape: [3] },
    { key: 'bn.running_var', shape: [3] },
    { key: 'bn.num_batches_tracked', shape: [] },
  ]);
  const step = new StepBuilder();
  const buffers = step.pack(bufferLayout);
  const store = new PackStore([step.pack(parameterLayout), buffers]);
  const images = step.input('x', 'float32', SHAPE);
  const y = batchNorm(new Scope(store, true).child('bn').repeated(repeats), images, options);
  const results = await runGraph([y, store.applyBufferUpdates(buffers)], {
    x,
    'state:parameter': Float32Array.from([...affine.values()].flatMap((v) => [...v])),
    'state:buffer': Float32Array.from([8, 9, ...[...statistics.values()].flatMap((v) => [...v]), 4]),
  });
  return { y: results[0] as Float32Array, buffers: [...(results[1] as Float32Array)] };
}

const batchMeans = [0, 1, 2].map((c) => mean(channelValues(c)));
const batchVariances = [0, 1, 2].map((c) => mean(channelValues(c).map((v) => (v - batchMeans[c]!) ** 2)));

/** Running statistics after `repeats` updates by momentum 0.1, one after the other, the variance unbiased (n = 40). */
function updatedStatistics(repeats: number): number[] {
  let means = [...statistics.get('bn.running_mean')!];
  let variances = [...statistics.get('bn.running_var')!];
  for (let i = 0; i < repeats; i++) {
    means = means.map((m, c) => 0.9 * m + 0.1 * batchMeans[c]!);
    variances = variances.map((v, c) => 0.9 * v + (0.1 * batchVariances[c]! * 40) / 39);
  }
  return [...means, ...variances];
}

test('training normalises by the batch and moves the running statistics; other buffers stay', async () => {
  const { y, buffers } = await train(1);
  expectClose(y, normalised(batchMeans, batchVariances));
  expectClose(buffers, [8, 9, ...updatedStatistics(1), 5]);
});

test('a layer that the reference applies twice moves its statistics and counter twice', async () => {
  const { buffers } = await train(2);
  expectClose(buffers, [8, 9, ...updatedStatistics(2), 6]);
});

test('a gain multiplies the output and leaves the statistics alone', async () => {
  const { y, buffers } = await train(1, { gain: 2 });
  expectClose(
    y,
    normalised(batchMeans, batchVariances).map((value) => 2 * value),
  );
  expectClose(buffers, [8, 9, ...updatedStatistics(1), 5]);
});

test('evaluation normalises by the running statistics', async () => {
  const scope = new Scope(new ConstantStore(new Map([...affine, ...statistics])), false).child('bn');
  const wanted = normalised([...statistics.get('bn.running_mean')!], [...statistics.get('bn.running_var')!]);
  const images = input('x', 'float32', SHAPE);
  const [plain, doubled] = await runGraph([batchNorm(scope, images), batchNorm(scope, images, { gain: 2 })], {
    x,
  });
  expectClose(plain as Float32Array, wanted);
  expectClose(
    doubled as Float32Array,
    wanted.map((value) => 2 * value),
  );
});

test('in evaluation, convolution and norm are one operator', async () => {
  const identity = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
  const values = new Map([...affine, ...statistics, ['conv.weight', identity]]);
  const y = convModule(new Scope(new ConstantStore(values), false), input('x', 'float32', SHAPE), {
    channels: 3,
    activation: 'none',
  });
  expect(y.node.op).toBe('conv');
  const [result] = await runGraph([y], { x });
  const wanted = normalised([...statistics.get('bn.running_mean')!], [...statistics.get('bn.running_var')!]);
  expectClose(result as Float32Array, wanted);
});

test('one value per channel has no variance, which training says with the path of the layer', () => {
  const pack = new StepBuilder().pack(layoutOf('all', []));
  const scope = new Scope(new PackStore([pack]), true).child('backbone').child('bn');
  expect(() => batchNorm(scope, input('x', 'float32', [1, 3, 1, 1]))).toThrow(
    /backbone\.bn.*more than one value per channel.*\[1,3,1,1\]/,
  );
});

test('a description lists the variables of a layer in state-dict order', () => {
  const { variables, parameters } = describe((scope, images) => batchNorm(scope.child('bn'), images), SHAPE);
  expect(variables.map(({ key, kind, stateType }) => `${key} ${kind} ${stateType}`)).toEqual([
    'bn.weight parameter float32',
    'bn.bias parameter float32',
    'bn.running_mean buffer float32',
    'bn.running_var buffer float32',
    'bn.num_batches_tracked buffer int64',
  ]);
  expect(parameters).toBe(6);
});
