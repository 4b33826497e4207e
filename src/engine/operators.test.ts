/** @file Every operator with a literal ONNX form, run by ONNX Runtime and compared with values worked out here. */
import { describe, expect, it } from 'vitest';
import * as g from '../graph/builders.js';
import { shapeRules } from '../graph/shape-rules.js';
import type { Tensor, TensorData } from '../graph/tensor.js';
import type { OpName } from '../graph/vocabulary.js';
import { runGraph } from './run-graph.js';

interface Case {
  readonly build: () => Tensor | readonly Tensor[];
  readonly expected: readonly (readonly number[])[];
}

const feeds: Record<string, TensorData> = {
  v: Float32Array.of(-1.5, 0, 0.5, 2),
  p: Float32Array.of(0.25, 1, 4, 9),
  m: Float32Array.of(1, 2, 3, 4, 5, 6),
  map: Float32Array.from({ length: 16 }, (_, i) => i),
  u: Uint8Array.of(0, 1, 255, 7),
};
const v = g.input('v', 'float32', [4]);
const p = g.input('p', 'float32', [4]);
const m = g.input('m', 'float32', [2, 3]);
const map = g.input('map', 'float32', [1, 1, 4, 4]);
const u = g.input('u', 'uint8', [4]);

const V = [-1.5, 0, 0.5, 2];
const one = (build: () => Tensor, expected: readonly number[]): Case => ({ build, expected: [expected] });
const each = (build: (x: Tensor) => Tensor, f: (x: number) => number): Case => one(() => build(v), V.map(f));
const flag = (build: () => Tensor, f: (x: number) => boolean): Case =>
  one(
    build,
    V.map((x) => (f(x) ? 1 : 0)),
  );
