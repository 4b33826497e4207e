import { expect, test } from 'vitest';
import { createMean } from './mean.js';

test('means of vectors come one after the other, each in its own sum', () => {
  const mean = createMean();
  for (const start of [0, 10]) {
    const [a, b] = [Float32Array.of(1 + start, 2), Float32Array.of(3)];
    mean.add([a, b], true);
    expect([...a, ...b]).toEqual([1 + start, 2, 3]);
    a.fill(2);
    mean.add([a, b], false);
    a.fill(6);
    b.fill(0);
    mean.add([a, b], false, 3);
    expect([...a, ...b]).toEqual([Math.fround((9 + start) / 3), Math.fround(10 / 3), 2]);
  }
});

test('sums are rounded to float32 after each addend, in the order of the calls', () => {
  const order = (values: readonly number[]) => {
    const mean = createMean();
    const vector = new Float32Array(1);
    for (const [i, value] of values.entries()) {
      vector[0] = value;
      mean.add([vector], i === 0, i === values.length - 1 ? 4 : undefined);
    }
    return vector[0];
  };
  expect(order([2 ** 25, 1, 1, -(2 ** 25)])).toBe(0);
  expect(order([1, 1, 2 ** 25, -(2 ** 25)])).toBe(0);
  expect(order([2 ** 25, -(2 ** 25), 1, 1])).toBe(0.5);
});

test('an addend of another length is an error', () => {
  const mean = createMean();
  mean.add([new Float32Array(3)], true);
  expect(() => mean.add([new Float32Array(2)], false)).toThrow('an addend has 2 values, the sum has 3');
});
