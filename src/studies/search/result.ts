/** @file What a search has come to, as a record and as files. */

import { join } from 'node:path';
import { type Cell, csvText, sixDigits } from '../../base/csv.js';
import { drawSearch } from '../../drawing/charts/search.js';
import type { StopReason } from '../../runs/run-state.js';
import { formatTrainingRequest } from '../../training/options/training-config.js';
import { isOver } from '../run-facts.js';
import { spreadOf } from '../spread.js';
import type { Study } from '../study.js';
import type { SearchValue } from './space.js';
import { type SearchPlan, type SearchState, scoreUpTo, type TrialRun, winnerOf } from './trials.js';

/** A trial of a search. */
export interface Trial {
  /** Such as `trial-3`; `trial-0` is the default. */
  readonly name: string;
  /** Its run folder. */
  readonly run: string;
  /** Of the settings that are searched, by name in files. */
  readonly values: Readonly<Record<string, SearchValue>>;
  /** Epochs that it was trained. */
  readonly epochs: number;
  /** Best mean Dice on the validation data; `NaN` before the first validation. */
  readonly mDice: number;
  /** Why it ended; undefined for one that was stopped as others were better, and for one under way. */
  readonly finished: StopReason | undefined;
  /** Time of its training. */
  readonly seconds: number;
}

/** The files of a search, as paths. */
export interface SearchFiles {
  /** A row for each trial. */
  readonly table: string;
  /** The same and what was concluded, for programs. */
  readonly json: string;
  /** Chart of scores against settings and epochs, PNG. */
  readonly chart: string;
  /** The configuration to train with, as `otx train --config` reads it. */
  readonly config: string;
}

/** What was concluded. */
export interface SearchVerdict {
  /** The best trial. */
  readonly best: Trial;
  /** The default settings. */
  readonly baseline: Trial;
  /** Epochs after which they were compared; undefined where nothing but the default was trained. */
  readonly comparedAt: number | undefined;
  /** Mean Dice of the best less that of the default there. */
  readonly gain: number;
  /** Sample deviation of the mean Dice of the default over three seeds; `NaN` where they were not trained. */
  readonly deviation: number;
  /** Whether the gain is more than twice the deviation; undefined where that is not known. */
  readonly isBetter: boolean | undefined;
  /** Settings to train with: of the best, unless it is not better than the default. */
  readonly chosen: Readonly<Record<string, SearchValue>>;
}

/** What a search has come to. */
export interface TuneResult extends SearchVerdict {
  /** Folder of the search. */
  readonly output: string;
  /** Those that have begun, in order. */
  readonly trials: readonly Trial[];
  /** Names of trainings that other processes are still at; empty unless `wait` is false. */
  readonly elsewhere: readonly string[];
  /** What was written besides the run folders. */
  readonly files: SearchFiles;
}

const TABLE = 'results.csv';
const JSON_FILE = 'results.json';
const CHART = 'search.png';
const CONFIG = 'config.yaml';
/** Deviations by which a trial has to be better, as it is the best of several. */
const CLEARLY = 2;

/** Writes what has become of a search whose default has begun; who comes later writes the same again. */
export async function tuneResult(
  study: Study,
  plan: SearchPlan,
  state: SearchState,
  elsewhere: readonly string[],
): Promise<TuneResult> {
  const { dimensions, training } = plan;
  const verdict = verdictOf(state);
  const trials = state.trials.flatMap((run) => (run ? [trialOf(run)] : []));
  const names = dimensions.map(({ name }) => name);
  await study.write(TABLE, csvText(tableOf(trials, names)));
  const repeats = state.repeats.map(trialOf);
  await study.write(
    JSON_FILE,
    `${JSON.stringify({ kind: 'search', ...verdict, trials, repeats }, null, 2)}\n`,
  );
  const own = Object.fromEntries(
    dimensions.flatMap(({ key, name }) => (name in verdict.chosen ? [[key, verdict.chosen[name]]] : [])),
  );
  const epochs = state.rungs.at(-1);
  await study.write(CONFIG, formatTrainingRequest({ ...training, ...own, ...(epochs && { epochs }) }));
  const scored = state.trials.flatMap((run) =>
    run ? [{ ...run, isBest: run.name === verdict.best.name }] : [],
  );
  await study.write(
    CHART,
    await drawSearch(
      scored,
      dimensions.map(({ name, range }) => ({ name, range })),
    ),
  );
  const at = (file: string) => join(study.root, file);
  const files = { table: at(TABLE), json: at(JSON_FILE), chart: at(CHART), config: at(CONFIG) };
  return { ...verdict, output: study.root, trials, elsewhere, files };
}

function verdictOf({ trials, rungs, repeats }: SearchState): SearchVerdict {
  const [first] = trials as [TrialRun];
  const { at, epochs } = winnerOf(trials, rungs);
  const scoreOf = (run: TrialRun) => scoreUpTo(run, epochs ?? first.epochs) ?? Number.NaN;
  const gain = scoreOf(trials[at]!) - scoreOf(first);
  const measured = Math.min(...repeats.map((run) => run.epochs));
  const seeds =
    repeats.length < 2 ? [] : [first, ...repeats].map((run) => scoreUpTo(run, measured) ?? Number.NaN);
  const { deviation } = spreadOf(seeds.filter(Number.isFinite));
  const isKnown = !Number.isNaN(deviation);
  const isBetter =
    at === 0 ? (epochs === undefined ? undefined : false) : isKnown ? gain > CLEARLY * deviation : undefined;
  const isTaken = at > 0 && isBetter !== false;
  return {
    best: trialOf(trials[at]!),
    baseline: trialOf(first),
    comparedAt: epochs,
    gain,
    deviation,
    isBetter,
    chosen: isTaken ? trials[at]!.values : {},
  };
}

function trialOf(trial: TrialRun): Trial {
  const { name, run, values, epochs, metrics, finished, seconds } = trial;
  const mDice = metrics?.mDice ?? Number.NaN;
  return { name, run, values, epochs, mDice, finished: isOver(trial) ? finished : undefined, seconds };
}

function tableOf(trials: readonly Trial[], names: readonly string[]): Cell[][] {
  return [
    ['trial', ...names, 'mDice', 'epochs', 'finished', 'seconds'],
    ...trials.map(({ name, values, mDice, epochs, finished, seconds }): Cell[] => [
      name,
      ...names.map((setting) => String(values[setting] ?? '')),
      ...[sixDigits(mDice), epochs, finished, sixDigits(seconds)],
    ]),
  ];
}
