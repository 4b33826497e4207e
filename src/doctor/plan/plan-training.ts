/** @file A plan for a training, from a data set to `plan.yaml`. */

import { join, resolve } from 'node:path';
import { checkOptions } from '../../base/check-options.js';
import { OtxError, option } from '../../base/errors.js';
import { Outputs } from '../../base/outputs/outputs.js';
import { otxCommand } from '../../base/shell.js';
import {
  type ClassInfo,
  type Dataset,
  findSubset,
  listSubsets,
  openDataset,
  openSource,
  type VerifiedDataset,
  verifyDataset,
} from '../../data/index.js';
import type { TrainEvent } from '../../runs/events.js';
import { datasetInputs, joinInputs } from '../../runs/inputs.js';
import { withProblemList } from '../../runs/problem-list.js';
import { kindsOf, type RunOptions, runVocabulary } from '../../settings/run-vocabulary.js';
import { DEFAULT_TEMPLATE, loadTemplate } from '../../templates/index.js';
import { inWords } from './duration.js';
import { formatPlan } from './format-plan.js';
import { makePlan } from './make-plan.js';
import { type PilotResult, runPilot } from './pilot.js';
import type { TimeEstimate, TrainingPlan } from './plan.js';

/** Name of the plan in its folder. */
export const PLAN_FILE = 'plan.yaml';
/** Options of a training that are as well options of its plan. */
const SHARED = [
  'validationData',
  'dataFormat',
  'useOtxAdapter',
  'assume',
  'bands',
  'timeBudgetSeconds',
  'threads',
] as const;

/** What to plan for. */
export interface PlanTrainingOptions extends Pick<RunOptions, (typeof SHARED)[number]> {
  /** Root of the data set to learn from (docs/data.md has the layouts). */
  readonly trainData: string;
  /** A template, by name or id. Default Lite-HRNet-s-mod2. */
  readonly template?: string | undefined;
  /** Folder for `plan.yaml`, and for the run of a pilot. Default: nothing is written. */
  readonly output?: string | undefined;
  /** Whether a few steps are made to see how long they take. Default true. */
  readonly timing?: boolean | undefined;
  /** Seconds to train for, in the folder `pilot` of `output`. Default: no pilot. */
  readonly pilotSeconds?: number | undefined;
  /** Is told how the job goes on, and the pilot. */
  readonly onEvent?: ((event: TrainEvent) => void) | undefined;
  /** Stops the job. */
  readonly signal?: AbortSignal | undefined;
}

/** A plan as it was made. */
export interface PlannedTraining extends TrainingPlan {
  /** Of the data set, as its masks are read, background first. */
  readonly classes: readonly ClassInfo[];
  /** Time, pilot and advice in sentences, as they stand above the values. */
  readonly summary: readonly string[];
  /** The plan as YAML, with its reasons: a configuration for {@link readTrainingConfig} and `--config`. */
  readonly yaml: string;
  /** The file with it; undefined without an output folder. */
  readonly file: string | undefined;
  /** Undefined where none was asked for. */
  readonly pilot: PilotResult | undefined;
}

/**
 * Suggests settings for a training by what the data set is like and by how fast this machine is, with a reason for each value.
 *
 * @throws OtxError `dataset` as {@link checkDataset}, `usage`, `template`, `output`, or `aborted` when the signal fired.
 */
export async function planTraining(options: PlanTrainingOptions): Promise<PlannedTraining> {
  checkOptions('planTraining()', options, {
    ...kindsOf(...SHARED),
    trainData: 'path',
    template: 'string?',
    output: 'path?',
    timing: 'boolean?',
    pilotSeconds: 'number?',
    onEvent: 'function?',
    signal: 'signal?',
  });
  const { trainData, dataFormat: format, useOtxAdapter, assume, bands, signal, onEvent } = options;
  const reading = { format, useOtxAdapter, assume, bands, signal };
  const look = async () => {
    const opened = await openSource(trainData, { ...reading, role: 'train' });
    return verifyDataset(opened, {
      isForTraining: true,
      ...(signal ? { signal } : {}),
      onProgress: (done, total) => onEvent?.({ type: 'progress', task: 'check', done, total }),
    });
  };
  const places = { folders: [{ path: trainData, what: 'the data set' }] };
  const { dataset, report } = await withProblemList(options.output, look, places);
  onEvent?.({ type: 'data', subset: 'train', report });
  return planVerified({ dataset, report }, options);
}

