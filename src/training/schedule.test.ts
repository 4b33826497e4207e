import { expect, test } from 'vitest';
import { learningRateAt } from './schedule.js';

test.each([
  [0, 3.333333e-4],
  [50, 6.666667e-4],
  [99, 9.933333e-4],
  [100, 1e-3],
  [5000, 1e-3],
])(
  'with a warm-up of 100 steps to 1e-3, step %i has %f (golden numbers of the reference)',
  (step, expected) => {
    expect(learningRateAt(step, 1e-3, 100)).toBeCloseTo(expected, 9);
  },
);

test('no warm-up starts at the full learning rate', () => {
  expect(learningRateAt(0, 0.02, 0)).toBe(0.02);
});
