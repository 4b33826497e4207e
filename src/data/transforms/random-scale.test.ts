import { expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { drawScaledSize, drawSquareSize } from './random-scale.js';

it('draws long edges over the whole range 0.5..2 of the base and keeps the aspect ratio', () => {
  const random = new Random(1);
  const sizes = Array.from({ length: 2000 }, () => drawScaledSize({ width: 480, height: 360 }, 272, random));
  const widths = sizes.map(({ width }) => width);
  expect(Math.min(...widths)).toBeGreaterThanOrEqual(136);
  expect(Math.min(...widths)).toBeLessThan(140);
  expect(Math.max(...widths)).toBeLessThanOrEqual(544);
  expect(Math.max(...widths)).toBeGreaterThan(540);
  expect(widths.reduce((a, b) => a + b) / 2000).toBeCloseTo(272 * 1.25, -1);
  for (const { width, height } of sizes) expect(Math.abs(height - width * 0.75)).toBeLessThanOrEqual(0.5);
});

it('takes the long edge whichever it is and never gives an empty size', () => {
  const { width, height } = drawScaledSize({ width: 10, height: 1000 }, 8, new Random(1));
  expect(height).toBeGreaterThanOrEqual(4);
  expect(height).toBeLessThanOrEqual(16);
  expect(width).toBe(1);
});

it('draws squares over the same range when the aspect ratio is not kept', () => {
  const random = new Random(2);
  const sizes = Array.from({ length: 2000 }, () => drawSquareSize({ width: 480, height: 36 }, 272, random));
  const widths = sizes.map(({ width }) => width);
  expect(sizes.every(({ width, height }) => width === height)).toBe(true);
  expect(Math.min(...widths)).toBeGreaterThanOrEqual(136);
  expect(Math.min(...widths)).toBeLessThan(140);
  expect(Math.max(...widths)).toBeGreaterThan(540);
  expect(Math.max(...widths)).toBeLessThan(544);
});
