import { expect, test } from 'vitest';
import { float, integer } from './kinds.js';

const read = (value: unknown) => float({ min: 0, max: 1 }).schema.safeParse(value);

test('zero is zero, whatever its sign', () => {
  for (const value of [-0, '-0', '-0.0e5', '-0e-999', 0, '0']) {
    expect(Object.is(read(value).data, 0), String(value)).toBe(true);
    expect(Object.is(integer({ min: 0, max: 1 }).schema.parse(value), 0), String(value)).toBe(true);
  }
});

test('a number too small or too large to be one is not taken for 0 or infinity', () => {
  for (const value of ['1e-400', '-1e-400', '0.01e-330', '1e400', Number.NaN, 'NaN', 'Infinity']) {
    expect(read(value).success, String(value)).toBe(false);
  }
  expect(read('1e-300').data).toBe(1e-300);
});
