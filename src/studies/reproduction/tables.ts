/** @file The tables beside the published ones: what was reached, from the finished run folders alone. */

import { type Cell as CsvCell, csvText, sixDigits } from '../../base/csv.js';
import { type Spread, spreadOf } from '../spread.js';
import type { StudyRun } from '../study-run.js';
import { alignedTable } from '../text.js';
import type { Cell } from './cells.js';
import { PUBLISHED, type TableName } from './published.js';

/** A number of a table beside the published one. */
export interface ReproducedCell {
  /** Of the table. */
  readonly table: TableName;
  /** Label of its row. */
  readonly row: string;
  /** Head of its column. */
  readonly column: string;
  /** As the documentation has it: Dice in percent, or a ratio of times. */
  readonly published: number;
  /** The same as it was reached; of no value where it was not run. Mean and sample deviation over seeds. */
  readonly reached: Spread;
  /** Seeds of the trainings that it is of. */
  readonly seeds: readonly number[];
  /** Time of these trainings together. */
  readonly seconds: number;
}

/** A table of the documentation. */
export interface ReproducedTable {
  /** Short, as it is asked for. */
  readonly name: TableName;
  /** In words. */
  readonly title: string;
  /** Heads of the columns, as published. */
  readonly columns: readonly string[];
  /** Row by row; those of models that were not asked for are left out. */
  readonly rows: readonly { readonly label: string; readonly cells: readonly ReproducedCell[] }[];
}

/** Name of a training in the study. */
export const trainingName = (key: string, seed: number): string => `${key}_seed-${seed}`;

/** @param runs those that are over. */
export function tablesOf(
  cells: readonly Cell[],
  runs: readonly StudyRun[],
  seeds: readonly number[],
): ReproducedTable[] {
  const byName = new Map(runs.map((run) => [run.name, run]));
  const reproduced = cells.map((cell): ReproducedCell => {
    const { table, row, column, published, of } = cell;
    const found = seeds.flatMap((seed) => {
      const parts = of.map((key) => byName.get(trainingName(key, seed)));
      const [first, second] = parts;
      if (!first || parts.includes(undefined)) return [];
      const value = second ? first.seconds / second.seconds : 100 * (first.metrics?.mDice ?? Number.NaN);
      return [{ seed, value, seconds: first.seconds }];
    });
    return {
      ...{ table, row, column, published },
      reached: spreadOf(found.map(({ value }) => value)),
      seeds: found.map(({ seed }) => seed),
      seconds: found.reduce((sum, { seconds }) => sum + seconds, 0),
    };
  });
  const names = [...new Set(cells.map(({ table }) => table))];
  return names.map((name) => {
    const own = reproduced.filter(({ table }) => table === name);
    const labels = [...new Set(own.map(({ row }) => row))];
    const { title, columns } = PUBLISHED[name];
    return {
      ...{ name, title, columns },
      rows: labels.map((label) => ({ label, cells: own.filter(({ row }) => row === label) })),
    };
  });
}

/** `81.95 ± 0.40 (79.95)`: what was reached, and in brackets what was published; `- (79.95)` for what was not run. */
function cellText({ reached: { mean, deviation }, published }: ReproducedCell): string {
  const value = Number.isNaN(mean) ? '-' : mean.toFixed(2);
  const spread = Number.isNaN(deviation) ? '' : ` ± ${deviation.toFixed(2)}`;
  return `${value}${spread} (${published.toFixed(2)})`;
}

/** The line below a table. */
function lengthOf({ rows }: ReproducedTable): string {
  const cells = rows.flatMap((row) => row.cells);
  const seeds = [...new Set(cells.flatMap((cell) => cell.seeds))].sort((a, b) => a - b);
  const run = cells.filter((cell) => cell.seeds.length > 0);
  const hours = run.reduce((sum, { seconds }) => sum + seconds, 0) / 3600;
  const what =
    seeds.length === 0 ? 'nothing was run' : `seeds ${seeds.join(', ')}; ${hours.toFixed(2)} hours`;
  return `${run.length} of ${cells.length} cells; ${what}`;
}

/** How tables become text. */
export interface TablesText {
  /** Markdown, for a file. Default: aligned, for a terminal. */
  readonly isMarkdown?: boolean | undefined;
  /** Of the terminal; a table that is wider becomes a list, a line for each cell. Default: any width is good. */
  readonly columns?: number | undefined;
}

/** The tables as text: each number beside the published one, in brackets. */
export function formatTables(tables: readonly ReproducedTable[], options: TablesText = {}): string {
  const { isMarkdown = false, columns = Number.POSITIVE_INFINITY } = options;
  return tables
    .map((table) => {
      const heading = isMarkdown ? `## ${table.title}\n` : `${table.title}:`;
      const body = isMarkdown ? markdownOf(table) : alignedOf(table, columns);
      return `${heading}\n${body}\n${isMarkdown ? '\n' : ''}${lengthOf(table)}`;
    })
    .join('\n\n');
}

function markdownOf({ columns, rows }: ReproducedTable): string {
  const lines = rows.map(({ label, cells }) => [label, ...cells.map(cellText)]);
  const [head, ...others] = [['model', ...columns], ...lines].map((row) => `| ${row.join(' | ')} |`);
  return [head, `|${' --- |'.repeat(columns.length + 1)}`, ...others].join('\n');
}

function alignedOf({ columns, rows }: ReproducedTable, width: number): string {
  const lines = rows.map(({ label, cells }) => [label, ...cells.map(cellText)]);
  const wide = alignedTable([['model', ...columns], ...lines]);
  if (wide.split('\n').every((line) => line.length <= width)) return wide;
  const long = rows.flatMap(({ label, cells }) =>
    cells.map((cell, at) => [at === 0 ? label : '', cell.column, cellText(cell)]),
  );
  return alignedTable([['model', 'column', 'reached'], ...long]);
}

/** A row for each cell. */
export function cellsCsv(tables: readonly ReproducedTable[]): string {
  const head = ['table', 'row', 'column', 'published', 'reached', 'deviation', 'seeds', 'seconds'];
  const rows = tables.flatMap(({ rows }) =>
    rows.flatMap(({ cells }) =>
      cells.map((cell): CsvCell[] => [
        ...[cell.table, cell.row, cell.column, cell.published, sixDigits(cell.reached.mean)],
        ...[sixDigits(cell.reached.deviation), cell.seeds.join(' '), sixDigits(cell.seconds)],
      ]),
    ),
  );
  return csvText([head, ...rows]);
}
