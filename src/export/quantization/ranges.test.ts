import { describe, expect, test } from 'vitest';
import { Random } from '../../base/random.js';
import { Histogram } from './ranges.js';

const random = new Random('values');
const normal = Float32Array.from({ length: 200_000 }, () => random.normal());

function histogramOf(values: Float32Array, range: { low: number; high: number }): Histogram {
  const histogram = new Histogram(range);
  histogram.add(values);
  return histogram;
}

/** Mean square of what rounding to 256 values of a range does. */
function noise(values: Float32Array, { low, high }: { low: number; high: number }): number {
  const step = (high - low) / 255;
  const told = (value: number) =>
    low + Math.round((Math.min(Math.max(value, low), high) - low) / step) * step;
  return values.reduce((sum, value) => sum + (told(value) - value) ** 2, 0) / values.length;
}

describe('one value far away', () => {
  const far = Float32Array.from([...normal, 100]);
  const full = { low: -5, high: 100 };

  test('is cut off by percentiles, and one value in ten thousand with it', () => {
    const { low, high } = histogramOf(far, full).rangeBy('percentile');
    const below = far.filter((value) => value < low).length;
    const above = far.filter((value) => value > high).length;
    for (const count of [below, above]) expect(count).toBeLessThanOrEqual(20);
    expect(high).toBeLessThan(10);
    expect(noise(normal, { low, high })).toBeLessThan(noise(normal, full) / 50);
  });

  test('is cut off by entropy', () => {
    const { low, high } = histogramOf(far, full).rangeBy('entropy');
    expect(high).toBeLessThan(20);
    expect(low).toBe(-5);
    expect(noise(normal, { low, high })).toBeLessThan(noise(normal, full) / 10);
  });
});

test('evenly spread values are all kept', () => {
  const even = Float32Array.from({ length: 100_000 }, (_, i) => i / 50_000 - 1);
  for (const method of ['percentile', 'entropy'] as const) {
    const { low, high } = histogramOf(even, { low: -1, high: 1 }).rangeBy(method);
    expect(low).toBeLessThan(-0.95);
    expect(high).toBeGreaterThan(0.95);
  }
});

test('zeros, of which there may be any number, do not decide what else is kept', () => {
  const values = Float32Array.from({ length: 100_000 }, (_, i) => (i % 20 === 0 ? Math.abs(normal[i]!) : 0));
  const high = values.reduce((most, value) => Math.max(most, value), 0);
  const kept = histogramOf(values, { low: 0, high }).rangeBy('entropy').high;
  expect(values.filter((value) => value > kept).length).toBeLessThan(100);
});

test('of few or equal values all are kept', () => {
  const few = Float32Array.of(0, 1, 2, 50);
  expect(histogramOf(few, { low: 0, high: 50 }).rangeBy('percentile')).toEqual({ low: 0, high: 50 });
  expect(histogramOf(new Float32Array(9), { low: 0, high: 0 }).rangeBy('entropy')).toEqual({
    low: 0,
    high: 0,
  });
});
