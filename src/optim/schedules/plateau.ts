/** @file Lowers the learning rate when the validation score stops rising (the reference's ReduceLROnPlateau). */

const FACTOR = 0.1;
const MIN_LEARNING_RATE = 1e-6;
const PATIENCE = 5;

/** All that the rule remembers; plain data, kept in checkpoints. */
export type PlateauState = {
  /** Best score seen; null before the first. */
  readonly best: number | null;
  /** Looks in a row without a score as good as the best. */
  readonly bad: number;
  /** How often the learning rate was lowered. */
  readonly drops: number;
  /** Optimiser steps made at the last good look or drop. */
  readonly lastStep: number;
};

export const PLATEAU_START: PlateauState = { best: null, bad: 0, drops: 0, lastStep: 0 };

/** The learning rate after some drops: a tenth each, never below 1e-6. */
export function plateauLearningRate(learningRate: number, drops: number): number {
  let rate = learningRate;
  for (let drop = 0; drop < drops && rate > MIN_LEARNING_RATE; drop++)
    rate = Math.max(FACTOR * rate, MIN_LEARNING_RATE);
  return rate;
}

export interface PlateauLook {
  /** Newest validation score. */
  readonly score: number;
  /** Optimiser steps made so far. */
  readonly step: number;
}

/**
 * One look, taken at the start of every epoch but the first. Nothing is seen during the warm-up or at the lowest learning
 * rate. A score *equal* to the best counts as good: unlike in early stopping.
 * The fifth bad look, or the first after it that comes `iterationPatience` steps behind the last good look or drop, lowers
 * the learning rate.
 */
export function lookAtPlateau(
  state: PlateauState,
  { score, step }: PlateauLook,
  options: {
    readonly learningRate: number;
    readonly warmUpSteps: number;
    readonly iterationPatience: number;
  },
): PlateauState {
  const { learningRate, warmUpSteps, iterationPatience } = options;
  if (step < warmUpSteps) return state;
  if (plateauLearningRate(learningRate, state.drops) === MIN_LEARNING_RATE) return state;
  if (state.best === null || score >= state.best) return { ...state, best: score, bad: 0, lastStep: step };
  const bad = state.bad + 1;
  if (bad < PATIENCE || step - state.lastStep < iterationPatience) return { ...state, bad };
  return { ...state, bad: 0, drops: state.drops + 1, lastStep: step };
}
