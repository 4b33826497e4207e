import { expect, test } from 'vitest';
import { Random } from '../../base/random.js';
import { storedWeight } from './stored-weights.js';

const random = new Random('weights');
const SHAPE = [4, 8, 3, 3];
const PER_CHANNEL = 72;
const kernel = Float32Array.from(
  { length: 4 * PER_CHANNEL },
  (_, i) => random.normal() * 10 ** Math.floor(i / PER_CHANNEL),
);

test('integers times the factor of their channel are off by half of it at most', () => {
  kernel.fill(0, 0, PER_CHANNEL);
  const { values, scales } = storedWeight(kernel, SHAPE, 'int8', true)!;
  expect(scales!.shape).toEqual([4, 1, 1, 1]);
  for (const [i, integer] of [...values.data].entries()) {
    const scale = Number(scales!.data[Math.floor(i / PER_CHANNEL)]!);
    expect(Math.abs(Number(integer) * scale - kernel[i]!)).toBeLessThanOrEqual(scale * 0.5001);
    expect(Math.abs(Number(integer))).toBeLessThanOrEqual(127);
  }
});

test('what is small, no kernel, or too large for a half is stored as it is', () => {
  expect(storedWeight(kernel, SHAPE, 'float32', true)).toBeUndefined();
  expect(storedWeight(kernel, SHAPE, 'int8', false)).toBeUndefined();
  expect(storedWeight(kernel, [kernel.length], 'float16', false)).toBeUndefined();
  expect(storedWeight(kernel.subarray(0, 9), [1, 1, 3, 3], 'int8', true)).toBeUndefined();
  expect(storedWeight(kernel, SHAPE, 'float16', true)).toBeUndefined();
  const large = Float32Array.from({ length: 2048 }, () => random.normal());
  expect(storedWeight(large, [64, 32, 1, 1], 'float16', true)?.values.elementType).toBe(10);
  expect(storedWeight(large, [2048], 'float16', false)).toBeUndefined();
  large[7] = 70_000;
  expect(storedWeight(large, [64, 32, 1, 1], 'float16', true)).toBeUndefined();
});

test('weights of the smallest layers are halves where all are to be', () => {
  const data = new Float32Array(128).fill(0.5);
  expect(storedWeight(data, [128, 1], 'float16', true)).toBeUndefined();
  expect(storedWeight(data, [128, 1], 'float16-throughout', true)?.values.data).toBeInstanceOf(Uint16Array);
  expect(storedWeight(data.fill(1e6), [128, 1], 'float16-throughout', true)).toBeUndefined();
});
