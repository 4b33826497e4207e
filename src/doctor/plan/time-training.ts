/** @file How fast a training is on this machine: the batch that fits its memory, and a few of its steps. */

import { throwIfAborted } from '../../base/abortable.js';
import type { Dataset } from '../../data/index.js';
import { createEngine } from '../../engine/engine.js';
import type { JobEvent } from '../../runs/events.js';
import { initialState } from '../../runs/state-dict.js';
import { type HyperParameters, inputSizes } from '../../settings/index.js';
import type { Template } from '../../templates/index.js';
import { adaptBatchSize } from '../../training/prepare/adapt-batch-size.js';
import { chooseMethod } from '../../training/prepare/choose-method.js';
import { createTrainingSession } from '../../training/session.js';

/** After a first one, in which memory is taken. */
const FEWEST_STEPS = 2;
const MOST_STEPS = 5;
/** Beyond this no further step is measured. */
const ENOUGH_SECONDS = 6;

/** What was measured. */
export interface TrainingSpeed {
  /** Settings with a batch that fits the memory, and a learning rate for it. */
  readonly hyperParameters: HyperParameters;
  /** Of the fastest half of the measured steps, decoding and augmentation included as far as steps wait for them. */
  readonly secondsPerStep: number;
  readonly stepsMeasured: number;
  /** For the network on one image. */
  readonly secondsPerValidationImage: number;
}

export interface TimingOptions {
  readonly template: Template;
  /** With nothing left to be chosen. */
  readonly hyperParameters: HyperParameters;
  readonly trainSet: Dataset;
  readonly seed: number;
  readonly threads: number;
  readonly onEvent: (event: JobEvent) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a few real steps with real batches, from random weights that are thrown away.
 *
 * @throws OtxError `image` for a file that cannot be read, `aborted` when the signal fires.
 */
export async function timeTraining(options: TimingOptions): Promise<TrainingSpeed> {
  const { template, trainSet, seed, threads, onEvent, signal } = options;
  const method = chooseMethod({
    ...{ template, trainSet, seed, hyperParameters: options.hyperParameters },
    ...{ unlabeled: undefined, cacheBytes: 0, own: {} },
  });
  const hyperParameters = await adaptBatchSize(
    options.hyperParameters,
    { template: template.name, seed, hyper_parameters: {} },
    trainSet,
    method,
    { threads, signal },
    // What becomes of the batch is told by the plan.
    (event) => event.type === 'progress' && onEvent(event),
  );
  const { batch_size: batchSize, learning_rate: learningRate } = hyperParameters.learning_parameters;
  const state = initialState(method.variables, seed);
  const loader = method.loader(batchSize);
  const session = await createTrainingSession({
    ...{ graphs: method.graphs(batchSize), variables: method.variables, state, seed, signal },
    openEngine: () => createEngine({ threads }),
    onCompile: (done, total) => onEvent({ type: 'progress', task: 'compile', done, total }),
  }).catch(async (error: unknown) => {
    await loader.dispose();
    throw error;
  });
  const times: number[] = [];
  let update = 0;
  let start = performance.now();
  const enough = () =>
    times.length >= MOST_STEPS ||
    (times.length >= FEWEST_STEPS && sum(times) > ENOUGH_SECONDS) ||
    sum(times) > 2 * ENOUGH_SECONDS;
  const total = 1 + MOST_STEPS;
  try {
    for (let epoch = 0; !enough(); epoch++) {
      for await (const batch of loader.epoch(epoch, signal ? { signal } : {})) {
        throwIfAborted(signal, 'steps were measured');
        await session.step([batch], learningRate, ++update);
        const seconds = (performance.now() - start) / 1000;
        if (update > 1) times.push(seconds);
        onEvent({ type: 'progress', task: 'measure', done: update, total });
        if (enough()) break;
        start = performance.now();
      }
    }
    const { validation } = inputSizes(hyperParameters);
    const image = new Float32Array(3 * validation * validation);
    await session.forward?.(image);
    start = performance.now();
    await session.forward?.(image);
    return {
      hyperParameters,
      secondsPerStep: fastestHalf(times),
      stepsMeasured: times.length,
      secondsPerValidationImage: (performance.now() - start) / 1000,
    };
  } finally {
    await Promise.all([loader.dispose(), session.dispose()]);
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** What else the machine did in a few seconds says nothing about the next hours. */
function fastestHalf(times: readonly number[]): number {
  const half = [...times].sort((a, b) => a - b).slice(0, Math.ceil(times.length / 2));
  return sum(half) / half.length;
}
