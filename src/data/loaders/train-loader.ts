/** @file Training batches, made ahead of the consumer and equal for any number of workers. */

import type { AugmentationName, OwnAugmentation } from '../augmentation.js';
import type { ImageCache } from '../images/image-cache.js';
import type { Size } from '../transforms/geometry.js';
import type { RareCrops } from '../transforms/rare-crop.js';
import type { Dataset } from '../types.js';
import { createBatchQueue, type Place } from './batch-queue.js';
import { acquirePool } from './pool.js';
import { checkCounts, createPixelCache, labeledBytes, orderOfEpochs } from './sample-source.js';
import { type Share, WHOLE_SHARE } from './share.js';
import type { TrainTask } from './tasks.js';
import type { EpochOptions, TrainBatch, TrainLoader } from './train-batch.js';

export interface TrainLoaderOptions {
  readonly batchSize: number;
  /** Side of the square network input, in pixels. */
  readonly cropSize: number;
  readonly seed: number;
  /** Data threads; 0 works in the calling thread. */
  readonly workers: number;
  /** A function runs in the calling thread: it cannot go to others. */
  readonly augmentation: AugmentationName | OwnAugmentation;
  /** Of larger images a window of this size is learned from, at a random place. Default: they are learned from as a whole. */
  readonly tile?: Size | undefined;
  /** How often crops are laid around rare classes. Default: never. */
  readonly rareCrops?: RareCrops | undefined;
  /** What the sigma of blobs and blurs is multiplied with. Default 1. */
  readonly sigmaScale?: number | undefined;
  /** Decoded images kept in memory for later epochs, in bytes. Default 512 MiB; 0 keeps none. */
  readonly cacheBytes?: number;
  /** Where copies of the images are kept on disk and read in their place. Default: there are none. */
  readonly imageCache?: ImageCache | undefined;
  /** How steps have several batches, and which of them are given. Default: steps are single batches. */
  readonly share?: Share | undefined;
  /**
   * Sample indices of an epoch in the order in which they are shown, equally many in each epoch. Default: all samples
   * shuffled.
   */
  readonly order?: (epoch: number) => readonly number[];
}

/** Images with their labels, for the step graph `supervised`. */
export interface LabeledBatch extends TrainBatch {
  readonly inputs: {
    /** `[N, 3, S, S]`, normalised RGB; 0 (the mean colour) where the image was padded. */
    readonly images: Float32Array<ArrayBuffer>;
    /** `[N, S, S]`, class indices; 255 is ignore, also where the image was padded. */
    readonly labels: Uint8Array<ArrayBuffer>;
  };
}

/**
 * Creates the loader of labeled batches. An epoch has floor(samples / batchSize / parts of a step) steps: the last, partial one
 * is dropped.
 * @throws OtxError `usage` for a batch or crop size that is not a positive whole number.
 */
export function createTrainLoader(dataset: Dataset, options: TrainLoaderOptions): TrainLoader<LabeledBatch> {
  const { batchSize, cropSize, seed, augmentation, imageCache, tile, rareCrops, sigmaScale } = options;
  const { share = WHOLE_SHARE } = options;
  checkCounts({ batchSize, cropSize });
  const { samples, decodeMask } = dataset;
  const pool = acquirePool(typeof augmentation === 'function' ? 0 : options.workers);
  const cache = createPixelCache(samples.map(labeledBytes), options.cacheBytes);
  const orderOf = orderOfEpochs(samples.length, seed, options.order);
  const stepsPerEpoch = Math.floor(orderOf(0).length / (batchSize * share.parts));

  const make = async ({ epoch, batch }: Place) => {
    const start = batch * batchSize;
    const indices = orderOf(epoch).slice(start, start + batchSize);
    const items: TrainTask['items'] = indices.map((index, n) => ({
      sample: samples[index]!,
      seed: `${seed}:${epoch}:${start + n}`,
      decoded: cache.get(index),
      // What is drawn is another picture in the next epoch.
      keep: cache.fits(index) && !samples[index]!.drawn,
    }));
    const result = await pool.run('makeTrainBatch', {
      items,
      coding: decodeMask,
      cropSize,
      augmentation,
      tile,
      rareCrops,
      sigmaScale,
      ...(imageCache && { imageCache }),
    });
    result.decoded.forEach((pixels, n) => {
      if (pixels) cache.set(indices[n]!, pixels);
    });
    return { ...result, sampleIds: items.map(({ sample }) => sample.id) };
  };
  const queue = createBatchQueue(stepsPerEpoch, pool.workers, make, share);

  async function* epoch(index: number, options?: EpochOptions) {
    for await (const { made, waitedMs } of queue.epoch(index, options)) {
      const { images, labels, sampleIds } = made;
      yield { step: 'supervised', inputs: { images, labels }, sampleIds, waitedMs };
    }
  }

  const dispose = async () => {
    queue.dispose();
    cache.clear();
    await pool.release();
  };
  return { stepsPerEpoch, epoch, dispose };
}
