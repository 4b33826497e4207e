/** @file The learning rates of a run, by its settings and its state. */

import { learningRateAt, scheduleOf } from '../optim/index.js';
import type { RunState } from '../runs/run-state.js';
import type { HyperParameters } from '../settings/index.js';

export interface LearningRates {
  /** Has the schedule look at the newest score, at the start of an epoch. */
  readonly look: () => void;
  /** @param update number of an optimiser step, from 1. */
  readonly of: (update: number) => number;
}

export interface LearningRatesOptions {
  /** Changed in place. */
  readonly state: RunState;
  readonly settings: HyperParameters['learning_parameters'];
  readonly stepsPerEpoch: number;
  /** Epochs between validations. */
  readonly interval: number;
}

export function learningRates({
  state,
  settings,
  stepsPerEpoch,
  interval,
}: LearningRatesOptions): LearningRates {
  const options = {
    schedule: settings.learning_rate_schedule,
    learningRate: settings.learning_rate,
    warmUpSteps: settings.learning_rate_warmup_iters,
    iterationPatience: settings.plateau_iteration_patience,
  };
  const { look } = scheduleOf(options.schedule);
  return {
    look: () => {
      // In the middle of an epoch it has been done already.
      const isDue = state.step === 0 && state.epoch > 0 && state.epoch % interval === 0;
      if (!look || !isDue) return;
      const seen = { score: state.lastScore ?? 0, step: state.updates };
      state.schedule = { ...look(state.schedule, seen, options) };
    },
    of: (update) =>
      learningRateAt(options, {
        step: update - 1,
        totalSteps: state.epochs * stepsPerEpoch,
        state: state.schedule,
      }),
  };
}
