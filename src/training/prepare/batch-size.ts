/** @file `auto_adapt_batch_size`: a batch that fits the memory of this machine, found by what the compiler plans. */

import { availableMemory } from '../../base/available-memory.js';

/** Part of the free memory that a training may take. */
const MEMORY_TARGET = 0.82;
/** No template needs more than this per pixel of a batch; where that is there, nothing has to be planned. */
const MOST_BYTES_PER_PIXEL = 16 * 1024;
/** Batch norm needs two values of a channel, of which a small image gives one. */
const SMALLEST_PLANNED = 2;
/** The largest that the settings allow. */
const MAX_LEARNING_RATE = 0.1;

export type BatchSizeMode = 'None' | 'Safe' | 'Full';

export interface BatchSizeQuestion {
  readonly mode: BatchSizeMode;
  /** Batch size that was asked for, already at most `images`. */
  readonly requested: number;
  /** Training images. */
  readonly images: number;
  /** Pixels of an image in a step, all its views together. */
  readonly pixels: number;
  /** Images in a step besides the batch, e.g. unlabeled ones. Default 0. */
  readonly besides?: number;
  /** Bytes that may be used; default: what is free. */
  readonly available?: number;
  /** Bytes that training takes at its peak with this batch size, of at least two images. */
  readonly plan: (batchSize: number) => Promise<number>;
}

/**
 * The batch size to train with: `Safe` only reduces the one that was asked for, `Full` takes as much as fits. The needs of 2
 * and 4 images are continued as a straight line, and that of the result is planned again.
 */
export async function fitBatchSize(question: BatchSizeQuestion): Promise<number> {
  const { mode, requested, images, pixels, besides = 0, plan } = question;
  const available = question.available ?? availableMemory();
  const most = mode === 'Full' ? images : requested;
  if (mode === 'None' || most < SMALLEST_PLANNED) return requested;
  if (mode === 'Safe' && (requested + besides) * pixels * MOST_BYTES_PER_PIXEL <= available) return requested;
  const target = MEMORY_TARGET * available;
  const two = await plan(SMALLEST_PLANNED);
  const perImage = ((await plan(2 * SMALLEST_PLANNED)) - two) / SMALLEST_PLANNED;
  const fits = SMALLEST_PLANNED + Math.floor((target - two) / perImage);
  let batch = evenUnless(Math.min(fits, most), most);
  while (batch > SMALLEST_PLANNED && (await plan(batch)) > target) batch = evenUnless(batch - 1, most);
  return Math.max(batch, 1);
}

/** The next smaller even size, except for the largest that may be. */
function evenUnless(batch: number, most: number): number {
  return batch === most ? batch : batch - (batch % 2);
}

/** The learning rate for a changed batch: noise of the gradient falls with the root of its size. */
export function scaleLearningRate(learningRate: number, before: number, after: number): number {
  return Math.min(learningRate * Math.sqrt(after / before), MAX_LEARNING_RATE);
}
