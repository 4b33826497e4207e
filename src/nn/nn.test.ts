import { expect, test } from 'vitest';
import { Random } from '../base/random.js';
import { runGraph } from '../engine/run-graph.js';
import { layoutOf, StepBuilder } from '../engine/step.js';
import { constant, input, type Tensor } from '../graph/index.js';
import { channelHalves, shuffledConcat } from './channel-shuffle.js';
import { convModule } from './conv-norm.js';
import { convolution } from './convolution.js';
import { describe } from './describe.js';
import { initialValue, kaimingNormal } from './initializers.js';
import { Scope, type VariableSpec } from './scope.js';
import { ConstantStore, PackStore } from './stores.js';

const variable = (key: string, shape: readonly number[], rest: Partial<VariableSpec> = {}): VariableSpec => ({
  key,
  shape,
  kind: 'parameter',
  init: kaimingNormal,
  stateType: 'float32',
  repeats: 1,
  ...rest,
});

function moments(values: Float32Array): { mean: number; deviation: number; largest: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance), largest: Math.max(...values.map(Math.abs)) };
}

/** Specs by key of one model. */
function specsOf(
  model: (scope: Scope, images: Tensor) => Tensor,
  channels: number,
): Map<string, VariableSpec> {
  const { variables } = describe(model, [1, channels, 8, 8]);
  return new Map(variables.map((spec) => [spec.key, spec]));
}

test('a shuffled concatenation interleaves, halving cuts in the middle', async () => {
  const [a, b] = [0, 1].map((i) =>
    constant(
      Array.from({ length: 12 }, (_, j) => 100 * i + j),
      [2, 3, 1, 2],
    ),
  ) as [Tensor, Tensor];
  const y = shuffledConcat(a, b);
  expect(y.shape).toEqual([2, 6, 1, 2]);
  const [shuffled, first, second] = await runGraph([y, ...channelHalves(y)], {});
  expect([...(shuffled as Float32Array)].slice(0, 12)).toEqual([
    0, 1, 100, 101, 2, 3, 102, 103, 4, 5, 104, 105,
  ]);
  expect([...(first as Float32Array)].slice(0, 6)).toEqual([0, 1, 100, 101, 2, 3]);
  expect([...(second as Float32Array)].slice(0, 6)).toEqual([102, 103, 4, 5, 104, 105]);
});

test('a ConvModule starts as fan-out Kaiming normal, groups not divided out, with zero bias', () => {
  const specs = specsOf((scope, x) => {
    const y = convModule(scope.child('dense'), x, { channels: 64, kernel: 3 });
    const z = convModule(scope.child('depthwise'), y, { channels: 64, kernel: 3, depthwise: true });
    return convModule(scope.child('gate'), z, { channels: 64, norm: 'none' });
  }, 32);
  for (const name of ['dense', 'depthwise']) {
    const values = initialValue(specs.get(`${name}.conv.weight`)!, 0);
    const { mean, deviation } = moments(values);
    const wanted = Math.sqrt(2 / (64 * 9));
    expect(Math.abs(deviation / wanted - 1)).toBeLessThan(4 / Math.sqrt(2 * values.length));
    expect(Math.abs(mean)).toBeLessThan((4 * wanted) / Math.sqrt(values.length));
  }
  expect([...initialValue(specs.get('gate.conv.bias')!, 0)]).toEqual(new Array(64).fill(0));
  expect(specs.has('dense.conv.bias')).toBe(false);
});

test('a plain convolution starts uniform within 1/√fan-in, bias included', () => {
  const specs = specsOf((scope, x) => convolution(scope, x, { channels: 128, kernel: 3, bias: true }), 16);
  const bound = 1 / Math.sqrt(16 * 9);
  for (const key of ['weight', 'bias']) {
    const values = initialValue(specs.get(key)!, 0);
    const { deviation, largest } = moments(values);
    expect(largest).toBeLessThanOrEqual(bound);
    expect(largest).toBeGreaterThan(0.9 * bound);
    expect(Math.abs((deviation * Math.sqrt(3)) / bound - 1)).toBeLessThan(0.15);
  }
});

test('an initial value depends on seed and key alone', () => {
  const values = initialValue(variable('a.weight', [4, 4]), 1);
  expect(initialValue(variable('a.weight', [4, 4]), 1)).toEqual(values);
  expect(initialValue(variable('a.weight', [4, 4]), 2)).not.toEqual(values);
  expect(initialValue(variable('b.weight', [4, 4]), 1)).not.toEqual(values);
  expect(values).toEqual(kaimingNormal([4, 4], new Random('1:a.weight')));
});

test('nodes and errors carry the path of the module', () => {
  const scope = new Scope(new ConstantStore(new Map([['head.conv.weight', new Float32Array(6)]])), false);
  const head = scope.child('head').child('conv');
  expect(convolution(head, input('x', 'float32', [1, 3, 4, 4]), { channels: 2 }).node.scope).toBe(
    'head.conv',
  );
  expect(() =>
    convolution(head, input('x', 'float32', [1, 3, 1, 4]), { channels: 2, kernel: 1, stride: 0 }),
  ).toThrow(/head\.conv/);
});

test('stores say which variable is missing or has the wrong size', () => {
  const constants = new ConstantStore(new Map([['a', new Float32Array(3)]]));
  expect(() => constants.get(variable('b', [3]))).toThrow(/no b \[3\]/);
  expect(() => constants.get(variable('a', [4]))).toThrow(/a has 3 values, the model expects \[4\]/);
  const packs = new PackStore([new StepBuilder().pack(layoutOf('p', [{ key: 'a', shape: [3] }]))]);
  expect(() => packs.get(variable('b', [3]))).toThrow(/no pack holds the variable b/);
  expect(() => packs.get(variable('a', [1, 3]))).toThrow(/a is \[3\], the model expects \[1,3\]/);
});

test('constants do without counters but not without statistics, and refuse updates', () => {
  const constants = new ConstantStore(new Map());
  expect(constants.get(variable('n', [], { kind: 'buffer', stateType: 'int64' })).shape).toEqual([]);
  expect(() => constants.get(variable('running_mean', [2], { kind: 'buffer' }))).toThrow(/running_mean/);
  expect(() => constants.update('running_mean')).toThrow(/cannot be updated/);
});

test('a buffer takes one update per step, of its own size', () => {
  const pack = new StepBuilder().pack(layoutOf('p', [{ key: 'a', shape: [3] }]));
  const store = new PackStore([pack]);
  store.update('a', { target: constant([1, 2], [2]), keep: 1, rate: 1 });
  expect(() => store.update('a', { target: constant([1, 2, 3], [3]), keep: 1, rate: 1 })).toThrow(/twice/);
  expect(() => store.applyBufferUpdates(pack)).toThrow(/\[2\] does not fill 3/);
});

test('a variable that two modules ask for is reported', () => {
  const twice = (scope: Scope, x: Tensor) =>
    convolution(scope, convolution(scope, x, { channels: 3 }), { channels: 3 });
  expect(() => describe(twice, [1, 3, 8, 8])).toThrow(/same variable weight/);
});