/** {@link planTraining} for data of which every file has been looked at. */
async function planVerified(
  { dataset, report }: VerifiedDataset,
  options: PlanTrainingOptions,
): Promise<PlannedTraining> {
  const { output, timing = true, pilotSeconds, timeBudgetSeconds, threads, signal } = options;
  const { onEvent = () => undefined } = options;
  runVocabulary.check({ timeBudgetSeconds, threads });
  if (pilotSeconds !== undefined && output === undefined) {
    throw new OtxError('usage', `a pilot leaves a run: ${option('output')} is missing`);
  }
  const template = loadTemplate(options.template ?? DEFAULT_TEMPLATE);
  const own = await ownValidation(options);
  const outputs =
    output === undefined
      ? undefined
      : await Outputs.open({
          root: output,
          files: [PLAN_FILE],
          inputs: joinInputs(
            datasetInputs('the data set', options.trainData, dataset),
            own ? datasetInputs('the validation data', options.validationData, own) : {},
          ),
        });
  try {
    const plan = await makePlan({
      ...{ dataset, report, template, timeBudgetSeconds, threads, signal, onEvent },
      validationImages: own?.samples.length,
      isTimed: timing,
    });
    const pilot =
      pilotSeconds === undefined || output === undefined
        ? undefined
        : await runPilot(plan, {
            ...{ seconds: pilotSeconds, output, onEvent, signal },
            data: { ...pick(options), trainData: options.trainData },
          });
    const { timeBudgetSeconds: _, ...given } = pick(options);
    const file = output === undefined ? undefined : join(output, PLAN_FILE);
    const summary = [
      ...(plan.time ? describeTime(plan.time) : []),
      ...(pilot ? describePilot(pilot) : []),
      ...plan.advice,
    ];
    const head = [...headOf(options.trainData, file), ...summary];
    const places = runVocabulary.toConfig({ trainData: options.trainData, ...given }, resolve);
    const yaml = formatPlan(head, places, plan.values);
    await outputs?.write(PLAN_FILE, yaml);
    return { ...plan, classes: dataset.classes, summary, yaml, file, pilot };
  } finally {
    await outputs?.close();
  }
}

const pick = (options: PlanTrainingOptions): Pick<RunOptions, (typeof SHARED)[number]> =>
  Object.fromEntries(SHARED.map((name) => [name, options[name]]));

/** Data to validate on that is not a part of the data to learn from, as a training would find it. */
async function ownValidation(options: PlanTrainingOptions): Promise<Dataset | undefined> {
  const { trainData, validationData, dataFormat: format, useOtxAdapter, assume, bands, signal } = options;
  const reading = { format, useOtxAdapter, assume, bands, signal, isLeftOpen: true };
  if (validationData !== undefined) return openDataset(validationData, { ...reading, role: 'val' });
  const names = await listSubsets(trainData, format);
  const subset = names.length > 1 ? findSubset(names, 'val') : undefined;
  return subset === undefined ? undefined : openDataset(trainData, { ...reading, subset });
}

/** What stands above the values. */
function headOf(data: string, file: string | undefined): string[] {
  return [
    `A plan for a training on ${data}. Change what you like: whatever is left out is chosen by the recipe.`,
    `  ${otxCommand('train', '--config', file ?? PLAN_FILE, '-o', '<folder>')}`,
  ];
}

/** What many have for a training, in seconds. */
const DEADLINE = 3600;

/** What a time estimate says, in sentences. */
function describeTime(time: TimeEstimate): string[] {
  const { threads, secondsPerStep, stepsMeasured, secondsPerEpoch, stepsPerEpoch, seconds } = time;
  return [
    `Measured here with ${count(threads, 'thread')}, over ${count(stepsMeasured, 'step')}: ${inWords(secondsPerStep)} a step, so about ` +
      `${inWords(secondsPerEpoch)} an epoch of ${count(stepsPerEpoch, 'step')} and about ${inWords(seconds)} for those that the recipe plans.`,
    ...(seconds > 2 * DEADLINE && secondsPerEpoch < DEADLINE
      ? [
          `With a deadline: time_budget: ${DEADLINE} ends within ${inWords(DEADLINE)}, after about ` +
            `${count(Math.floor(DEADLINE / secondsPerEpoch), 'epoch')}.`,
        ]
      : []),
  ];
}

/** What a pilot says, in sentences. */
function describePilot({ metrics, steps, seconds, side, rise }: PilotResult): string[] {
  const reached = `A pilot at ${side}x${side} reached a mean Dice of ${metrics.mDice.toFixed(3)} with ${count(steps, 'step')} in ${inWords(seconds)}`;
  if (rise === undefined) return [`${reached}, which are too few to say how it goes on.`];
  return [
    rise > RISING
      ? `${reached}, and had risen by ${rise.toFixed(3)} in their second half: more steps reach more.`
      : `${reached}, and had stopped rising.`,
  ];
}

/** Below this a score stands still, as far as one can tell from a few validations. */
const RISING = 0.01;

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