const phi = (x: number) => 0.5 * (1 + erf(x / Math.SQRT2));
/** Maclaurin series, exact enough for |x| ≤ 2. */
function erf(x: number): number {
  let [sum, term] = [x, x];
  for (let n = 1; n < 60; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const cases: Partial<Record<OpName, Case>> = {
  neg: each(g.neg, (x) => -x),
  exp: each(g.exp, Math.exp),
  log: one(() => g.log(p), [0.25, 1, 4, 9].map(Math.log)),
  sqrt: one(() => g.sqrt(p), [0.5, 1, 2, 3]),
  reciprocal: one(() => g.reciprocal(p), [4, 1, 1 / 4, 1 / 9]),
  abs: each(g.abs, Math.abs),
  erf: each(g.erf, erf),
  floor: each(g.floor, Math.floor),
  relu: each(g.relu, (x) => Math.max(x, 0)),
  sigmoid: each(g.sigmoid, (x) => 1 / (1 + Math.exp(-x))),
  tanh: each(g.tanh, Math.tanh),
  gelu: each(g.gelu, (x) => x * phi(x)),
  stopGradient: each(g.stopGradient, (x) => x),
  cast: one(() => g.cast(g.cast(u, 'int64'), 'float32'), [0, 1, 255, 7]),

  add: one(() => g.add(v, p), [-1.25, 1, 4.5, 11]),
  sub: one(() => g.sub(v, 1), [-2.5, -1, -0.5, 1]),
  mul: one(
    () => g.mul(g.reshape(p, [4, 1]), g.reshape(v, [1, 4])),
    [0.25, 1, 4, 9].flatMap((a) => V.map((b) => a * b)),
  ),
  div: one(() => g.div(v, p), [-6, 0, 0.125, 2 / 9]),
  pow: one(() => g.pow(p, 1.5), [0.125, 1, 8, 27]),
  maximum: each(
    (x) => g.maximum(x, 0.25),
    (x) => Math.max(x, 0.25),
  ),
  minimum: each(
    (x) => g.minimum(x, 0.25),
    (x) => Math.min(x, 0.25),
  ),
  equal: one(() => g.equal(u, 255), [0, 0, 1, 0]),
  less: flag(
    () => g.less(v, 0.5),
    (x) => x < 0.5,
  ),
  greater: flag(
    () => g.greater(v, 0.5),
    (x) => x > 0.5,
  ),
  greaterOrEqual: flag(
    () => g.greaterOrEqual(v, 0.5),
    (x) => x >= 0.5,
  ),
  and: flag(
    () => g.and(g.greater(v, -1), g.less(v, 1)),
    (x) => x > -1 && x < 1,
  ),
  not: flag(
    () => g.not(g.greater(v, 0)),
    (x) => x <= 0,
  ),
  where: each(
    (x) => g.where(g.greater(x, 0), x, g.mul(x, 10)),
    (x) => (x > 0 ? x : 10 * x),
  ),

  reduceSum: {
    build: () => [g.reduceSum(m), g.reduceSum(m, { axes: [-1], keepDims: true })],
    expected: [[21], [6, 15]],
  },
  reduceMean: one(() => g.reduceMean(m, { axes: [0] }), [2.5, 3.5, 4.5]),
  reduceMax: one(() => g.reduceMax(m, { axes: [1] }), [3, 6]),
  argMax: one(() => g.argMax(g.neg(m), 1), [0, 0]),
  softmax: one(
    () => g.softmax(m, 0),
    [...new Array(3).fill(1 / (1 + Math.E ** 3)), ...new Array(3).fill(1 / (1 + Math.E ** -3))],
  ),

  sort: {
    build: () => {
      // Equal values: their positions stay in order.
      const { values, positions } = g.sort(g.concat([v, v], 0), 0);
      return [values, positions, g.sort(m, 0).values];
    },
    expected: [
      [2, 2, 0.5, 0.5, 0, 0, -1.5, -1.5],
      [3, 7, 2, 6, 1, 5, 0, 4],
      [4, 5, 6, 1, 2, 3],
    ],
  },
  cumSum: {
    build: () => [g.cumSum(m, 1), g.cumSum(m, 1, { reverse: true }), g.cumSum(m, 0)],
    expected: [
      [1, 3, 6, 4, 9, 15],
      [6, 5, 3, 15, 11, 6],
      [1, 2, 3, 5, 7, 9],
    ],
  },
  gatherElements: one(() => g.gatherElements(m, g.constant([2, 2, 0, 1], [2, 2], 'int64'), 1), [3, 3, 4, 5]),
  scatterElements: one(
    () =>
      g.scatterElements(
        m,
        g.constant([2, 2, 0, 1], [2, 2], 'int64'),
        g.constant([10, 20, 30, 40], [2, 2]),
        1,
      ),
    [1, 2, 33, 34, 45, 6],
  ),

  reshape: one(() => g.reshape(m, [3, -1]), [1, 2, 3, 4, 5, 6]),
  transpose: one(() => g.transpose(m, [1, 0]), [1, 4, 2, 5, 3, 6]),
  concat: one(() => g.concat([m, m], 1), [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]),
  split: {
    build: () => g.split(m, [1, 2], 1),
    expected: [
      [1, 4],
      [2, 3, 5, 6],
    ],
  },
  slice: one(() => g.slice(map, 3, 1, 4, 2), [1, 3, 5, 7, 9, 11, 13, 15]),
  pad: one(() => g.pad(m, [0, 1, 1, 0], 9), [9, 1, 2, 3, 9, 4, 5, 6, 9, 9, 9, 9]),
  expand: one(() => g.expand(v, [2, 4]), [...V, ...V]),
  take: one(() => g.take(m, 1, [2, 0, 0]), [3, 1, 1, 6, 4, 4]),

  matMul: {
    build: () => [
      g.matMul(m, m, { transB: true }),
      g.matMul(m, m, { transA: true, alpha: 0.5 }),
      g.matMul(g.reshape(m, [2, 1, 3]), g.reshape(m, [3, 2])),
    ],
    expected: [
      [14, 32, 32, 77],
      [8.5, 11, 13.5, 11, 14.5, 18, 13.5, 18, 22.5],
      [22, 28, 49, 64],
    ],
  },
  conv: {
    build: () => [
      g.conv(map, g.constant([1, 0, 0, -1], [1, 1, 2, 2]), { stride: 2, bias: g.constant([0.5], [1]) }),
      g.conv(map, g.full([1, 1, 3, 3], 1), { dilation: 2, padding: [2, 1] }),
    ],
    expected: [new Array(4).fill(-4.5), [0, 1, 2, 3, 4, 5, 6, 7].map(dilatedSum)],
  },

  quantizeLinear: {
    build: () => [
      // Halves go to the even neighbour, and what is beyond the type stays at its end.
      g.cast(g.quantizeLinear(v, g.scalar(0.2), g.scalar(3, 'uint8')), 'float32'),
      g.cast(g.quantizeLinear(p, g.scalar(0.5), g.scalar(-128, 'int8')), 'float32'),
      g.cast(g.quantizeLinear(m, g.constant([1, 0.01], [2]), g.constant([0, 1], [2], 'int8'), 0), 'float32'),
    ],
    expected: [
      [0, 3, 5, 13],
      [-128, -126, -120, -110],
      [1, 2, 3, 127, 127, 127],
    ],
  },
  dequantizeLinear: {
    build: () => [
      g.dequantizeLinear(u, g.scalar(0.5), g.scalar(1, 'uint8')),
      g.dequantizeLinear(
        g.constant([-128, 127, 5, 6], [2, 2], 'int8'),
        g.constant([0.5, 2], [2]),
        g.constant([0, 5], [2], 'int8'),
        -1,
      ),
      g.dequantizeLinear(
        g.constant([1_000_000, -3], [2], 'int32'),
        g.constant([0.0625, 2], [2]),
        g.constant([0, 0], [2], 'int32'),
      ),
    ],
    expected: [
      [-0.5, 0, 127, 3],
      [-64, 244, 2.5, 2],
      [62_500, -6],
    ],
  },

  fakeQuantize: {
    build: () => [
      g.fakeQuantize(v, g.scalar(0.2), g.scalar(3, 'uint8')),
      g.fakeQuantize(m, g.constant([1, 0.01], [2]), g.constant([0, 1], [2], 'int8'), 0),
    ],
    expected: [
      [-0.6, 0, 0.4, 2],
      [1, 2, 3, 1.26, 1.26, 1.26],
    ],
  },

  averagePool: one(() => g.averagePool(map, [2, 2]), [2.5, 4.5, 10.5, 12.5]),
  maxPool: one(() => g.maxPool(map, { kernel: [2, 2] }), [5, 7, 13, 15]),
  resizeNearest: {
    build: () => [g.resizeNearest(g.averagePool(map, [2, 2]), [4, 2]), g.resizeNearest(map, [2, 4])],
    expected: [
      [2.5, 4.5, 2.5, 4.5, 10.5, 12.5, 10.5, 12.5],
      [0, 1, 2, 3, 8, 9, 10, 11],
    ],
  },
  resizeBilinear: {
    build: () => [
      g.resizeBilinear(g.reshape(p, [1, 1, 1, 4]), [1, 8]),
      g.resizeBilinear(g.reshape(v, [1, 1, 1, 4]), [1, 7], true),
    ],
    expected: [
      [0.25, 0.4375, 0.8125, 1.75, 3.25, 5.25, 7.75, 9],
      [-1.5, -0.75, 0, 0.25, 0.5, 1.25, 2],
    ],
  },
};

/** Sum over a dilated 3×3 window of `map`, padded by 2 rows and 1 column; the output is [4, 2]. */
function dilatedSum(index: number): number {
  const [r, c] = [Math.floor(index / 2), index % 2];
  let sum = 0;
  for (const y of [r - 2, r, r + 2])
    for (const x of [c - 1, c + 1, c + 3]) if (y >= 0 && y < 4 && x >= 0 && x < 4) sum += y * 4 + x;
  return sum;
}

it('covers every operator but leaves and those that need lowering', () => {
  const leaves = ['input', 'constant', 'onnx'];
  const lowered = [
    'geluGrad',
    'positive',
    'upperQuantile',
    'convInputGrad',
    'convWeightGrad',
    'batchNorm',
    'batchNormGrad',
    'crossEntropy',
    'crossEntropyGrad',
  ];
  expect([...Object.keys(cases), ...leaves, ...lowered].sort()).toEqual(Object.keys(shapeRules).sort());
});

describe.each([false, true])('operators on ONNX Runtime, its rewriting %s', (rewrite) => {
  it.each(Object.entries(cases))('%s', async (_, { build, expected }) => {
    const built = build();
    const outputs = Array.isArray(built) ? (built as Tensor[]) : [built as Tensor];
    const results = await runGraph(outputs, feeds, { rewrite });
    expect(results).toHaveLength(expected.length);
    for (const [i, values] of expected.entries()) {
      expect(results[i]).toHaveLength(values.length);
      for (const [j, value] of values.entries()) expect(Number(results[i]![j])).toBeCloseTo(value, 5);
    }
  });
});
