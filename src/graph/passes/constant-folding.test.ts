import { describe, expect, test } from 'vitest';
import { interpret } from '../../../tests/graph/reference.js';
import * as g from '../builders.js';
import type { Tensor } from '../tensor.js';
import { foldConstants } from './constant-folding.js';

const values = (shape: readonly number[], from = 0.3): Tensor =>
  g.constant(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => from + ((i * 7) % 11) / 4),
    shape,
  );

describe('folds to what the interpreter says', () => {
  const [a, b] = [values([2, 3, 4]), values([3, 1], 1)];
  const cases: Readonly<Record<string, Tensor>> = {
    neg: g.neg(a),
    exp: g.exp(a),
    log: g.log(a),
    sqrt: g.sqrt(a),
    reciprocal: g.reciprocal(a),
    abs: g.abs(g.sub(a, 1)),
    floor: g.floor(g.neg(a)),
    relu: g.relu(g.sub(a, 1)),
    sigmoid: g.sigmoid(a),
    tanh: g.tanh(a),
    positive: g.positive(g.sub(a, 0.3)),
    add: g.add(a, b),
    sub: g.sub(b, a),
    mul: g.mul(a, b),
    div: g.div(a, b),
    pow: g.pow(a, b),
    maximum: g.maximum(a, b),
    minimum: g.minimum(b, a),
    'broadcast both ways': g.sub(values([2, 1, 3]), values([4, 1])),
    expand: g.expand(b, [2, 3, 2]),
    reshape: g.reshape(a, [4, 6]),
    transpose: g.transpose(a, [2, 0, 1]),
    slice: g.sliceAxes(a, { axes: [2, 0], starts: [1, 1], ends: [4, 2], steps: [2, 1] }),
    take: g.take(a, 1, [2, 0, 2]),
    'take of the last axis': g.take(a, -1, [3, 1]),
    concat: g.concat([a, values([1, 3, 4])], 0),
    reduceSum: g.reduceSum(a, { axes: [0, 2] }),
    'reduceMean, kept': g.reduceMean(a, { axes: [1], keepDims: true }),
    'reduceSum of everything': g.reduceSum(a),
  };
  for (const [name, tensor] of Object.entries(cases))
    test(name, () => {
      const [folded] = foldConstants([tensor]);
      expect(folded!.node.op).toBe('constant');
      expect([folded!.dtype, folded!.shape]).toEqual([tensor.dtype, tensor.shape]);
      const [expected] = interpret([tensor], {});
      expect(interpret([folded!], {})[0]).toEqual(Float64Array.from(expected!, Math.fround));
    });
});

const dataOf = (tensor: Tensor) => {
  expect(tensor.node.op).toBe('constant');
  return (tensor.node.attributes as { data: unknown }).data;
};

test('casts between integers and floats', () => {
  const casted = (numbers: number[], from: Tensor['dtype'], to: Tensor['dtype']) =>
    dataOf(foldConstants([g.cast(g.constant(numbers, [numbers.length], from), to)])[0]!);
  expect(casted([3, 255], 'uint8', 'float32')).toEqual(Float32Array.of(3, 255));
  expect(casted([1, 0], 'bool', 'float32')).toEqual(Float32Array.of(1, 0));
  expect(casted([-2.7, 2.7], 'float32', 'int32')).toEqual(Int32Array.of(-2, 2));
  expect(casted([-2.7, 9], 'float32', 'int64')).toEqual(BigInt64Array.of(-2n, 9n));
  expect(casted([-5], 'int64', 'int32')).toEqual(Int32Array.of(-5));
});

test('a cast that the processor decides is left to the runtime', () => {
  const [left] = foldConstants([g.cast(g.constant([Number.NaN, Number.POSITIVE_INFINITY], [2]), 'int64')]);
  expect(left!.node.op).toBe('cast');
});

test('reshaped booleans stay booleans', () => {
  const [mask] = foldConstants([g.reshape(g.constant([1, 0], [2], 'bool'), [2, 1])]);
  expect([mask!.dtype, mask!.node.op]).toEqual(['bool', 'constant']);
});

test('nothing that depends on an input or on a unique constant is folded', () => {
  const x = g.input('x', 'float32', [2]);
  const [y] = foldConstants([g.add(g.mul(x, 2), g.mul(g.scalar(2), 3))]);
  expect(y!.node.inputs.map((input) => input.node.op)).toEqual(['mul', 'constant']);
});

test('a small constant is not blown up', () => {
  const [big] = foldConstants([g.expand(g.scalar(1), [1000, 1000])]);
  expect(big!.node.op).toBe('expand');
});
