/** @file Who gets the memory for decoded images. */

import { type Dataset, evalBytes, labeledBytes, type Size } from '../../data/index.js';

/** Validation gets what labeled images leave of the memory for decoded images, if it needs it; unlabeled ones get the rest. */
export function shareCache(
  bytes: number,
  trainSet: Dataset,
  validationSet: Dataset | undefined,
  inputSize: Size,
): { readonly train: number; readonly validation: number } {
  const sum = (costs: readonly number[]) => costs.reduce((total, cost) => total + cost, 0);
  const wanted = sum((validationSet?.samples ?? []).map((sample) => evalBytes(sample, inputSize)));
  const left = Math.max(bytes - sum(trainSet.samples.map(labeledBytes)), 0);
  const validation = Math.min(wanted, left);
  return { train: bytes - validation, validation };
}
