import { expect, test } from 'vitest';
import * as g from '../builders.js';
import { reachableNodes, type Tensor } from '../tensor.js';
import { sumOfProducts } from './dot-products.js';
import { lower } from './table.js';

const isProduct = (sum: Tensor): boolean =>
  reachableNodes(lower([sum], { reduceSum: sumOfProducts })).some(({ op }) => op === 'matMul');

const float = (name: string, ...shape: number[]): Tensor => g.input(name, 'float32', shape);
const [a, b] = [float('a', 2, 3, 80, 70), float('b', 2, 3, 80, 70)];

test('long sums of products over trailing axes become matrix products', () => {
  expect(isProduct(g.reduceSum(g.mul(a, b), { axes: [2, 3] }))).toBe(true);
  expect(isProduct(g.reduceSum(g.mul(a, a), { axes: [0, 2, 3], keepDims: true }))).toBe(true);
});

test('all others are left alone', () => {
  const [n, m] = [g.input('n', 'int32', [9000]), g.input('m', 'int32', [9000])];
  expect(isProduct(g.reduceSum(g.mul(n, m)))).toBe(false);
  expect(isProduct(g.reduceSum(a))).toBe(false);
  expect(isProduct(g.reduceSum(g.mul(a, float('row', 70))))).toBe(false);
  expect(isProduct(g.reduceSum(g.mul(a, b), { axes: [0, 1] }))).toBe(false);
  expect(isProduct(g.reduceSum(g.mul(a, b), { axes: [3] }))).toBe(false);
});
