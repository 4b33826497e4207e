/** @file Samples for validation and testing, one at a time and made ahead of the consumer. */
import { abortable } from '../base/abortable.js';
import { OtxError } from '../base/errors.js';
import { acquirePool } from './pool.js';
import type { EvalTaskResult } from './tasks.js';
import type { Dataset, Sample } from './types.js';

export interface EvalLoaderOptions {
  /** Side of the square network input, in pixels. */
  readonly inputSize: number;
  /** Data threads; 0 works in the calling thread. */
  readonly workers: number;
  readonly signal?: AbortSignal;
}

export interface EvalItem {
  /** `[1, 3, S, S]`, normalised RGB of the whole image, aspect ratio not kept. */
  readonly image: Float32Array<ArrayBuffer>;
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

/**
 * Creates the loader of evaluation samples. Iterating throws OtxError `image` naming a file that cannot be used, `aborted`
 * when the signal fires.
 * @throws OtxError `usage` for an input size that is not a positive whole number.
 */
export function createEvalLoader(dataset: Dataset, options: EvalLoaderOptions): EvalLoader {
  const { inputSize, signal } = options;
  if (!Number.isInteger(inputSize) || inputSize < 1) {
    throw new OtxError('usage', `inputSize is ${inputSize}; expected a positive whole number`);
  }
  const { samples, decodeMask: coding } = dataset;
  const pool = acquirePool(options.workers);
  const ahead = pool.workers === 0 ? 1 : pool.workers + 2;

  async function* iterate(): AsyncGenerator<EvalItem, void, undefined> {
    const queue: Promise<EvalTaskResult>[] = [];
    let next = 0;
    for (const sample of samples) {
      for (; queue.length < ahead && next < samples.length; next++) {
        const item = pool.run('makeEvalItem', { sample: samples[next]!, coding, inputSize });
        // An item that nobody comes to fetch must not bring the process down.
        item.catch(() => {});
        queue.push(item);
      }
      yield { ...(await abortable(queue.shift()!, signal, 'loading data')), sample };
    }
  }

  return { length: samples.length, [Symbol.asyncIterator]: iterate, dispose: () => pool.release() };
}
