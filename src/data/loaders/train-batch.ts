/** @file A training batch as named inputs of a step graph, and the loaders that give such batches. */
import type { TensorData } from '../../graph/tensor.js';

export interface TrainBatch {
  /** Name of the step graph that the batch is for. */
  readonly step: string;
  /** By the names of that graph's inputs. The consumer owns the buffers. */
  readonly inputs: Readonly<Record<string, TensorData>>;
  /** What the images of the batch are called, in its order. */
  readonly sampleIds: readonly string[];
  /** How long the consumer waited for this batch, in milliseconds. */
  readonly waitedMs: number;
}

export interface EpochOptions {
  /** First step to give, for going on in the middle of an epoch. Default 0. */
  readonly startStep?: number;
  readonly signal?: AbortSignal;
}

export interface TrainLoader<B extends TrainBatch = TrainBatch> {
  readonly stepsPerEpoch: number;
  /**
   * The batches of one epoch, counted from 0; of a step that has several one after the other. Order and augmentation depend on seed, epoch and position only. One epoch
   * at a time.
   * @throws OtxError `image` naming a file that cannot be used, `aborted` when the signal fires.
   */
  epoch(index: number, options?: EpochOptions): AsyncGenerator<B, void, undefined>;
  /** Ends the threads; the loader gives no more batches. */
  dispose(): Promise<void>;
}
