/** @file The trials of a search as they are at the moment, and what is to be done next: a function of the run folders alone. */

import { join } from 'node:path';
import { Random } from '../../base/random.js';
import { RESULTS_FILE, readScores, type ScoredEpoch } from '../../runs/history.js';
import { settings } from '../../settings/index.js';
import type { TrainOptions } from '../../training/options/train-options.js';
import { formatTrainingRequest } from '../../training/options/training-config.js';
import { isOver, type RunFacts, readRun } from '../run-facts.js';
import type { Study } from '../study.js';
import { REDUCTION, type RungTask, rungsOf, rungTasks } from './halving.js';
import { enoughFor, type Observation, proposePlaces, spreadPlaces } from './propose.js';
import { type Dimension, placeOf, type SearchValue, valueAt } from './space.js';

/** Trials that are spread evenly before anything is concluded; one of three, and of these one of three, goes on. */
export const FIRST_TRIALS = REDUCTION ** 2;
/** Trainings of the default with other seeds, by which chance is measured. */
const REPEATS = 2;

/** A training without what is of one trial. */
export type Training = Omit<TrainOptions, 'output' | 'onEvent' | 'signal' | 'resumeFrom'>;

/** A search that is to be done. */
export interface SearchPlan {
  readonly training: Training;
  readonly dimensions: readonly Dimension[];
  /** In all, the default among them. */
  readonly trials: number;
  readonly seed: number;
}

/** A training of the search, and how far it is to be trained now. */
export interface TrialTask {
  /** Of its plan and its run folder. */
  readonly training: string;
  /** Of the task. */
  readonly name: string;
  /** Undefined for a whole training. */
  readonly epochs: number | undefined;
  /** By name in files; those of the default are chosen when it begins. */
  readonly values: Readonly<Record<string, SearchValue>>;
}

/** A run of the search that has begun. */
export interface TrialRun extends RunFacts {
  readonly name: string;
  readonly values: Readonly<Record<string, SearchValue>>;
  /** Best mean Dice up to each epoch that was validated. */
  readonly scores: readonly ScoredEpoch[];
  readonly hasFailed: boolean;
}

/** What is known by now. */
export interface SearchState {
  readonly tasks: readonly TrialTask[];
  /** Epochs at which trials are compared; empty until the default has begun. */
  readonly rungs: readonly number[];
  /** In order, the default first; undefined for those that have not begun. */
  readonly trials: readonly (TrialRun | undefined)[];
  /** The default with other seeds. */
  readonly repeats: readonly TrialRun[];
}

export const trialName = (at: number): string => `trial-${at}`;

/** Looks at the folder, and plans what can be planned. */
export async function lookAt(study: Study, plan: SearchPlan): Promise<SearchState> {
  const { training, seed } = plan;
  await study.plan(trialName(0), formatTrainingRequest(training));
  const whole: TrialTask = { training: trialName(0), name: trialName(0), epochs: undefined, values: {} };
  const first = await readTrial(study, plan, whole.training, [whole.name]);
  if (!first) return { tasks: [whole], rungs: [], trials: [], repeats: [] };
  const { num_iters, validation_interval } = first.config.hyper_parameters.learning_parameters ?? {};
  const epochs = Number(num_iters);
  const rungs = rungsOf(epochs, Number(validation_interval ?? 1));
  // Where chance is measured: long enough to tell, and not as long as a whole training.
  const measured = rungs.at(-2) ?? epochs;
  const repeats = Array.from({ length: REPEATS }, (_, at): TrialTask => {
    const name = `default-${at + 1}`;
    return { training: name, name, epochs: measured, values: {} };
  });
  for (const [at, { name }] of repeats.entries()) {
    await study.plan(name, formatTrainingRequest({ ...training, epochs, seed: (seed + at + 1) % 2 ** 32 }));
  }
  const { tasks, trials } = await searchTasks(study, plan, { first, rungs });
  const runs = await Promise.all(repeats.map(({ name }) => readTrial(study, plan, name, [name])));
  return {
    tasks: [whole, ...repeats, ...tasks],
    rungs,
    trials,
    repeats: runs.filter((run) => run !== undefined),
  };
}

/** The best score up to an epoch; undefined while the run has not come so far, -Infinity where it has none. */
export function scoreUpTo(run: TrialRun | undefined, epochs: number): number | undefined {
  if (!run) return undefined;
  if (run.hasFailed) return Number.NEGATIVE_INFINITY;
  if (run.epochs < epochs && !isOver(run)) return undefined;
  const given = run.bestEpoch === 0 ? [run.metrics!.mDice] : [];
  const seen = run.scores.filter(({ epoch }) => epoch <= epochs).map(({ mDice }) => mDice);
  return Math.max(...given, ...seen);
}

interface Found {
  readonly first: TrialRun;
  readonly rungs: readonly number[];
}

