/** @file `results.csv` and `results.json` of a study: every training with its scores, their mean and their deviation. */

import { join } from 'node:path';
import { type Cell, csvText, sixDigits } from '../base/csv.js';
import { STUDY_RESULTS_FILE } from '../runs/find-runs.js';
import { type ScoreSpread, scoreSpread } from './spread.js';
import type { Study } from './study.js';
import type { StudyRun, StudyRuns } from './study-run.js';

/** The files that a study leaves, as paths. */
export interface StudyFiles {
  /** A row for each training, and two for mean and deviation. */
  readonly table: string;
  /** The same and more, for programs. */
  readonly json: string;
}

const TABLE = 'results.csv';

/**
 * Writes both; who comes later writes the same again.
 *
 * @param more what else the JSON says.
 */
export async function writeResults(
  study: Study,
  { runs, failed }: StudyRuns,
  more: Readonly<Record<string, unknown>> = {},
): Promise<StudyFiles> {
  const spread = scoreSpread(runs);
  const trainings = runs.map(({ name, finished, epochs, bestEpoch, seconds, metrics, config }) => ({
    ...{ name, seed: config.seed, finished, epochs, bestEpoch, seconds, metrics },
  }));
  const all = { ...more, trainings, failed, spread };
  await study.write(TABLE, csvText(rowsOf(runs, spread)));
  await study.write(STUDY_RESULTS_FILE, `${JSON.stringify(all, null, 2)}\n`);
  return { table: join(study.root, TABLE), json: join(study.root, STUDY_RESULTS_FILE) };
}

function rowsOf(runs: readonly StudyRun[], spread: ScoreSpread): Cell[][] {
  const names = spread.perClass.map(({ name }) => name);
  const head = ['training', 'mDice', 'mIoU', 'best_epoch', 'epochs', 'seconds'];
  const ofClass = (run: StudyRun, name: string, score: 'dice' | 'iou') =>
    sixDigits(run.metrics?.perClass[run.classes.findIndex((one) => one.name === name)]?.[score]);
  const of = (which: 'mean' | 'deviation'): Cell[] => [
    ...[which, sixDigits(spread.mDice[which]), sixDigits(spread.mIoU[which]), undefined, undefined],
    sixDigits(spread.seconds[which]),
    ...spread.perClass.map(({ dice }) => sixDigits(dice[which])),
    ...spread.perClass.map(({ iou }) => sixDigits(iou[which])),
  ];
  return [
    [...head, ...['Dice', 'IoU'].flatMap((score) => names.map((name) => `${score}.${name}`))],
    ...runs.map((run): Cell[] => [
      ...[run.name, sixDigits(run.metrics?.mDice), sixDigits(run.metrics?.mIoU), run.bestEpoch, run.epochs],
      sixDigits(run.seconds),
      ...names.map((name) => ofClass(run, name, 'dice')),
      ...names.map((name) => ofClass(run, name, 'iou')),
    ]),
    of('mean'),
    of('deviation'),
  ];
}
