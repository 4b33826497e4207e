/** @file Scores a segmentation on a data set, one image at a time, at the original size of each image. */

import { OtxError } from '../base/errors.js';
import type { EvalItem, EvalLoader, Sample, Size } from '../data/index.js';
import { ConfusionMatrix } from '../runs/metrics.js';
import { classMap } from './class-map.js';
import { type Forward, requireFinite } from './network.js';

export type { Forward };

export interface ValidateOptions {
  /** Classes, background included. */
  readonly classes: number;
  /** Size of the network input. */
  readonly inputSize: Size;
  /** Pixels whose best class is less probable are background; default none, as while training. */
  readonly threshold?: number | undefined;
  /** Why there is no score where `forward` gives infinity, or what is no number. Default: it never does. */
  readonly problem?: (() => OtxError) | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  /** Sees every image's classes, in the order of the loader. */
  readonly onPrediction?: (image: ScoredImage) => void;
}

/** True and predicted classes of one image, HW at its original size. */
export interface ScoredImage {
  readonly sample: Sample;
  readonly width: number;
  readonly height: number;
  readonly truth: Uint8Array;
  readonly prediction: Uint8Array;
}

/**
 * The confusion matrix of all images; its memory does not depend on their number.
 *
 * @throws OtxError `aborted` when the signal fires.
 */
export async function validate(
  loader: EvalLoader,
  forward: Forward,
  { classes, inputSize, threshold, problem, signal, onProgress, onPrediction }: ValidateOptions,
): Promise<ConfusionMatrix> {
  const matrix = new ConfusionMatrix(classes);
  const frame = { classes: { length: classes }, inputSize, threshold };
  let done = 0;
  const score = async ({ image, mask, width, height, sample }: EvalItem): Promise<void> => {
    const logits = await forward(image);
    if (problem) requireFinite(logits, problem);
    const prediction = classMap(logits, frame, { width, height });
    matrix.add(mask, prediction);
    onPrediction?.({ sample, width, height, truth: mask, prediction });
    onProgress?.(++done, loader.length);
  };
  // The engine already works on the next image while this thread scores the last one.
  let running = Promise.resolve();
  for await (const item of loader) {
    const next = score(item);
    // Its failure is reported when its turn comes.
    next.catch(() => undefined);
    await running;
    running = next;
    if (signal?.aborted) throw new OtxError('aborted', `stopped after ${done} of ${loader.length} images`);
  }
  await running;
  return matrix;
}
