import { describe, expect, test } from 'vitest';
import { Random } from '../../base/random.js';
import { LARGEST_WEIGHT, meanError, roundingOf, roundWeights } from './rounding.js';

describe('values of a range', () => {
  test.each([
    [-1, 3],
    [0, 6],
    [-2.5, 0],
    // Zero is kept, whatever the range: convolutions pad with it.
    [2, 3],
    [-3, -2],
  ])('from %d to %d are at most half a step away, and zero is exact', (low, high) => {
    const { scale, zero } = roundingOf({ low, high });
    expect(Number.isInteger(zero) && zero >= 0 && zero <= 255).toBe(true);
    for (const value of [0, low, high, (low + high) / 2]) {
      const integer = Math.min(Math.max(Math.round(value / scale) + zero, 0), 255);
      // The zero point is rounded as well, so that the ends may be half a step out of reach.
      expect(Math.abs((integer - zero) * scale - value)).toBeLessThanOrEqual(value === 0 ? 0 : scale * 1.001);
    }
    expect(scale).toBeCloseTo((Math.max(high, 0) - Math.min(low, 0)) / 255, 6);
  });

  test('that are all zero have a scale all the same', () => {
    expect(roundingOf({ low: 0, high: 0 }).scale).toBeGreaterThan(0);
  });
});

const random = new Random('weights');
const SHAPE = { channels: 6, inputs: 4, taps: 9 };
const weights = Float32Array.from(
  { length: 6 * 4 * 9 },
  (_, i) => random.normal() * (1 + Math.floor(i / 36)),
);
const bias = new Float32Array(6);

describe('weights', () => {
  test.each([7, 8] as const)('of %d bits are at most half a step of their channel away', (bits) => {
    const { integers, scales } = roundWeights(weights, bias, 0.1, bits);
    const largest = integers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBe(LARGEST_WEIGHT[bits]);
    integers.forEach((integer, i) => {
      const scale = scales[Math.floor(i / 36)]!;
      expect(Math.abs(integer * scale - weights[i]!)).toBeLessThanOrEqual(0.5001 * scale);
    });
  });

  test('of 7 bits make no pair of products too large for 16 bits, of 8 bits they would', () => {
    const pair = (bits: 7 | 8) => 2 * 255 * LARGEST_WEIGHT[bits];
    expect(pair(7)).toBeLessThan(2 ** 15);
    expect(pair(8)).toBeGreaterThan(2 ** 15);
  });

  test('that are tiny beside their bias leave the bias small enough for 32 bits', () => {
    const large = new Float32Array(6).fill(1e6);
    const { scales } = roundWeights(
      weights.map((value) => value * 1e-9),
      large,
      1e-3,
      7,
    );
    for (const scale of scales) expect(1e6 / (scale * 1e-3)).toBeLessThan(2 ** 31);
  });

  test('of a channel that is all zero stay zero', () => {
    const { integers, scales } = roundWeights(new Float32Array(8), new Float32Array(2), 1, 7);
    expect([...integers]).toEqual(new Array(8).fill(0));
    for (const scale of scales) expect(scale).toBeGreaterThan(0);
  });
});

test.each([1, 2])('the mean error is what a constant input shows, with %d groups', (groups) => {
  const { channels, inputs, taps } = SHAPE;
  const means = Float32Array.from({ length: inputs * groups }, (_, i) => i - 1.5);
  const rounded = roundWeights(weights, bias, 0.1, 7);
  const error = meanError(weights, rounded, means, groups);
  for (let o = 0; o < channels; o++) {
    const first = Math.floor(o / (channels / groups)) * inputs;
    let expected = 0;
    for (let c = 0; c < inputs; c++)
      for (let k = 0; k < taps; k++) {
        const at = (o * inputs + c) * taps + k;
        expected += (rounded.integers[at]! * rounded.scales[o]! - weights[at]!) * means[first + c]!;
      }
    expect(error[o]).toBeCloseTo(expected, 4);
  }
  expect(error.some((value) => Math.abs(value) > 1e-3)).toBe(true);
});
