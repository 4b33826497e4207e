/** @file Batches made ahead of the consumer, from one epoch into the next. */
import { OtxError } from '../../base/errors.js';
import { makeAhead } from './made-ahead.js';
import { batchesPerStep, type Share, sharedBatch, WHOLE_SHARE } from './share.js';
import type { EpochOptions } from './train-batch.js';

/** A batch of a training. */
export interface Place {
  /** From 0. */
  readonly epoch: number;
  /** Of the epoch, from 0. */
  readonly step: number;
  /** Number within the epoch, from 0, over all processes that share its steps. */
  readonly batch: number;
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
 * @param share which of the batches are given, several of them for a step where it says so. Default: one a step, all of them.
 * @param workers data threads; some more batches than threads are kept under way.
 * @param make makes a batch; its result must depend on the place alone.
 */
export function createBatchQueue<T>(
  stepsPerEpoch: number,
  workers: number,
  make: (place: Place) => Promise<T>,
  share: Share = WHOLE_SHARE,
): BatchQueue<T> {
  let disposed = false;
  const perStep = batchesPerStep(share);
  const perEpoch = stepsPerEpoch * perStep;
  // Numbered throughout, so that the last steps already prepare the next epoch and it starts without waiting.
  const queue = makeAhead({
    workers,
    make: (number) => {
      const own = number % perEpoch;
      const epoch = Math.floor(number / perEpoch);
      return make({ epoch, step: Math.floor(own / perStep), batch: sharedBatch(share, own) });
    },
    what: 'loading data',
  });

  async function* epoch(index: number, { startStep = 0, signal }: EpochOptions = {}) {
    for (let own = startStep * perStep; own < perEpoch; own++) {
      if (disposed) throw new OtxError('usage', 'the training loader has been disposed');
      yield await queue.take(index * perEpoch + own, signal);
    }
  }

  const dispose = () => {
    disposed = true;
    queue.clear();
  };
  return { epoch, dispose };
}
