/** @file Batches made ahead of the consumer, from one epoch into the next. */
import { abortable } from '../base/abortable.js';
import { OtxError } from '../base/errors.js';
import type { EpochOptions } from './train-batch.js';

/** A batch of a training: epoch and step within it, both from 0. */
export interface Place {
  readonly epoch: number;
  readonly step: number;
}

export interface BatchQueue<T> {
  /** The batches of an epoch, see `TrainLoader.epoch`, each with the milliseconds that the consumer waited for it. */
  epoch(
    index: number,
    options?: EpochOptions,
  ): AsyncGenerator<{ readonly made: T; readonly waitedMs: number }, void, undefined>;
  /** Gives up what is under way; asking for another batch is an error. */
  dispose(): void;
}

/**
 * @param workers data threads; some more batches than threads are kept under way.
 * @param make makes a batch; its result must depend on the place alone.
 */
export function createBatchQueue<T>(
  stepsPerEpoch: number,
  workers: number,
  make: (place: Place) => Promise<T>,
): BatchQueue<T> {
  const ahead = workers === 0 ? 1 : workers + 2;
  let disposed = false;
  /** Batches under way, in the order in which they will be asked for. */
  let queue: { place: Place; batch: Promise<T> }[] = [];
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
      const made = await abortable(queue.shift()!.batch, signal, 'loading data');
      yield { made, waitedMs: performance.now() - asked };
    }
  }

  const dispose = () => {
    disposed = true;
    queue = [];
  };
  return { epoch, dispose };
}

function following({ epoch, step }: Place, stepsPerEpoch: number): Place {
  return step + 1 < stepsPerEpoch ? { epoch, step: step + 1 } : { epoch: epoch + 1, step: 0 };
}
