import { expect, test } from 'vitest';
import { riseOf } from './pilot.js';

const curve = (...points: readonly (readonly [steps: number, mDice: number])[]) =>
  points.map(([steps, mDice]) => ({ steps, mDice }));

test('a pilot rises by what its second half adds to the best score, as far as its first half was validated', () => {
  expect(riseOf(curve([10, 0.2], [20, 0.3], [30, 0.25], [40, 0.5]))).toBeCloseTo(0.2);
  expect(riseOf(curve([10, 0.4], [20, 0.3]))).toBe(0);
  expect(riseOf(curve([12, 0.05]))).toBeUndefined();
  expect(riseOf([])).toBeUndefined();
});
