/** @file What is said of numbers that are not finite, by where they come from. */

import { OtxError } from '../base/errors.js';
import type { TrainBatch } from '../data/index.js';

/** A loss that stays out of range this often in a row will not recover: every undone step starts from the same weights. */
export const MAX_UNDONE_STEPS = 10;

/** For weights that were given, of which no step has changed anything yet. */
export function uselessWeights(path: string): OtxError {
  return new OtxError(
    'numeric',
    `${path}: these weights give values that are not finite for images, as numbers far too large do; ` +
      'copy the file again, or start from an earlier checkpoint',
  );
}

/** For weights that were trained here until they are good for nothing; a score would hide that. */
export function divergedWeights(epoch: number): OtxError {
  return new OtxError(
    'numeric',
    `the weights of epoch ${epoch} give values that are not finite for validation images; the weights saved before are left ` +
      'as they are; try a lower learning rate',
  );
}

/** For steps that were undone one after the other. */
export function endlessUndoing(
  times: number,
  { sampleIds }: TrainBatch,
  {
    lastWeights,
    learningRate,
    isMixed = false,
  }: { readonly lastWeights: string; readonly learningRate: number; readonly isMixed?: boolean },
): OtxError {
  return new OtxError(
    'numeric',
    `loss or gradients were not finite in ${times} steps in a row, last on the images ` +
      `${sampleIds.join(', ')}; the last good weights are in ${lastWeights}; try a learning rate ` +
      `below ${learningRate}${isMixed ? ', larger inputs or batches, or float32' : ''}`,
  );
}

/** What is said of one step that was undone because its scaled loss has a gradient beyond float16. */
export const overflownStep = (epoch: number, step: number, lossScale: number): string =>
  `epoch ${epoch}, step ${step}: a gradient is beyond float16; the step was undone, and the loss scale is now ${lossScale}`;

/** What is said of one step that was undone. */
export function undoneStep(epoch: number, step: number, { sampleIds }: TrainBatch, loss: number): string {
  const what = Number.isFinite(loss)
    ? 'a gradient or a running statistic is not finite'
    : `the loss is ${loss}`;
  return `epoch ${epoch}, step ${step} (images ${sampleIds.join(', ')}): ${what}; the step was undone`;
}
