/** @file What comes of a study as text for people. */

import { displayWidth, padded, printableLine } from '../base/text.js';
import type { ScoreSpread, Spread } from './spread.js';
import type { StudyRun } from './study-run.js';

const GAP = '  ';

/** `81.95 ± 0.40`, in percent; without a deviation where there is one value, and `-` for none. */
export function percentSpread({ mean, deviation }: Spread): string {
  if (Number.isNaN(mean)) return '-';
  const shown = (100 * mean).toFixed(2);
  return Number.isNaN(deviation) ? shown : `${shown} ± ${(100 * deviation).toFixed(2)}`;
}

/**
 * Trainings with their scores, then mean and deviation by class, in percent.
 *
 * @param runs those that are over, with what each is called.
 */
export function formatSpread(
  runs: readonly StudyRun[],
  { mDice, mIoU, perClass }: Pick<ScoreSpread, 'mDice' | 'mIoU' | 'perClass'>,
): string {
  const percent = (value: number | undefined) =>
    value === undefined || Number.isNaN(value) ? '-' : (100 * value).toFixed(2);
  const trainings = [
    ['training', 'mean Dice', 'mean IoU', 'best epoch', 'epochs'],
    ...runs.map(({ name, metrics, bestEpoch, epochs }) => [
      ...[name, percent(metrics?.mDice), percent(metrics?.mIoU), String(bestEpoch ?? '-'), String(epochs)],
    ]),
  ];
  const classes = [
    ['class', 'Dice', 'IoU'],
    ...perClass.map(({ name, dice, iou }) => [printableLine(name), percentSpread(dice), percentSpread(iou)]),
    ['mean', percentSpread(mDice), percentSpread(mIoU)],
  ];
  return `${alignedTable(trainings)}\n\n${alignedTable(classes)}`;
}

/** Columns side by side, the first to the left and the others to the right, with a rule below the first row. */
export function alignedTable(rows: readonly (readonly string[])[]): string {
  const count = Math.max(...rows.map(({ length }) => length));
  const widths = Array.from({ length: count }, (_, at) =>
    Math.max(...rows.map((row) => displayWidth(row[at] ?? ''))),
  );
  const lines = rows.map((row) =>
    widths
      .map((width, at) => {
        const cell = row[at] ?? '';
        return at === 0 ? padded(cell, width) : `${' '.repeat(width - displayWidth(cell))}${cell}`;
      })
      .join(GAP)
      .trimEnd(),
  );
  lines.splice(1, 0, '-'.repeat(Math.max(...lines.map(displayWidth))));
  return lines.join('\n');
}
