/** @file `auto_adapt_batch_size`: a batch that fits the memory of this machine, found by measuring small ones. */

import { availableMemory } from '../base/available-memory.js';

/** Part of the free memory that a training may take. */
const MEMORY_TARGET = 0.82;
/** No template needs more than this per pixel of a batch; where that is there, nothing has to be measured. */
const MOST_BYTES_PER_PIXEL = 16 * 1024;
const SAMPLE_MILLISECONDS = 10;
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
  /** Bytes that one training step needs at its peak with this batch size. */
  readonly measure: (batchSize: number) => Promise<number>;
}

/**
 * The batch size to train with: `Safe` only reduces the one that was asked for, `Full` takes as much as fits. Needs of 1 and
 * 2 images are measured and continued as a straight line.
 */
export async function fitBatchSize(question: BatchSizeQuestion): Promise<number> {
  const { mode, requested, images, pixels, besides = 0, measure } = question;
  const available = question.available ?? availableMemory();
  if (mode === 'None' || requested === 1) return requested;
  if (mode === 'Safe' && (requested + besides) * pixels * MOST_BYTES_PER_PIXEL <= available) return requested;
  const one = await measure(1);
  const two = await measure(2);
  const perImage = Math.max(two - one, two / (2 * (2 + besides)));
  const fits = 1 + Math.floor((MEMORY_TARGET * available - one) / perImage);
  const most = Math.max(mode === 'Safe' ? Math.min(fits, requested) : Math.min(fits, images), 1);
  if (most === requested || most === 1) return most;
  return most - (most % 2);
}

/** The learning rate for a changed batch: noise of the gradient falls with the root of its size. */
export function scaleLearningRate(learningRate: number, before: number, after: number): number {
  return Math.min(learningRate * Math.sqrt(after / before), MAX_LEARNING_RATE);
}

/** How much resident memory grows at most while `work` is under way, in bytes. */
export async function peakMemory(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage.rss();
  let peak = before;
  const look = () => {
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  const timer = setInterval(look, SAMPLE_MILLISECONDS);
  try {
    await work();
    look();
  } finally {
    clearInterval(timer);
  }
  return peak - before;
}
