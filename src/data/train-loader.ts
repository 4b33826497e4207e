/** @file Training batches, made ahead of the consumer and equal for any number of workers. */
import { abortable } from '../base/abortable.js';
import { OtxError } from '../base/errors.js';
import { Random } from '../base/random.js';
import { acquirePool } from './pool.js';
import type { RecipeName } from './recipes.js';
import type { TrainTask, TrainTaskResult } from './tasks.js';
import type { EpochOptions, TrainBatch, TrainLoader } from './train-batch.js';
import type { Dataset, LabeledImage } from './types.js';

export interface TrainLoaderOptions {
  readonly batchSize: number;
  /** Side of the square network input, in pixels. */
  readonly cropSize: number;
  readonly seed: number;
  /** Data threads; 0 works in the calling thread. */
  readonly workers: number;
  readonly recipe: RecipeName;
  /** Decoded images kept in memory for later epochs, in bytes. Default 512 MiB; 0 keeps none. */
  readonly cacheBytes?: number;
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

const DEFAULT_CACHE_BYTES = 512 * 1024 * 1024;

interface Place {
  readonly epoch: number;
  readonly step: number;
}

/**
 * Creates the loader of labeled batches. An epoch has floor(samples / batchSize) steps: the last, partial batch is dropped.
 * @throws OtxError `usage` for a batch or crop size that is not a positive whole number.
 */
export function createTrainLoader(dataset: Dataset, options: TrainLoaderOptions): TrainLoader<LabeledBatch> {
  const { batchSize, cropSize, seed, recipe } = options;
  for (const [name, value] of Object.entries({ batchSize, cropSize })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new OtxError('usage', `${name} is ${value}; expected a positive whole number`);
    }
  }
  const { samples, decodeMask } = dataset;
  const pool = acquirePool(options.workers);
  const ahead = pool.workers === 0 ? 1 : pool.workers + 2;
  const cached = new Map<number, LabeledImage>();
  const cacheable = countCacheable(dataset, options.cacheBytes ?? DEFAULT_CACHE_BYTES);
  let disposed = false;

  const drawOrder =
    options.order ?? ((epoch: number) => new Random(`${seed}:${epoch}:order`).shuffle([...samples.keys()]));
  let order: { epoch: number; indices: readonly number[] } | undefined;
  const orderOf = (epoch: number): readonly number[] => {
    if (order?.epoch !== epoch) order = { epoch, indices: drawOrder(epoch) };
    return order.indices;
  };
  const stepsPerEpoch = Math.floor(orderOf(0).length / batchSize);

  const make = async ({ epoch, step }: Place): Promise<TrainTaskResult & { sampleIds: string[] }> => {
    const start = step * batchSize;
    const indices = orderOf(epoch).slice(start, start + batchSize);
    const items: TrainTask['items'] = indices.map((index, n) => ({
      sample: samples[index]!,
      seed: `${seed}:${epoch}:${start + n}`,
      decoded: cached.get(index),
      keep: index < cacheable,
    }));
    const result = await pool.run('makeTrainBatch', { items, coding: decodeMask, cropSize, recipe });
    result.decoded.forEach((pixels, n) => {
      if (pixels) cached.set(indices[n]!, pixels);
    });
    return { ...result, sampleIds: items.map(({ sample }) => sample.id) };
  };

  /** Batches under way, in the order in which they will be asked for. */
  let queue: { place: Place; batch: ReturnType<typeof make> }[] = [];
  const enqueue = (place: Place) => {
    const batch = make(place);
    // A batch that nobody comes to fetch must not bring the process down.
    batch.catch(() => {});
    queue.push({ place, batch });
  };

  async function* epoch(index: number, { startStep = 0, signal }: EpochOptions = {}) {
    for (let step = startStep; step < stepsPerEpoch; step++) {
      if (disposed) throw new OtxError('usage', 'the training loader has been disposed');
      const head = queue[0]?.place;
      if (head && (head.epoch !== index || head.step !== step)) queue = [];
      // The last steps already prepare the next epoch, so that it starts without waiting.
      let next = queue.length > 0 ? following(queue.at(-1)!.place, stepsPerEpoch) : { epoch: index, step };
      for (; queue.length < ahead; next = following(next, stepsPerEpoch)) enqueue(next);

      const asked = performance.now();
      const { images, labels, sampleIds } = await abortable(queue.shift()!.batch, signal, 'loading data');
      const waitedMs = performance.now() - asked;
      yield { step: 'supervised', inputs: { images, labels }, sampleIds, waitedMs };
    }
  }

  const dispose = async () => {
    disposed = true;
    queue = [];
    cached.clear();
    await pool.release();
  };
  return { stepsPerEpoch, epoch, dispose };
}

function following({ epoch, step }: Place, stepsPerEpoch: number): Place {
  return step + 1 < stepsPerEpoch ? { epoch, step: step + 1 } : { epoch: epoch + 1, step: 0 };
}

/** How many samples, counted from the first, fit the cache: image and mask take 4 bytes per pixel. */
function countCacheable({ samples }: Dataset, bytes: number): number {
  let total = 0;
  const first = samples.findIndex(({ width, height }) => {
    total += 4 * width * height;
    return total > bytes;
  });
  return first < 0 ? samples.length : first;
}
