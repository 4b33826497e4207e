/** @file Batches made ahead of the consumer, from one epoch into the next. */
import { OtxError } from '../../base/errors.js';
import { makeAhead } from './made-ahead.js';
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
  let disposed = false;
  // Numbered throughout, so that the last steps already prepare the next epoch and it starts without waiting.
  const queue = makeAhead({
    workers,
    make: (number) => make({ epoch: Math.floor(number / stepsPerEpoch), step: number % stepsPerEpoch }),
    what: 'loading data',
  });

  async function* epoch(index: number, { startStep = 0, signal }: EpochOptions = {}) {
    for (let step = startStep; step < stepsPerEpoch; step++) {
      if (disposed) throw new OtxError('usage', 'the training loader has been disposed');
      yield await queue.take(index * stepsPerEpoch + step, signal);
    }
  }

  const dispose = () => {
    disposed = true;
    queue.clear();
  };
  return { epoch, dispose };
}
