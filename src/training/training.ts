/** @file A training under way: what has been prepared, the parts that take part in it, and everybody who is told of it. */

import { messageOf } from '../base/errors.js';
import { keepingThreads } from '../data/index.js';
import { ALONE, type Ranks } from '../engine/ranks/ranks.js';
import { createRunReporter, type RunReporter } from '../reports/index.js';
import type { EpochEvent, TrainEvent } from '../runs/events.js';
import { type Checkpoints, createCheckpoints, followedCheckpoints } from './checkpoints.js';
import { stopwatch } from './clock.js';
import { type Company, joinIn } from './company.js';
import { type LearningRates, learningRates } from './learning-rates.js';
import type { ResumeOptions, TrainOptions } from './options/train-options.js';
import { type PreparedRun, prepareRun } from './prepare/prepare.js';
import { steer } from './steering/steering.js';
import type { Steering } from './steering/steering-part.js';
import { validationInterval } from './steering/validation-interval.js';

/** All that the loop works with. */
export interface Training extends PreparedRun {
  readonly tell: (event: TrainEvent) => void;
  readonly reporter: RunReporter | undefined;
  /** Fires when the training is to stop, in all its processes. */
  readonly signal: AbortSignal | undefined;
  /** Fires when this process is asked to stop. */
  readonly ownSignal: AbortSignal | undefined;
  /** The processes that train together. */
  readonly ranks: Ranks;
  /** Where they agree on how to go on. */
  readonly company: Company;
  /** Seconds of the whole run, interruptions not counted. */
  readonly elapsed: () => number;
  /** Over all processes. */
  readonly imagesPerStep: number;
  /** Epochs between validations. */
  readonly interval: number;
  readonly rates: LearningRates;
  readonly steering: Required<Steering>;
  readonly checkpoints: Checkpoints;
  /** Whether the caller has answered an event so. */
  readonly isEndAsked: () => boolean;
  /** Adds an epoch to `results.csv`, without which a training goes on. */
  readonly noteEpoch: (event: EpochEvent) => Promise<void>;
  /** Lets go of everything. */
  readonly close: () => Promise<void>;
}

/** @throws OtxError as {@link prepareRun}. */
export async function openTraining(
  given: TrainOptions | ResumeOptions,
  ranks: Ranks = ALONE,
): Promise<Training> {
  const options = ranks.rank === 0 ? given : { ...given, onEvent: undefined, reports: false };
  const clock = stopwatch();
  const { signal: ownSignal, onEvent } = options;
  let isAsked = false;
  const isEndAsked = () => isAsked;
  const tell = (event: TrainEvent) => {
    reporter?.onEvent(event);
    if (onEvent?.(event) === 'stop') isAsked = true;
  };
  const reporter = options.reports === false ? undefined : createRunReporter({ tell });
  const run = await keepingThreads(ownSignal, () => prepareRun(options, { tell, reporter }, ranks));
  const company = joinIn(ranks, run.state, ownSignal);
  const { signal } = company;

  const { state, session, trainLoader, validationLoader, config, sizes, history } = run;
  const { stepsPerEpoch } = trainLoader;
  const settings = run.hyperParameters.learning_parameters;
  const adaptive = settings.use_adaptive_interval ? validationInterval(stepsPerEpoch) : 1;
  const interval = Math.max(settings.validation_interval, adaptive);
  const imagesPerStep = settings.batch_size * run.share.parts;
  const earlierSeconds = state.seconds.run;
  let isTableMissed = false;
  const elapsed = () => earlierSeconds + clock();
  return {
    ...run,
    ...{ tell, reporter, signal, elapsed, interval, isEndAsked, imagesPerStep, ranks, company, ownSignal },
    rates: learningRates({ state, settings, stepsPerEpoch, interval }),
    steering: steer({
      ...{ state, settings, interval, sizes, isEndAsked, imagesPerStep },
      timeBudget: config.time_budget,
      validationImages: (validationLoader?.length ?? 0) * (1 + Object.keys(session.others).length),
    }),
    checkpoints:
      ranks.rank > 0
        ? followedCheckpoints(signal)
        : createCheckpoints(run, {
            ...{ signal, ownSignal, tell, elapsed },
            interval: options.checkpointInterval,
            folderName: options.output ?? run.folder.root,
          }),
    noteEpoch: async (event) => {
      await history?.add(event).catch((error: unknown) => {
        if (isTableMissed) return;
        isTableMissed = true;
        tell({
          type: 'notice',
          message: `results.csv is missing or old, training goes on: ${messageOf(error)}`,
        });
      });
    },
    close: async () => {
      await Promise.all([run.dispose(), reporter?.finish()]);
      await run.folder.outputs.close();
    },
  };
}
