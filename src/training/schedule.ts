/** @file Learning rate as a function of the step. */

/** Part of the learning rate at which the linear warm-up starts. */
const WARM_UP_RATIO = 1 / 3;

/**
 * Linear warm-up from a third of the learning rate, then constant.
 *
 * @param step optimiser steps made so far, from 0.
 * @param warmUpSteps steps until the full learning rate; 0 for no warm-up.
 */
export function learningRateAt(step: number, learningRate: number, warmUpSteps: number): number {
  if (step >= warmUpSteps) return learningRate;
  return learningRate * (1 - (1 - step / warmUpSteps) * (1 - WARM_UP_RATIO));
}
