import { expect, test } from 'vitest';
import { guessValidationSeconds, mustValidateNow, planEpochs } from './time-budget.js';

test('as many epochs as fit with a margin, at most the limit, at least those that are finished', () => {
  const plan = { budget: 100, elapsed: 10, epochSeconds: 10, finished: 1, limit: 300 };
  // 90 seconds hold 8 epochs of 10.5 seconds.
  expect(planEpochs(plan)).toBe(9);
  expect(planEpochs({ ...plan, limit: 5 })).toBe(5);
  expect(planEpochs({ ...plan, elapsed: 91 })).toBe(1);
  expect(planEpochs({ ...plan, elapsed: 130 })).toBe(1);
});

test('an epoch is cut short while its validation still fits', () => {
  expect(mustValidateNow(60, 40, 10)).toBe(false);
  expect(mustValidateNow(60, 50, 10)).toBe(true);
  expect(mustValidateNow(60, 70, 0)).toBe(true);
});

test('a validation is guessed by images and their sizes', () => {
  const guess = { secondsPerTrainingImage: 0.1, images: 20, sizes: { train: 512, validation: 512 } };
  expect(guessValidationSeconds(guess)).toBeCloseTo(1, 9);
  expect(guessValidationSeconds({ ...guess, sizes: { train: 256, validation: 512 } })).toBeCloseTo(4, 9);
});
