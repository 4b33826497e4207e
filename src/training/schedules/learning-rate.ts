/** @file Learning rate as a function of the step: warm-up, then one of three policies. */

import { plateauLearningRate } from './plateau.js';

/** `plateau` drops with the validation score, `poly` falls to almost nothing at the last step, `constant` stays. */
export type LearningRateSchedule = 'plateau' | 'poly' | 'constant';

/** Part of the learning rate at which the linear warm-up starts; the reference's values. */
const WARM_UP_RATIO: Readonly<Record<LearningRateSchedule, number>> = {
  plateau: 1 / 3,
  poly: 1e-6,
  constant: 1 / 3,
};
const POLY_POWER = 0.9;
const POLY_MIN = 1e-6;

export interface LearningRateOptions {
  readonly schedule: LearningRateSchedule;
  /** After the warm-up, before any drop. */
  readonly learningRate: number;
  /** Steps until the full learning rate; 0 for no warm-up. */
  readonly warmUpSteps: number;
}

/** Where a training stands, as far as the learning rate depends on it. */
export interface LearningRatePosition {
  /** Optimiser steps made so far, from 0. */
  readonly step: number;
  /** Steps of the whole training. Poly reaches its end there. */
  readonly totalSteps: number;
  /** How often a plateau has lowered the learning rate. */
  readonly drops: number;
}

/** The learning rate of the next step. */
export function learningRateAt(options: LearningRateOptions, position: LearningRatePosition): number {
  const { schedule, warmUpSteps } = options;
  const regular = regularLearningRate(options, position);
  if (position.step >= warmUpSteps) return regular;
  return regular * (1 - (1 - position.step / warmUpSteps) * (1 - WARM_UP_RATIO[schedule]));
}

function regularLearningRate(
  { schedule, learningRate }: LearningRateOptions,
  { step, totalSteps, drops }: LearningRatePosition,
): number {
  switch (schedule) {
    case 'constant':
      return learningRate;
    case 'plateau':
      return plateauLearningRate(learningRate, drops);
    case 'poly': {
      // A plan that was shortened may leave a step or two beyond its end.
      const left = Math.max(1 - step / totalSteps, 0);
      return (learningRate - POLY_MIN) * left ** POLY_POWER + POLY_MIN;
    }
  }
}
