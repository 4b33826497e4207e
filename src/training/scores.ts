/** @file Scoring the weights in training on the validation images. */

import { squareOf } from '../data/index.js';
import { type Forward, validate } from '../inference/validate.js';
import { diceFigure, TRAINED_DICE } from '../methods/method.js';
import type { ConfusionMatrix, SegmentationMetrics } from '../runs/metrics.js';
import { divergedWeights, uselessWeights } from './numeric-errors.js';
import type { Training } from './training.js';

/** What a validation has found. */
export interface Scored {
  /** Of the weights that scored best: the trained ones, or an average of them. */
  readonly matrix: ConfusionMatrix;
  /** Likewise. */
  readonly metrics: SegmentationMetrics;
  /** Name of that average; undefined for the trained weights. */
  readonly average: string | undefined;
  /** Of the trained weights. */
  readonly trained: SegmentationMetrics;
  /** Whether no weights of this run were better. */
  readonly isBest: boolean;
  /** Mean Dice of the method's other networks, as figures. */
  readonly others: Readonly<Record<string, number>>;
}

/**
 * Scores the current weights, which so become the best of the state if they, or an average of them, are.
 *
 * @param epoch from 1; 0 for weights that were given.
 * @returns undefined for a training without validation.
 * @throws OtxError `numeric` for weights that give no finite numbers, `aborted` when the signal fires.
 */
export async function scoreWeights(training: Training, epoch: number): Promise<Scored | undefined> {
  const { session, state } = training;
  const trained = await score(training, session.forward, epoch, undefined);
  if (!trained) return undefined;
  let found: Candidate = { matrix: trained, metrics: trained.summary(), average: undefined };
  const others: Record<string, number> = {};
  if (session.averages.length > 0) others[TRAINED_DICE] = found.metrics.mDice;
  for (const [name, forward] of Object.entries(session.others)) {
    const matrix = await score(training, forward, epoch, name);
    if (!matrix) continue;
    const metrics = matrix.summary();
    others[diceFigure(name)] = metrics.mDice;
    const isBetter = session.averages.includes(name) && metrics.mDice > found.metrics.mDice;
    if (isBetter) found = { matrix, metrics, average: name };
  }
  const { metrics, average } = found;
  const isBest = state.best === null || metrics.mDice > state.best.metrics.mDice;
  // Last of all: whoever stops in the scoring above saves a state whose best weights are not written yet.
  if (isBest) state.best = { epoch, metrics, ...(average !== undefined && { average }) };
  return { ...found, trained: trained.summary(), isBest, others };
}

type Candidate = Pick<Scored, 'matrix' | 'metrics' | 'average'>;

/** @param name of the method's other network that `forward` is; undefined for the trained weights. */
async function score(
  training: Training,
  forward: Forward | undefined,
  epoch: number,
  name: string | undefined,
): Promise<ConfusionMatrix | undefined> {
  const {
    validationLoader,
    config,
    classes,
    sizes,
    ownSignal: signal,
    reporter,
    tell,
    tiling,
    session,
  } = training;
  if (!validationLoader || !forward) return undefined;
  const { load_weights } = config;
  const isShown = name === undefined || session.averages.includes(name);
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
    ...(isShown && reporter && { onPrediction: (image) => reporter.onPrediction(epoch, image, name) }),
  });
}
