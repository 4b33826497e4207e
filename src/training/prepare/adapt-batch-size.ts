/** @file `auto_adapt_batch_size`, asked of the compiler and told to the caller. */

import type { Dataset } from '../../data/index.js';
import { createEngine } from '../../engine/engine.js';
import type { DeviceWish, EngineWish } from '../../engine/settings.js';
import type { Method } from '../../methods/method.js';
import type { TrainEvent } from '../../runs/events.js';
import type { RunConfig } from '../../runs/run-config.js';
import { type HyperParameters, inputSizes } from '../../settings/index.js';
import { fitBatchSize, scaleLearningRate } from './batch-size.js';

/** Batch sizes that are planned where memory may be short. */
const FEWEST_TRIALS = 3;

/** The settings with a batch that fits, and the learning rate for it. */
export async function adaptBatchSize(
  asked: HyperParameters,
  { adapted_batch_size }: RunConfig,
  { samples }: Dataset,
  method: Method,
  {
    threads,
    engine: wish,
    device,
    signal,
    together = 1,
  }: {
    readonly threads: number;
    readonly engine?: EngineWish | undefined;
    readonly device?: DeviceWish | undefined;
    readonly signal: AbortSignal | undefined;
    /** Batches of a step that are in memory at once. Default 1. */
    readonly together?: number | undefined;
  },
  onEvent: (event: TrainEvent) => void,
): Promise<HyperParameters> {
  const { batch_size: requested, auto_adapt_batch_size: mode, learning_rate } = asked.learning_parameters;
  const { accumulate } = asked.learning_parameters;
  if (adapted_batch_size === requested) return asked;
  const { views = 1, imagesBesides = 0 } = method;
  const pixels = views * inputSizes(asked).train ** 2;
  let trials = 0;
  const plan = async (batchSize: number) => {
    onEvent({ type: 'progress', task: 'probe', done: trials, total: Math.max(++trials, FEWEST_TRIALS) });
    const { steps, evaluation, otherEvaluations = {} } = method.graphs(batchSize);
    const training = Object.values(steps).flatMap((step) => new Array<typeof step>(together).fill(step));
    const all = [...training, evaluation, ...Object.values(otherEvaluations)];
    const engine = await createEngine({ threads, engine: wish, device });
    try {
      return await engine.plan(
        all.filter((graph) => graph !== undefined),
        signal,
      );
    } finally {
      await engine.dispose();
    }
  };
  const batch_size = await fitBatchSize({
    mode,
    requested,
    images: Math.floor(samples.length / accumulate),
    pixels,
    besides: imagesBesides,
    plan,
  });
  if (batch_size === requested) return asked;
  const scaled = scaleLearningRate(learning_rate, requested, batch_size);
  onEvent({
    type: 'notice',
    message:
      `batch size ${batch_size} instead of ${requested}, to fit the memory; learning rate ${scaled.toPrecision(3)} ` +
      `instead of ${learning_rate}`,
  });
  return {
    ...asked,
    learning_parameters: { ...asked.learning_parameters, batch_size, learning_rate: scaled },
  };
}
