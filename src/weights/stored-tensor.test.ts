import { expect, test } from 'vitest';
import { checkExpansion, rowMajorStrides, type StoredTensor, spanOf } from './stored-tensor.js';

test('strides of a tensor without gaps', () => {
  expect(rowMajorStrides([2, 3, 4])).toEqual([12, 4, 1]);
  expect(rowMajorStrides([])).toEqual([]);
});

test('the span reaches from the first to the last value', () => {
  expect(spanOf([], [])).toBe(1);
  expect(spanOf([2, 3], [3, 1])).toBe(6);
  expect(spanOf([5, 4], [1, 5])).toBe(20);
  expect(spanOf([2, 3], [0, 0])).toBe(1);
  expect(spanOf([2, 2], [10, 3])).toBe(14);
  expect(spanOf([0, 7], [7, 1])).toBe(0);
});

test.each<[string, number[], number[]]>([
  ['more strides than axes', [2], [1, 1]],
  ['a negative side', [-1], [1]],
  ['a negative stride', [2], [-1]],
  ['a fraction', [1.5], [1]],
  ['too many values to count', [2 ** 40, 2 ** 40], [1, 1]],
  ['a last value too far to count', [2 ** 30], [2 ** 40]],
  ['a side that is not a number', [Number.NaN], [1]],
  ['too many axes', Array(17).fill(1), Array(17).fill(1)],
])('%s is refused', (_, shape, strides) => {
  expect(() => spanOf(shape, strides)).toThrow(/a tensor of/);
});

const stored = (shape: number[], strides: number[]): StoredTensor => ({
  type: 'float32',
  shape,
  strides,
  position: 0,
});

test('tensors that share values pass, tensors that multiply them do not', () => {
  const fileBytes = 4_000_000;
  const weight = stored([1000, 1000], [1000, 1]);
  const tied = (copies: number) => Array.from({ length: copies }, (_, i) => [`w${i}`, weight] as const);
  expect(() => checkExpansion(tied(4), fileBytes)).not.toThrow();
  expect(() => checkExpansion(tied(6), fileBytes)).toThrow(/"w4".*far more than 4000000 bytes hold/);
  expect(() => checkExpansion([['a', stored([1000], [0])]], 1000)).not.toThrow();
  expect(() => checkExpansion([['a', stored([1e9], [0])]], 1000)).toThrow(/expands to 1000000000 values/);
});

test('many small windows far apart are too much to read', () => {
  const sparse = stored([2], [999_999]);
  const windows = Array.from({ length: 6 }, (_, i) => [`w${i}`, sparse] as const);
  expect(() => checkExpansion(windows.slice(0, 4), 4_000_000)).not.toThrow();
  expect(() => checkExpansion(windows, 4_000_000)).toThrow(/far more/);
});
