/** @file Batches of views of unlabeled images: an endless stream that can be entered anywhere. */
import { OtxError } from '../../base/errors.js';
import { Random } from '../../base/random.js';
import type { ImageCache } from '../images/image-cache.js';
import type { Size } from '../transforms/geometry.js';
import type { DecodedImage, UnlabeledImages } from '../types.js';
import { makeAhead } from './made-ahead.js';
import { acquirePool, type DataPool } from './pool.js';
import { createPixelCache } from './sample-source.js';
import { type Share, sharedBatch, WHOLE_SHARE } from './share.js';
import type { UnlabeledTask, UnlabeledTaskResult } from './unlabeled-batch.js';

export interface UnlabeledLoaderOptions {
  readonly batchSize: number;
  /** Side of the square network input, in pixels. */
  readonly cropSize: number;
  readonly seed: number;
  /** Data threads; 0 works in the calling thread. */
  readonly workers: number;
  /** Of larger images a window of this size is learned from, at a random place. */
  readonly tile?: Size | undefined;
  /** What the sigma of blurs is multiplied with. Default 1. */
  readonly sigmaScale?: number | undefined;
  /** Decoded images kept in memory, in bytes. Default 512 MiB; 0 keeps none. */
  readonly cacheBytes?: number;
  /** How steps have several batches, and which of them are given. Default: steps are single batches. */
  readonly share?: Share | undefined;
  /** Where copies of the images are kept and read. Default: the images themselves are read. */
  readonly imageCache?: ImageCache | undefined;
}

export interface UnlabeledBatch {
  /** `[N, 3, S, S]`, normalised RGB; the mean colour where the image was padded. */
  readonly weak: Float32Array<ArrayBuffer>;
  /** The same pixels with other colours and holes. */
  readonly strong: Float32Array<ArrayBuffer>;
  /** `[N, S, S]`: 255 where the image was padded, 0 elsewhere. */
  readonly padding: Uint8Array<ArrayBuffer>;
  readonly imageIds: readonly string[];
  /** How long the consumer waited for this batch, in milliseconds. */
  readonly waitedMs: number;
}

/** A batch with two strong views of each image. */
export interface TwoStrongBatch extends UnlabeledBatch {
  /** `[2N, 3, S, S]`: the same pixels in other colours, all first views before all second ones, with rectangles of other images. */
  readonly strong: Float32Array<ArrayBuffer>;
  /** `[2N, S, S]`: 1 where a pixel of a strong view is that of the next image of the batch, or after the last one of the first. */
  readonly mixed: Uint8Array<ArrayBuffer>;
}

export interface UnlabeledLoader<B extends UnlabeledBatch = UnlabeledBatch> {
  /**
   * Batches from number `start` of this process on, without end. Pass after pass over all images, each shuffled anew; a batch may reach
   * from one pass into the next. Order and views depend on seed and number only. The caller owns the buffers.
   * @throws OtxError `image` naming a file that cannot be used, `aborted` when the signal fires.
   */
  from(start: number, signal?: AbortSignal): AsyncGenerator<B, never, undefined>;
  /** Ends the threads; the loader gives no more batches. */
  dispose(): Promise<void>;
}

/** A loader of a weak and a strong view of each image, as the mean teacher of the reference has them. */
export const createUnlabeledLoader = (
  images: UnlabeledImages,
  options: UnlabeledLoaderOptions,
): UnlabeledLoader => createLoader(images, options, (pool, task) => pool.run('makeUnlabeledBatch', task));

/** A loader of a weak and two strong views of each image, mixed by CutMix among the images of a batch. */
export const createTwoStrongLoader = (
  images: UnlabeledImages,
  options: UnlabeledLoaderOptions,
): UnlabeledLoader<TwoStrongBatch> =>
  createLoader(images, options, (pool, task) => pool.run('makeTwoStrongBatch', task));

function createLoader<R extends UnlabeledTaskResult>(
  { images, reading }: UnlabeledImages,
  options: UnlabeledLoaderOptions,
  run: (pool: DataPool, task: UnlabeledTask) => Promise<R>,
): UnlabeledLoader<Omit<R, 'decoded'> & UnlabeledBatch> {
  const { batchSize, cropSize, seed, imageCache, tile, sigmaScale, share = WHOLE_SHARE } = options;
  const pool = acquirePool(options.workers);
  const cache = createPixelCache<DecodedImage>(
    images.map(({ width, height }) => 3 * width * height),
    options.cacheBytes,
  );
  let disposed = false;

  const orders = new Map<number, readonly number[]>();
  const orderOf = (pass: number): readonly number[] => {
    let order = orders.get(pass);
    if (!order) {
      order = new Random(`${seed}:${pass}:unlabeled order`).shuffle([...images.keys()]);
      for (const old of orders.keys()) if (old < pass - 1) orders.delete(old);
      orders.set(pass, order);
    }
    return order;
  };

  const make = async (own: number) => {
    const number = sharedBatch(share, own);
    const places = Array.from({ length: batchSize }, (_, n) => number * batchSize + n);
    const indices = places.map((place) => orderOf(Math.floor(place / images.length))[place % images.length]!);
    const items = indices.map((index, n) => ({
      imagePath: images[index]!.imagePath,
      ...(reading && { reading }),
      seed: `${seed}:${places[n]}:views`,
      decoded: cache.get(index),
      keep: cache.fits(index),
    }));
    const { decoded, ...views } = await run(pool, {
      items,
      cropSize,
      tile,
      sigmaScale,
      ...(imageCache && { imageCache }),
    });
    decoded.forEach((pixels, n) => {
      if (pixels) cache.set(indices[n]!, pixels);
    });
    return { ...views, imageIds: indices.map((index) => images[index]!.id) };
  };

  async function* from(
    start: number,
    signal?: AbortSignal,
  ): AsyncGenerator<Omit<R, 'decoded'> & UnlabeledBatch, never, undefined> {
    const queue = makeAhead({ workers: pool.workers, make, what: 'loading unlabeled images' });
    for (let number = start; ; number++) {
      if (disposed) throw new OtxError('usage', 'the loader of unlabeled images has been disposed');
      const { made, waitedMs } = await queue.take(number, signal);
      yield { ...made, waitedMs };
    }
  }

  const dispose = async () => {
    disposed = true;
    cache.clear();
    await pool.release();
  };
  return { from, dispose };
}
