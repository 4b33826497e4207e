import { describe, expect, test } from 'vitest';
import * as g from '../builders.js';
import { printGraph } from '../print.js';
import { createNode, type Tensor } from '../tensor.js';
import { simplify } from './simplify.js';

const x = g.input('x', 'float32', [2, 3]);
const y = g.input('y', 'float32', [2, 3]);
const integers = g.input('n', 'int64', [2]);
const cast = (z: Tensor): Tensor => createNode('cast', [z], { to: 'float32' })[0]!;

describe('simplifies', () => {
  const split = g.split(x, [1, 2], 1);
  const cases: readonly (readonly [string, Tensor, Tensor])[] = [
    ['x·1', g.mul(x, 1), x],
    ['1·x', g.mul(1, x), x],
    ['x + 0', g.add(x, 0), x],
    ['0 + x', g.add(0, x), x],
    ['x − 0', g.sub(x, 0), x],
    ['−(−x)', g.neg(g.neg(x)), x],
    ['a stopped gradient', g.stopGradient(x), x],
    ['x/4', g.div(x, 4), g.mul(x, 0.25)],
    ['(x·2)·3', g.mul(g.mul(x, 2), 3), g.mul(x, 6)],
    ['2·(3·x)', g.mul(2, g.mul(3, x)), g.mul(x, 6)],
    ['(−x)·2', g.mul(g.neg(x), 2), g.mul(x, -2)],
    ['x·(−1)', g.mul(x, -1), g.neg(x)],
    ['(x·2)/4', g.div(g.mul(x, 2), 4), g.mul(g.mul(x, 2), 0.25)],
    ['x + (−y)', g.add(x, g.neg(y)), g.sub(x, y)],
    ['(−x) + y', g.add(g.neg(x), y), g.sub(y, x)],
    ['reshape of reshape', g.reshape(g.reshape(x, [6]), [3, 2]), g.reshape(x, [3, 2])],
    ['reshape back', g.reshape(g.reshape(x, [6]), [2, 3]), x],
    ['concat of split', g.concat(split, 1), x],
    ['expand before broadcasting', g.add(g.expand(g.scalar(2), [2, 3]), x), g.add(g.scalar(2), x)],
    ['expand in where', g.where(g.less(x, y), g.expand(g.scalar(2), [2, 3]), x), g.where(g.less(x, y), 2, x)],
    ['expanded one', g.mul(g.expand(g.scalar(1), [2, 3]), x), x],
    [
      'factor of a product',
      g.matMul(g.mul(x, 2), y, { transB: true }),
      g.matMul(x, y, { transB: true, alpha: 2 }),
    ],
    [
      'negated product',
      g.matMul(x, g.neg(y), { transA: true, alpha: 3 }),
      g.matMul(x, y, { transA: true, alpha: -3 }),
    ],
  ];
  for (const [name, before, after] of cases)
    test(name, () => {
      expect(printGraph(simplify([before]))).toBe(printGraph([after]));
    });
});

describe('leaves alone', () => {
  const row = g.input('row', 'float32', [3]);
  const matrix = (value: number) => g.constant([value], [1, 1]);
  const split = g.split(x, [1, 2], 1);
  const cases: readonly (readonly [string, Tensor])[] = [
    ['a one that adds an axis', g.mul(row, matrix(1))],
    ['a zero that adds an axis', g.add(row, matrix(0))],
    ['a divisor that adds an axis', g.div(row, matrix(4))],
    ['0 − x', g.sub(0, x)],
    ['division by a number without exact reciprocal', g.div(x, 3)],
    ['division by zero', g.div(x, 0)],
    ['division by a power of two without reciprocal', g.div(x, 2 ** 127)],
    ['division of integers', g.div(integers, 2)],
    ['factors whose product is not representable', g.mul(g.mul(x, 1e-30), 1e-30)],
    ['factors whose product overflows', g.mul(g.mul(x, 1e30), 1e30)],
    ['concat of a split in another order', g.concat([split[1]!, split[0]!], 1)],
    ['concat of a part of a split', g.concat([split[0]!, split[0]!, split[0]!], 1)],
    ['an expand that alone gives the shape', g.add(g.expand(row, [4, 3]), 1)],
    ['an expand that is the result', g.expand(row, [4, 3])],
    ['a matrix product of a scaled row', g.matMul(g.mul(x, row), y, { transB: true })],
    ['a needed cast', g.mul(cast(integers), 2)],
  ];
  for (const [name, tensor] of cases)
    test(name, () => {
      expect(printGraph(simplify([tensor]))).toBe(printGraph([tensor]));
    });

  test('concat along another axis than the split', () => {
    const halves = g.split(g.input('s', 'float32', [2, 2]), [1, 1], 1);
    const [result] = simplify([g.concat(halves, 0)]);
    expect(result!.node.op).toBe('concat');
  });
});

test('of two expanded operands one is kept if the shape needs it', () => {
  const [a, b] = [1, 2].map((value) => g.expand(g.scalar(value), [2, 3]));
  const [sum] = simplify([g.add(a!, b!)]);
  expect(sum!.shape).toEqual([2, 3]);
  expect(sum!.node.inputs.map((input) => input.node.op).sort()).toEqual(['constant', 'expand']);
});

test('unique constants are no numbers to calculate with', () => {
  const [one] = createNode('constant', [], {
    data: Float32Array.of(1),
    type: { dtype: 'float32', shape: [1] },
    unique: true,
  });
  const [result] = simplify([g.mul(x, one!)]);
  expect(result!.node.op).toBe('mul');
});
