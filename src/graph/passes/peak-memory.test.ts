import { expect, test } from 'vitest';
import { add, cast, concat, input, mul, neg, reshape, softmax } from '../builders.js';
import { peakMemory } from './peak-memory.js';

/** 4000 bytes. */
const x = input('x', 'float32', [10, 100]);

test('inputs do not count; an elementwise operator writes over an operand that dies', () => {
  expect(peakMemory([neg(x)])).toBe(4000);
  expect(peakMemory([neg(neg(neg(x)))])).toBe(4000);
});

test('an operand that is read again later lives on', () => {
  const y = neg(x);
  expect(peakMemory([mul(neg(neg(y)), y)])).toBe(8000);
});

test('other operators need their operand and their result at once', () => {
  expect(peakMemory([softmax(neg(x), 1)])).toBe(8000);
});

test('a reshape shows the same memory', () => {
  expect(peakMemory([softmax(reshape(neg(reshape(x, [1000])), [100, 10]), 1)])).toBe(8000);
});

test('results stay until the end; types have their sizes', () => {
  const y = neg(x);
  expect(peakMemory([y, softmax(y, 1), cast(y, 'uint8')])).toBe(9000);
});

test('branches that meet are alive together', () => {
  const [a, b] = [softmax(neg(x), 0), softmax(add(x, 1), 1)];
  expect(peakMemory([concat([a, b], 0)])).toBe(16000);
});
