/** @file Samples for validation and testing, one at a time and made ahead of the consumer. */

import type { Size } from '../transforms/geometry.js';
import type { Dataset, Sample } from '../types.js';
import { makeAhead } from './made-ahead.js';
import { acquirePool } from './pool.js';
import { checkCounts, createPixelCache } from './sample-source.js';
import type { EvalPixels, EvalTaskResult } from './tasks.js';

export interface EvalLoaderOptions {
  /** Size of the network input, in pixels. */
  readonly inputSize: Size;
  /** Data threads; 0 works in the calling thread. */
  readonly workers: number;
  /** Resized images and their masks kept in memory for the next time, in bytes. Default 0: none. */
  readonly cacheBytes?: number;
  /** Whether an image of a size is looked at in windows. Default: none is. */
  readonly isTiled?: ((size: Size) => boolean) | undefined;
  readonly signal?: AbortSignal;
}

export interface EvalItem {
  /** `[1, 3, H, W]`, normalised RGB of the whole image, aspect ratio not kept; empty for one that is looked at in windows. */
  readonly image: Float32Array<ArrayBuffer>;
  readonly isTiled: boolean;
  /** HWC RGB at the original size, of an image that is looked at in windows; undefined as well for one that is to be read in parts. */
  readonly picture: Uint8Array | undefined;
  /** Class index per pixel at the original size, HW; 255 is ignore. */
  readonly mask: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly sample: Sample;
}

/** Can be iterated any number of times; each time gives all samples in the order of the data set. */
export interface EvalLoader extends AsyncIterable<EvalItem> {
  readonly length: number;
  dispose(): Promise<void>;
}

/** Bytes that a sample takes in the cache: the resized image, and the mask at its own size. */
export const evalBytes = ({ width, height }: Size, inputSize: Size): number =>
  3 * inputSize.width * inputSize.height + width * height;

/**
 * Creates the loader of evaluation samples. Iterating throws OtxError `image` naming a file that cannot be used, `aborted`
 * when the signal fires.
 * @throws OtxError `usage` for an input size that is not a positive whole number.
 */
export function createEvalLoader(dataset: Dataset, options: EvalLoaderOptions): EvalLoader {
  const { inputSize, signal, isTiled = () => false } = options;
  checkCounts({ width: inputSize.width, height: inputSize.height });
  const { samples, decodeMask: coding } = dataset;
  const pool = acquirePool(options.workers);
  const cache = createPixelCache<EvalPixels>(
    samples.map((sample) => (isTiled(sample) ? 0 : evalBytes(sample, inputSize))),
    options.cacheBytes ?? 0,
  );
  const make = async (index: number): Promise<EvalTaskResult> => {
    const item = await pool.run('makeEvalItem', {
      sample: samples[index]!,
      coding,
      inputSize,
      isTiled: isTiled(samples[index]!),
      decoded: cache.get(index),
      keep: cache.fits(index),
    });
    if (item.decoded) cache.set(index, item.decoded);
    return item;
  };

  async function* iterate(): AsyncGenerator<EvalItem, void, undefined> {
    const queue = makeAhead({ workers: pool.workers, make, what: 'loading data', end: samples.length });
    for (const [index, sample] of samples.entries()) {
      const { decoded: _, image, ...item } = (await queue.take(index, signal)).made;
      yield { ...item, image: image ?? new Float32Array(), isTiled: image === undefined, sample };
    }
  }

  const dispose = async () => {
    cache.clear();
    await pool.release();
  };
  return { length: samples.length, [Symbol.asyncIterator]: iterate, dispose };
}
