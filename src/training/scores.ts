/** @file Scoring the weights in training on the validation images. */

import { squareOf } from '../data/index.js';
import { type Forward, validate } from '../inference/validate.js';
import { diceFigure } from '../methods/method.js';
import type { ConfusionMatrix, SegmentationMetrics } from '../runs/metrics.js';
import { divergedWeights, uselessWeights } from './numeric-errors.js';
import type { Training } from './training.js';

/** What a validation has found. */
export interface Scored {
  readonly matrix: ConfusionMatrix;
  readonly metrics: SegmentationMetrics;
  /** Whether no weights of this run were better. */
  readonly isBest: boolean;
  /** Mean Dice of the method's other networks, as figures. */
  readonly others: Readonly<Record<string, number>>;
}

/**
 * Scores the current weights, which so become the best of the state if they are.
 *
 * @param epoch from 1; 0 for weights that were given.
 * @returns undefined for a training without validation.
 * @throws OtxError `numeric` for weights that give no finite numbers, `aborted` when the signal fires.
 */
export async function scoreWeights(training: Training, epoch: number): Promise<Scored | undefined> {
  const { session, state } = training;
  const matrix = await score(training, session.forward, epoch, true);
  if (!matrix) return undefined;
  const others: Record<string, number> = {};
  for (const [name, forward] of Object.entries(session.others)) {
    const other = await score(training, forward, epoch, false);
    if (other) others[diceFigure(name)] = other.summary().mDice;
  }
  const metrics = matrix.summary();
  const isBest = state.best === null || metrics.mDice > state.best.metrics.mDice;
  // Last of all: whoever stops in the scoring above saves a state whose best weights are not written yet.
  if (isBest) state.best = { epoch, metrics };
  return { matrix, metrics, isBest, others };
}

async function score(
  training: Training,
  forward: Forward | undefined,
  epoch: number,
  isShown: boolean,
): Promise<ConfusionMatrix | undefined> {
  const { validationLoader, config, classes, sizes, signal, reporter, tell, tiling } = training;
  if (!validationLoader || !forward) return undefined;
  const { load_weights } = config;
  // Only weights that were given are scored before the first epoch.
  const problem = () =>
    epoch === 0 && load_weights !== undefined ? uselessWeights(load_weights) : divergedWeights(epoch);
  return validate(validationLoader, forward, {
    classes: classes.length,
    inputSize: squareOf(sizes.validation),
    tiling,
    problem,
    ...(signal && { signal }),
    onProgress: (done, total) => tell({ type: 'progress', task: 'validate', done, total }),
    ...(isShown && reporter && { onPrediction: (image) => reporter.onPrediction(epoch, image) }),
  });
}
