/** @file Ends a training whose validation score no longer rises. */

import type { SteeredRun, Steering } from './steering-part.js';

export interface EarlyStoppingOptions {
  /** First epoch (from 1) whose score counts; the best of the epochs before is not remembered. */
  readonly start: number;
  /** Epochs in a row without a better score after which the training ends. */
  readonly patience: number;
  /** Optimiser steps that must have passed since the last better score as well. */
  readonly iterationPatience: number;
  /** Scores count only after the warm-up. */
  readonly warmUpSteps: number;
}

/** All that the rule remembers; plain data, kept in checkpoints. */
export interface EarlyStoppingState {
  /** Best score that counted; null before the first. */
  readonly best: number | null;
  /** Scores in a row that were not better. */
  readonly wait: number;
  /** Optimiser steps made when the best score was reached. */
  readonly bestStep: number;
}

export const EARLY_STOPPING_START: EarlyStoppingState = { best: null, wait: 0, bestStep: 0 };

export interface ScoredEpoch {
  /** From 1. */
  readonly epoch: number;
  /** Optimiser steps made so far. */
  readonly step: number;
  readonly score: number;
}

/** One validated epoch: the new state, and whether to stop. Only a *strictly* greater score is better. */
export function checkEarlyStopping(
  state: EarlyStoppingState,
  { epoch, step, score }: ScoredEpoch,
  { start, patience, iterationPatience, warmUpSteps }: EarlyStoppingOptions,
): { readonly state: EarlyStoppingState; readonly stop: boolean } {
  if (epoch < start || step < warmUpSteps) return { state, stop: false };
  if (state.best === null || score > state.best) {
    return { state: { best: score, wait: 0, bestStep: step }, stop: false };
  }
  const wait = state.wait + 1;
  return {
    state: { ...state, wait },
    stop: wait >= patience && step - state.bestStep >= iterationPatience,
  };
}

export function earlyStopping({ state, settings, interval }: SteeredRun): Steering {
  const options = {
    start: settings.use_adaptive_interval ? interval : settings.early_stop_start,
    patience: settings.early_stop_patience,
    iterationPatience: settings.early_stop_iteration_patience,
    warmUpSteps: settings.learning_rate_warmup_iters,
  };
  return {
    afterEpoch: ({ event: { epoch, updates, metrics } }) => {
      if (!metrics || !settings.enable_early_stopping) return undefined;
      const look = { epoch, step: updates, score: metrics.mDice };
      const checked = checkEarlyStopping(state.earlyStopping, look, options);
      state.earlyStopping = checked.state;
      return checked.stop ? 'early-stopping' : undefined;
    },
  };
}