async function searchTasks(
  study: Study,
  plan: SearchPlan,
  { first, rungs }: Found,
): Promise<Pick<SearchState, 'tasks' | 'trials'>> {
  const { training, dimensions, seed } = plan;
  const random = (what: string) => new Random(`${seed}:search:${what}`);
  const spread = spreadPlaces(FIRST_TRIALS - 1, dimensions.length, random('spread'));
  const trials: (TrialRun | undefined)[] = [first];
  const values: Record<string, SearchValue>[] = [{}];
  let rungsDone: readonly RungTask[] = [];
  const scoreAt = (trial: number, rung: number) => scoreUpTo(trials[trial], rungs[rung]!);
  for (let many = Math.min(FIRST_TRIALS, plan.trials); ; many = Math.min(many + REDUCTION, plan.trials)) {
    const seen = observations(dimensions, { trials, rungsDone, scoreAt });
    for (let at = trials.length; at < many; at++) {
      const places = spread[at - 1] ?? proposePlaces(dimensions, seen, random(String(at)));
      const chosen = dimensions.map(
        (dimension, which) => [dimension, valueAt(dimension, places[which]!)] as const,
      );
      values.push(Object.fromEntries(chosen.map(([{ name }, value]) => [name, value])));
      const own = Object.fromEntries(chosen.map(([{ key }, value]) => [key, value]));
      const name = trialName(at);
      await study.plan(name, formatTrainingRequest({ ...training, ...own, epochs: rungs.at(-1)! }));
      const names = [...rungs.map((_, rung) => taskName({ trial: at, rung }, rungs)), `${name}-best`];
      trials.push(await readTrial(study, plan, name, names));
    }
    rungsDone = rungTasks(many, rungs.length, scoreAt);
    const isClosed = rungsDone.every(({ trial, rung }) => scoreAt(trial, rung) !== undefined);
    if (isClosed && many < plan.trials) continue;
    const tasks = rungsDone
      .filter(({ trial }) => trial > 0)
      .map((one) => taskOf(one, rungs, values[one.trial]!));
    return { trials, tasks: isClosed ? [...tasks, ...lastTask(trials, rungs, values)] : tasks };
  }
}

const taskName = ({ trial, rung }: RungTask, rungs: readonly number[]): string =>
  `${trialName(trial)}-to-${rungs[rung]}`;

function taskOf(
  task: RungTask,
  rungs: readonly number[],
  values: Readonly<Record<string, SearchValue>>,
): TrialTask {
  const isWhole = task.rung === rungs.length - 1;
  return {
    training: trialName(task.trial),
    name: taskName(task, rungs),
    epochs: isWhole ? undefined : rungs[task.rung],
    values,
  };
}

/** When all else is done, the best is trained to its end. */
function lastTask(
  trials: readonly (TrialRun | undefined)[],
  rungs: readonly number[],
  values: readonly Readonly<Record<string, SearchValue>>[],
): TrialTask[] {
  const { at } = winnerOf(trials, rungs);
  if (at === 0) return [];
  const training = trialName(at);
  return [{ training, name: `${training}-best`, epochs: undefined, values: values[at]! }];
}

/** The best trial. */
export interface Winner {
  /** Which; 0 for the default. */
  readonly at: number;
  /** Epochs after which it was compared; undefined while there was nothing to compare with. */
  readonly epochs: number | undefined;
}

/**
 * The best of those that were trained the longest, the default among them at the same epoch; the first of equals.
 */
export function winnerOf(trials: readonly (TrialRun | undefined)[], rungs: readonly number[]): Winner {
  const isScored = (trial: TrialRun | undefined, epochs: number) =>
    (scoreUpTo(trial, epochs) ?? Number.NEGATIVE_INFINITY) > Number.NEGATIVE_INFINITY;
  const epochs = rungs.findLast((rung) => trials.slice(1).some((trial) => isScored(trial, rung)));
  if (epochs === undefined) return { at: 0, epochs };
  const scores = trials.map((trial) => scoreUpTo(trial, epochs) ?? Number.NEGATIVE_INFINITY);
  return { at: scores.indexOf(Math.max(...scores)), epochs };
}

/** Of the longest trainings of which there are enough. */
function observations(
  dimensions: readonly Dimension[],
  {
    trials,
    rungsDone,
    scoreAt,
  }: {
    readonly trials: readonly (TrialRun | undefined)[];
    readonly rungsDone: readonly RungTask[];
    readonly scoreAt: (trial: number, rung: number) => number | undefined;
  },
): Observation[] {
  const rungs = [...new Set(rungsDone.map(({ rung }) => rung))].sort((a, b) => b - a);
  const byRung = rungs.map((rung) =>
    rungsDone
      .filter((task) => task.rung === rung)
      .map(({ trial }) => ({
        places: dimensions.map((dimension) => placeOf(dimension, trials[trial]!.values[dimension.name])),
        score: scoreAt(trial, rung)!,
      })),
  );
  return byRung.find(({ length }) => length >= enoughFor(dimensions)) ?? byRung.at(-1) ?? [];
}

async function readTrial(
  study: Study,
  { dimensions }: SearchPlan,
  name: string,
  tasks: readonly string[],
): Promise<TrialRun | undefined> {
  const run = study.runFolder(name);
  const facts = await readRun(run);
  if (!facts) return undefined;
  const all: Readonly<Record<string, SearchValue | undefined>> = settings.toFlat(
    facts.config.hyper_parameters,
  );
  const values = Object.fromEntries(dimensions.map(({ key, name }) => [name, all[key]!]));
  const failures = await Promise.all(tasks.map((task) => study.failureOf(task)));
  const hasFailed = failures.some((failure) => failure !== undefined);
  return { ...facts, name, values, hasFailed, scores: await readScores(join(run, RESULTS_FILE)) };
}
