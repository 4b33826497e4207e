/** @file Batches of decoded samples in memory, on the calling thread, equal to those that threads make in Node. */

import {
  type AugmentationName,
  createAugmentation,
  type SigmaScale,
  sigmaScaleOf,
} from '../data/augmentation.js';
import { augmentInto } from '../data/loaders/augment-into.js';
import { orderOfEpochs } from '../data/loaders/sample-source.js';
import type { LabeledBatch } from '../data/loaders/train-loader.js';
import type { MemorySample } from './dataset.js';

export interface MemoryLoaderOptions {
  readonly batchSize: number;
  /** Side of the square network input, in pixels. */
  readonly cropSize: number;
  readonly seed: number;
  readonly augmentation: AugmentationName;
  readonly sigmaScale: SigmaScale;
}

export interface MemoryLoader {
  readonly stepsPerEpoch: number;
  /** A batch by its place. @param epoch from 0, like `step`. */
  batch(epoch: number, step: number): LabeledBatch;
}

/** The loader of labeled batches; the last, partial batch of an epoch is dropped. */
export function createMemoryLoader(
  samples: readonly MemorySample[],
  { batchSize, cropSize, seed, augmentation, sigmaScale }: MemoryLoaderOptions,
): MemoryLoader {
  const orderOf = orderOfEpochs(samples.length, seed);
  const augment = createAugmentation(augmentation, cropSize, undefined, sigmaScaleOf(sigmaScale, cropSize));
  return {
    stepsPerEpoch: Math.floor(samples.length / batchSize),
    batch: (epoch, step) => {
      const start = step * batchSize;
      const chosen = orderOf(epoch)
        .slice(start, start + batchSize)
        .map((index) => samples[index]!);
      const area = cropSize * cropSize;
      const images = new Float32Array(batchSize * 3 * area);
      const labels = new Uint8Array(batchSize * area);
      chosen.forEach(({ pixels }, n) => {
        const seedOf = `${seed}:${epoch}:${start + n}`;
        augmentInto({ images, labels }, n, { augment, source: pixels, seed: seedOf, side: cropSize });
      });
      const sampleIds = chosen.map(({ id }) => id);
      return { step: 'supervised', inputs: { images, labels }, sampleIds, waitedMs: 0 };
    },
  };
}
