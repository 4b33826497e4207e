/** @file A search for settings: trials of short trainings, of which the good ones are trained on. */

import { checkOptions } from '../../base/check-options.js';
import { OtxError, option } from '../../base/errors.js';
import { DEFAULT_SEED } from '../../templates/index.js';
import { completeOptions } from '../../training/options/complete-options.js';
import {
  checkTrainOptions,
  requestOf,
  type TrainOptions,
  templateOf,
} from '../../training/options/train-options.js';
import { ownOfProgram } from '../../training/options/training-config.js';
import { inputsOf, JOINT_KINDS, type JointOptions } from '../joint-work.js';
import { Study } from '../study.js';
import { workOn } from '../work.js';
import { type TuneResult, tuneResult } from './result.js';
import { CallClock } from './search-clock.js';
import { dimensionsOf, type SearchSpace } from './space.js';
import { trialTask } from './trial-work.js';
import { lookAt, type SearchPlan, type Training } from './trials.js';

const DEFAULT_TRIALS = 12;
/** Where the time is the limit. */
const MOST_TRIALS = 1000;

/** A training as of {@link train}, what is varied in it, and for how long. */
export interface TuneOptions
  extends Omit<
      TrainOptions,
      'output' | 'onEvent' | 'signal' | 'resumeFrom' | 'timeBudgetSeconds' | 'reports' | 'epochs'
    >,
    JointOptions {
  /** Epochs of a whole training. Default: as of a training with the default settings. */
  readonly epochs?: number | undefined;
  /** What is varied; where `train` is given a value for it, that is its default. Default: learning rate and batch size, as the reference varies them for the template. */
  readonly search?: SearchSpace | undefined;
  /** Trials in all, from 1, the default settings among them. Default 12, or as many as the time allows. More may be given later. */
  readonly trials?: number | undefined;
  /** Seconds that this call may take. No training begins that would take longer, and one that does is stopped. Default: no limit. */
  readonly timeSeconds?: number | undefined;
  /**
   * In place of `timeSeconds`: how many times as long as one training with the default settings the search may take, from 1. What
   * earlier calls have trained counts.
   */
  readonly timeRatio?: number | undefined;
}

/**
 * Searches for settings with which a training comes to a higher mean Dice on the validation data.
 *
 * The first trial is the default, trained to its end. Others are trained for a ninth of its epochs; of each three that have come so
 * far the best is trained to a third, and of each three of these the best to the end. Settings of the first nine are spread evenly,
 * those of later ones chosen by a tree-structured Parzen estimator. Two trainings of the default with other seeds tell what
 * chance does. With equal seed, data, threads and number of trials the result is the same, however many processes work on it and
 * however often they are stopped; a limit of time makes it depend on the machine.
 *
 * @throws OtxError as {@link train}, `usage` for settings that cannot be searched and for a folder that holds another study, `aborted`
 * when the signal fired.
 */
export async function tune(options: TuneOptions): Promise<TuneResult> {
  const { search, trials, timeSeconds, timeRatio, output, onEvent, signal, wait, ...training } = options;
  checkOptions('tune()', { output, onEvent, signal, wait }, JOINT_KINDS);
  checkTrainOptions({ ...training, output });
  checkLimits({ trials, timeSeconds, timeRatio, training });
  const dimensions = dimensionsOf(search ?? referenceSpace(training));
  await checkValidated(training);
  const many = trials ?? ((timeSeconds ?? timeRatio) ? MOST_TRIALS : DEFAULT_TRIALS);
  const plan: SearchPlan = { training, dimensions, trials: many, seed: training.seed ?? DEFAULT_SEED };
  const own = ownOfProgram(training);
  const asked = requestOf(training);
  const request = { ...asked, search: dimensions.map(({ name, range }) => ({ name, range })) };
  const study = await Study.enter({ root: output, kind: 'search', request, inputs: inputsOf(asked) });
  const clock = new CallClock({ timeSeconds, timeRatio });
  try {
    onEvent?.({ type: 'output', folder: output });
    const tasks = async () =>
      clock.fitting(await lookAt(study, plan)).map((task) => trialTask(study, task, own, clock));
    const elsewhere = await workOn(study, { tasks, signal, onEvent, wait });
    const state = await lookAt(study, plan);
    if (state.trials[0] === undefined) throw new OtxError('usage', notBegun(output, elsewhere));
    return await tuneResult(study, plan, state, elsewhere);
  } catch (error) {
    if (!(error instanceof OtxError && error.code === 'aborted')) throw error;
    throw new OtxError(
      'aborted',
      `stopped: the trials so far are in ${output}, and the same command with this folder goes on with them`,
      { cause: error },
    );
  } finally {
    await study.close();
  }
}

