/** @file Reads `results.csv` back, so that charts show all epochs of a run, those before an interruption too. */

import { COLUMNS } from '../../runs/history.js';

/** The columns of the file. */
export interface ResultsTable {
  /** Numbers of the epochs, ascending. */
  readonly epochs: readonly number[];
  /** Names of the classes that have a Dice column. */
  readonly classes: readonly string[];
  /** Names of the columns that only the method of this training has. */
  readonly figures: readonly string[];
  /** Figures in the order of the epochs; `NaN` where there is none, also for a column that does not exist. */
  column(name: string): readonly number[];
}

const DICE = 'Dice.';
const IOU = 'IoU.';

/** @param text comma separated, the first line names the columns, names may be in double quotes. */
export function parseResults(text: string): ResultsTable {
  const [head = [], ...rows] = text
    .trimEnd()
    .split('\n')
    .map((line) => splitLine(line));
  const numbers = (name: string) => {
    const at = head.indexOf(name);
    return rows.map((row) => (row[at] === undefined || row[at] === '' ? Number.NaN : Number(row[at])));
  };
  return {
    epochs: numbers('epoch'),
    classes: head.filter((name) => name.startsWith(DICE)).map((name) => name.slice(DICE.length)),
    figures: head.filter(
      (name) => !COLUMNS.includes(name) && !name.startsWith(DICE) && !name.startsWith(IOU),
    ),
    column: numbers,
  };
}

/** Quotes inside a quoted cell are doubled. */
function splitLine(line: string): string[] {
  return Array.from(line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g), ([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'),
  );
}
