import { expect, test } from 'vitest';
import { isOverflow, LOSS_SCALE_START, type LossScale, nextLossScale } from './loss-scale.js';

const after = (scale: LossScale, steps: number): LossScale =>
  Array.from({ length: steps }).reduce<LossScale>((last) => nextLossScale(last, true), scale);

test('the loss scale halves after an overflow and doubles after 2000 good steps', () => {
  expect(LOSS_SCALE_START).toEqual({ value: 65536, goodSteps: 0 });
  const halved = nextLossScale(after(LOSS_SCALE_START, 1500), false);
  expect(halved).toEqual({ value: 32768, goodSteps: 0 });
  expect(after(halved, 1999)).toEqual({ value: 32768, goodSteps: 1999 });
  expect(after(halved, 2000)).toEqual({ value: 65536, goodSteps: 0 });
});

test('it stays between 1 and what float32 multiplies exactly', () => {
  expect(nextLossScale({ value: 1, goodSteps: 5 }, false)).toEqual({ value: 1, goodSteps: 0 });
  expect(nextLossScale({ value: 2 ** 24, goodSteps: 1999 }, true).value).toBe(2 ** 24);
});

test('a smaller scale mends no loss that is not finite, and 1 cannot get smaller', () => {
  expect(isOverflow(LOSS_SCALE_START, 0.5)).toBe(true);
  expect(isOverflow(LOSS_SCALE_START, Number.NaN)).toBe(false);
  expect(isOverflow({ value: 1, goodSteps: 0 }, 0.5)).toBe(false);
});