const notBegun = (output: string, elsewhere: readonly string[]): string =>
  elsewhere.length > 0
    ? `${output}: another process has just begun with the first training; try again`
    : `${output}: the time was up before the first training began; give more`;

/**
 * Learning rate and batch size as the reference varies them for the template (OpenVINO Training Extensions 1.5, `hpo_config.yaml`).
 */
export function referenceSpace(training: Pick<TrainOptions, 'template'>): SearchSpace {
  const { name } = templateOf(training);
  const log = true;
  if (/^SegNext/i.test(name)) {
    return {
      learningRate: { min: 5e-5, max: 5e-3, log, step: 1e-5 },
      batchSize: { min: 6, max: 12, step: 2 },
    };
  }
  if (/-x-mod3$/i.test(name)) {
    return {
      learningRate: { min: 1e-4, max: 1e-2, log, step: 1e-4 },
      batchSize: { min: 4, max: 16, step: 2 },
    };
  }
  const learningRate = { min: 2e-4, max: 5e-3, log, step: 1e-4 };
  if (/-18-mod2$/i.test(name)) return { learningRate };
  return { learningRate, batchSize: { min: 6, max: 12, step: 2 } };
}

interface Limits extends Pick<TuneOptions, 'trials' | 'timeSeconds' | 'timeRatio'> {
  readonly training: Readonly<Record<string, unknown>>;
}

/** @throws OtxError `usage` */
function checkLimits({ trials, timeSeconds, timeRatio, training }: Limits): void {
  const wrong = (name: string, found: unknown, expected: string) =>
    new OtxError('usage', `${option(name)} is ${String(found)}; expected ${expected}`);
  if (trials !== undefined && !(Number.isInteger(trials) && trials >= 1 && trials <= MOST_TRIALS))
    throw wrong('trials', trials, `a whole number from 1 to ${MOST_TRIALS}`);
  if (timeSeconds !== undefined && !(timeSeconds > 0 && timeSeconds < Number.POSITIVE_INFINITY))
    throw wrong('timeSeconds', timeSeconds, 'seconds above 0');
  if (timeRatio !== undefined && !(timeRatio >= 1 && timeRatio < Number.POSITIVE_INFINITY))
    throw wrong('timeRatio', timeRatio, 'a number from 1: the search trains once with the default settings');
  if (timeSeconds !== undefined && timeRatio !== undefined) {
    throw new OtxError(
      'usage',
      `${option('timeSeconds')} and ${option('timeRatio')} are both given; leave one of them out`,
    );
  }
  for (const name of ['timeBudgetSeconds', 'reports', 'resumeFrom']) {
    if (training[name] === undefined) continue;
    throw new OtxError('usage', `${option(name)}: a search has no use for it; leave it out`);
  }
}

/** @throws OtxError `usage` for a way of training that is not validated. */
async function checkValidated(training: Training): Promise<void> {
  const { trainType } = await completeOptions(training);
  if (trainType !== 'Selfsupervised') return;
  throw new OtxError(
    'usage',
    'self-supervised training is not validated, so that there is nothing to compare trials by; search settings of the training that ' +
      'follows it',
  );
}
