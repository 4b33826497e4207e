import { expect, test } from 'vitest';
import { Random } from '../base/random.js';
import { runGraph } from '../engine/run-graph.js';
import { gradients, input, mul, reduceSum, type Tensor } from '../graph/index.js';
import { batchNorm } from './batch-norm.js';
import { convNorm } from './conv-norm.js';
import { convolution } from './convolution.js';
import { groupNorm } from './group-norm.js';
import { layerNorm } from './layer-norm.js';
import { Scope, type VariableSpec, type VariableStore } from './scope.js';
import { ConstantStore } from './stores.js';

const SHAPE = [2, 6, 3, 4] as const;
const [N, C, H, W] = SHAPE;
const EPSILON = 1e-5;
const draw = (seed: string, size: number, offset = 0): Float32Array => {
  const random = new Random(seed);
  return Float32Array.from({ length: size }, () => offset + random.normal());
};
const weight = draw('weight', C);
const bias = draw('bias', C);
const image = draw('image', N * C * H * W, 3);
const direction = draw('direction', image.length);

/** Which values share their statistics: a name for every index. */
const sets = {
  layer: (i: number) => `${Math.floor(i / (C * H * W))} ${i % (H * W)}`,
  group: (i: number) => `${Math.floor(i / ((C / 2) * H * W))}`,
};

/** Σ direction · norm(x) in double precision. */
function reference(x: ArrayLike<number>, setOf: (i: number) => string): { y: Float64Array; value: number } {
  const members = new Map<string, number[]>();
  for (let i = 0; i < x.length; i++) {
    const set = setOf(i);
    members.set(set, [...(members.get(set) ?? []), i]);
  }
  const y = new Float64Array(x.length);
  for (const indices of members.values()) {
    const mean = indices.reduce((sum, i) => sum + x[i]!, 0) / indices.length;
    const variance = indices.reduce((sum, i) => sum + (x[i]! - mean) ** 2, 0) / indices.length;
    for (const i of indices) {
      const channel = Math.floor(i / (H * W)) % C;
      y[i] = ((x[i]! - mean) / Math.sqrt(variance + EPSILON)) * weight[channel]! + bias[channel]!;
    }
  }
  return { y, value: y.reduce((sum, v, i) => sum + v * direction[i]!, 0) };
}

class InputStore implements VariableStore {
  get = ({ key, shape }: VariableSpec): Tensor => input(key, 'float32', shape);
  update(): void {}
  noise(): undefined {}
}

test.each([
  ['layer', (scope: Scope, x: Tensor) => layerNorm(scope, x)],
  ['group', (scope: Scope, x: Tensor) => groupNorm(scope, x, 2)],
] as const)('%s norm and its gradients agree with double precision', async (kind, norm) => {
  const x = input('x', 'float32', SHAPE);
  const y = norm(new Scope(new InputStore(), true), x);
  const loss = reduceSum(mul(y, input('direction', 'float32', SHAPE)));
  const [values, dx] = (await runGraph([y, ...gradients(loss, [x])], {
    x: image,
    direction,
    weight,
    bias,
  })) as [Float32Array, Float32Array];
  const wanted = reference(image, sets[kind]);
  wanted.y.forEach((value, i) => {
    expect(Math.abs(values[i]! - value)).toBeLessThan(5e-6 * (1 + Math.abs(value)));
  });
  for (const i of [0, 17, 50, 100, 143]) {
    const shifted = (by: number) =>
      reference(
        Float64Array.from(image, (v, j) => (j === i ? v + by : v)),
        sets[kind],
      ).value;
    const slope = (shifted(1e-4) - shifted(-1e-4)) / 2e-4;
    expect(Math.abs(dx[i]! - slope)).toBeLessThan(2e-5 * (1 + Math.abs(slope)));
  }
});

test('a biased convolution folds its batch norm in evaluation', async () => {
  const values = new Map([
    ['conv.weight', draw('conv', 4 * C * 3)],
    ['conv.bias', draw('conv bias', 4)],
    ['norm.weight', draw('scale', 4)],
    ['norm.bias', draw('shift', 4)],
    ['norm.running_mean', draw('mean', 4)],
    ['norm.running_var', draw('variance', 4).map((v) => 0.5 + Math.abs(v))],
  ]);
  const scope = new Scope(new ConstantStore(values), false);
  const options = { channels: 4, kernel: [1, 3], bias: true } as const;
  const x = input('x', 'float32', SHAPE);
  const folded = convNorm(scope.child('conv'), scope.child('norm'), x, options);
  const plain = batchNorm(scope.child('norm'), convolution(scope.child('conv'), x, options));
  const [a, b] = (await runGraph([folded, plain], { x: image })) as [Float32Array, Float32Array];
  expect(folded.node.op).toBe('conv');
  a.forEach((value, i) => {
    expect(Math.abs(value - b[i]!)).toBeLessThan(1e-5 * (1 + Math.abs(value)));
  });
});
