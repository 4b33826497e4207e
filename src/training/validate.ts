/** @file Scores a segmentation on a data set, one image at a time, at the original size of each image. */

import { OtxError } from '../base/errors.js';
import type { EvalItem, EvalLoader } from '../data/index.js';
import { ConfusionMatrix } from './metrics.js';
import { resizeArgmax } from './postprocess.js';

/** images float32 [1, 3, S, S] → logits (or log probabilities) [K, S, S]. */
export type Segment = (image: Float32Array) => Promise<Float32Array>;

export interface ValidateOptions {
  /** Classes, background included. */
  readonly classes: number;
  /** Side of the square network input. */
  readonly inputSize: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * The confusion matrix of all images; its memory does not depend on their number.
 *
 * @throws OtxError `aborted` when the signal fires.
 */
export async function validate(
  loader: EvalLoader,
  segment: Segment,
  { classes, inputSize, signal, onProgress }: ValidateOptions,
): Promise<ConfusionMatrix> {
  const matrix = new ConfusionMatrix(classes);
  let done = 0;
  const score = async ({ image, mask, width, height }: EvalItem): Promise<void> => {
    const logits = await segment(image);
    matrix.add(mask, resizeArgmax(logits, classes, inputSize, inputSize, height, width));
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
