import { expect, test } from 'vitest';
import { limitsOf, sizeProblem } from './limits.js';

const seconds = (fileBytes: number, side: number) => limitsOf(fileBytes, side ** 2).milliseconds / 1000;

test('networks that segment have many times what they take', () => {
  // Parameters of Lite-HRNet-s and SegNext-B in float32, and measured times for 512x512 on two cores.
  expect(seconds(4 * 828_894, 512)).toBeGreaterThan(100 * 0.028);
  expect(seconds(4 * 27_560_386, 512)).toBeGreaterThan(100 * 0.229);
  expect(seconds(4 * 27_560_386, 8192)).toBeGreaterThan(10 * 256 * 0.229);
});

test('a small file has not long, however large the input that it claims', () => {
  expect(seconds(1000, 8192)).toBeLessThan(60);
});

test('a file that is too small for any of our networks gets no large images', () => {
  expect(sizeProblem(1000, 8192, 8192)).toMatch(
    /^its input is 8192x8192, far too large for the 1 kB of its file/,
  );
  expect(sizeProblem(1000, 1024, 1024)).toBeUndefined();
  expect(sizeProblem(4 * 828_894, 8192, 8192)).toBeUndefined();
  expect(sizeProblem(4 * 828_894, 8193, 32)).toMatch(/8192x8192 is the most/);
  expect(sizeProblem(1000, Number.NaN, 32)).toMatch(/is the most/);
});
