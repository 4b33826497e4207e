/** @file Batches of views for contrastive training, of images with pseudo masks or with masks of classes. */

import type { AugmentationName } from '../augmentation.js';
import type { ImageCache } from '../images/image-cache.js';
import type { Size } from '../transforms/geometry.js';
import type { RareCrops } from '../transforms/rare-crop.js';
import type { MaskCoding, Sample } from '../types.js';
import type { SingleView } from '../views/whole-view.js';
import { createBatchQueue, type Place } from './batch-queue.js';
import { acquirePool } from './pool.js';
import { checkCounts, createPixelCache, labeledBytes, orderOfEpochs } from './sample-source.js';
import { type Share, WHOLE_SHARE } from './share.js';
import type { EpochOptions, TrainBatch, TrainLoader } from './train-batch.js';
import type { ViewTask } from './view-batch.js';

/** Images with a region number for every pixel. */
export interface ViewSource {
  readonly samples: readonly Sample[];
  /** How masks are read; undefined for pseudo masks, whose values are region numbers as they are. */
  readonly coding: MaskCoding | undefined;
}

export interface ViewLoaderOptions {
  readonly batchSize: number;
  /** What makes both views; `views` is what contrastive training is meant for. */
  readonly augmentation: AugmentationName;
  /** Side of the square views, in pixels. */
  readonly size: number;
  /** Pixels per position of the features in which regions are compared. */
  readonly stride: number;
  readonly seed: number;
  /** Data threads; 0 works in the calling thread. */
  readonly workers: number;
  /** Decoded images kept in memory for later epochs, in bytes. Default 512 MiB; 0 keeps none. */
  readonly cacheBytes?: number | undefined;
  /** Where copies of the images are kept on disk and read in their place. Default: there are none. */
  readonly imageCache?: ImageCache | undefined;
  /** Of larger images a window of this size is learned from, at a random place. */
  readonly tile?: Size | undefined;
  /** How often crops are laid around rare classes, by an augmentation that crops. Default: never. */
  readonly rareCrops?: RareCrops | undefined;
  /** What the sigma of blobs and blurs is multiplied with. Default 1. */
  readonly sigmaScale?: number | undefined;
  /** See `TrainLoaderOptions`. */
  readonly share?: Share | undefined;
  /** See `TrainLoaderOptions`. */
  readonly order?: ((epoch: number) => readonly number[]) | undefined;
}

export interface SupconLoaderOptions extends ViewLoaderOptions {
  /** Both views are shown in every step of the training whose number, from 1, this divides. */
  readonly pairInterval: number;
  /** What the other steps show. Default: `first`. */
  readonly singleView?: SingleView | undefined;
}

/** What the contrastive loss takes; B images give 2B views, all first views before all second views. */
export type ViewInputs = {
  /** `[2B, 3, S, S]`, normalised RGB. */
  readonly images: Float32Array<ArrayBuffer>;
  /** `[2B, h, w]`, region of each position of the features, h = w = ceil(S / stride). */
  readonly regions: Uint8Array<ArrayBuffer>;
  /** `[2B, 16]`, regions that the online network is asked about. */
  readonly online_ids: Uint8Array<ArrayBuffer>;
  /** `[2B, 16]`, those that the target network is asked about, drawn independently. */
  readonly target_ids: Uint8Array<ArrayBuffer>;
};

/** Two views of images without labels, for the step graph `detcon`. */
export interface DetconBatch extends TrainBatch {
  readonly inputs: ViewInputs;
}

/** Class indices of every pixel of the views, 255 for ignore. */
type Labels = {
  /** `[B, S, S]`, of two views `[2B, S, S]`. */
  readonly labels: Uint8Array<ArrayBuffer>;
};

/** Images with their labels in one view or whole, for the step graph `single`, or in both, for `pair`. */
export interface SupconBatch extends TrainBatch {
  readonly inputs: Labels & (Pick<ViewInputs, 'images'> | ViewInputs);
}

/**
 * Creates the loader of self-supervised training. An epoch has floor(images / batchSize / parts of a step) steps.
 * @throws OtxError `usage` for a size that is not a positive whole number.
 */
export function createDetconLoader(source: ViewSource, options: ViewLoaderOptions): TrainLoader<DetconBatch> {
  return createViewLoader<DetconBatch>(source, options, (_, { labels, ...inputs }) => ({
    step: 'detcon',
    inputs,
  }));
}

/**
 * Creates the loader of supervised contrastive training: one view of the images in most steps, both in every step of the
 * training whose number, from 1, `pairInterval` divides. The first view is the same in either case; `singleView` may show
 * whole images in its place, so that the segmentation also learns from what it will be asked about.
 * @throws OtxError `usage` for a size that is not a positive whole number.
 */
export function createSupconLoader(
  source: ViewSource,
  options: SupconLoaderOptions,
): TrainLoader<SupconBatch> {
  checkCounts({ pairInterval: options.pairInterval });
  return createViewLoader<SupconBatch>(source, options, (views, { images, labels, ...compared }) =>
    views === 2
      ? { step: 'pair', inputs: { images, labels, ...compared } }
      : { step: 'single', inputs: { images, labels } },
  );
}

function createViewLoader<B extends TrainBatch>(
  { samples, coding }: ViewSource,
  options: ViewLoaderOptions & Partial<SupconLoaderOptions>,
  batchOf: (views: ViewTask['views'], shown: ViewInputs & Labels) => Pick<B, 'step' | 'inputs'>,
): TrainLoader<B> {
  const { batchSize, augmentation, size, stride, seed, imageCache, tile, rareCrops, sigmaScale } = options;
  const { pairInterval = 1, singleView = 'first', share = WHOLE_SHARE } = options;
  checkCounts({ batchSize, size, stride });
  const pool = acquirePool(options.workers);
  const cache = createPixelCache(samples.map(labeledBytes), options.cacheBytes);
  const orderOf = orderOfEpochs(samples.length, seed, options.order);
  const stepsPerEpoch = Math.floor(orderOf(0).length / (batchSize * share.parts));

  const make = async ({ epoch, step, batch }: Place) => {
    const start = batch * batchSize;
    const indices = orderOf(epoch).slice(start, start + batchSize);
    const items: ViewTask['items'] = indices.map((index, n) => ({
      sample: samples[index]!,
      seed: `${seed}:${epoch}:${start + n}`,
      decoded: cache.get(index),
      keep: cache.fits(index),
    }));
    const number = epoch * stepsPerEpoch + step + 1;
    const views = number % pairInterval === 0 ? 2 : singleView === 'whole' ? 'whole' : 1;
    const result = await pool.run('makeViewBatch', {
      items,
      coding,
      views,
      augmentation,
      size,
      stride,
      tile,
      rareCrops,
      sigmaScale,
      imageCache,
    });
    const { images, labels, regions, onlineIds, targetIds, decoded } = result;
    decoded.forEach((pixels, n) => {
      if (pixels) cache.set(indices[n]!, pixels);
    });
    const shown = { images, labels, regions, online_ids: onlineIds, target_ids: targetIds };
    return { ...batchOf(views, shown), sampleIds: indices.map((index) => samples[index]!.id) };
  };
  const queue = createBatchQueue(stepsPerEpoch, pool.workers, make, share);

  async function* epoch(index: number, epochOptions?: EpochOptions) {
    for await (const { made, waitedMs } of queue.epoch(index, epochOptions)) {
      yield { ...made, waitedMs } as unknown as B;
    }
  }

  const dispose = async () => {
    queue.dispose();
    cache.clear();
    await pool.release();
  };
  return { stepsPerEpoch, epoch, dispose };
}
