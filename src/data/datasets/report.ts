/** @file The table of classes that is shown before step 0, so that a wrong reading of the masks is seen at once. */
import { displayWidth, padded, printableLine, shortened } from '../../base/text.js';
import { type Dataset, IGNORE_INDEX } from '../types.js';
import { listSome } from './problems.js';

/** Columns for a name in a table, where there is room. */
const MOST_NAME_COLUMNS = 32;
const FEWEST_NAME_COLUMNS = 8;
export const USUAL_COLUMNS = 80;

/** In front of every cell. */
const GAP = '  ';

/** What {@link verifyDataset} found in a data set without bad files. */
export interface DatasetReport {
  /** Folder of the data set. */
  readonly root: string;
  /** Number of images. */
  readonly images: number;
  /** In the order of the class indices. `share` is of all pixels, `images` counts those that show the class. */
  readonly classes: readonly {
    readonly name: string;
    /** Values in the masks that stand for it, where they are not its index. */
    readonly value?: string;
    readonly pixels: number;
    readonly share: number;
    readonly images: number;
  }[];
  /** Indices of the classes that each image shows, in the order of the samples. */
  readonly shown: readonly (readonly number[])[];
  /** Share of the pixels that are ignored (255). */
  readonly ignoredShare: number;
  /** Defects of files that could be decoded around. */
  readonly warnings: readonly string[];
  /** What else is worth knowing, one sentence each. */
  readonly notices: readonly string[];
}

/**
 * Lines of text, without a final line break: one row per class, then the ignored share, then remarks.
 *
 * @param columns into which rows fit by cutting names. Default 80.
 */
export function formatReport(report: DatasetReport, columns = USUAL_COLUMNS): string {
  const hasValues = report.classes.some(({ value }) => value !== undefined);
  const rows = report.classes.map(({ name, value, share, images, pixels }, index) => [
    String(index),
    printableLine(name),
    ...(hasValues ? [value ?? ''] : []),
    percent(share),
    String(images),
    pixels === 0 ? 'never occurs' : '',
  ]);
  if (report.ignoredShare > 0) {
    rows.push(['255', '(ignored)', ...(hasValues ? [''] : []), percent(report.ignoredShare), '', '']);
  }
  const head = ['class', 'name', ...(hasValues ? ['value'] : []), 'pixels', 'images', ''];
  const remarks = [...report.notices];
  if (report.warnings.length > 0) {
    remarks.push(
      `${report.warnings.length} images have defects that were decoded around: ${listSome(report.warnings)}`,
    );
  }
  return [
    `${report.root}: ${report.images} images`,
    ...classTable(head, rows, columns),
    ...remarks.map((remark) => `  note: ${remark}`),
  ].join('\n');
}

/**
 * Lines of a table: numbers to the right, but names, in the second column, and remarks, in the last one, to the left.
 *
 * @param columns into which rows fit by cutting names.
 */
export function classTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number,
): string[] {
  const width = (column: number) => Math.max(...[head, ...rows].map((row) => displayWidth(row[column]!)));
  const others =
    head.reduce((sum, _, column) => sum + (column === 1 ? 0 : width(column)), 0) + GAP.length * head.length;
  const room = Math.min(Math.max(columns - others, FEWEST_NAME_COLUMNS), MOST_NAME_COLUMNS);
  const cut = [head, ...rows].map((row) => row.map((cell, i) => (i === 1 ? shortened(cell, room) : cell)));
  const last = head.length - 1;
  const widths = head.map((_, column) => Math.max(...cut.map((row) => displayWidth(row[column]!))));
  return cut.map((row) =>
    row
      .map((cell, i) => (i === 1 ? padded(cell, widths[1]!) : i === last ? cell : cell.padStart(widths[i]!)))
      .map((cell) => GAP + cell)
      .join('')
      .trimEnd(),
  );
}

/** By class index the values of gray masks and indices; undefined where each class has its own index alone. */
export function valuesOf({ classes, decodeMask }: Dataset): string[] | undefined {
  const { values, white, renumbered } = decodeMask;
  const final = (classIndex: number) => renumbered?.[classIndex] ?? classIndex;
  const found = classes.map((): number[] => []);
  values.forEach((classIndex, value) => {
    if (value !== IGNORE_INDEX || white === undefined) found[final(classIndex)]?.push(value);
  });
  if (white !== undefined) {
    // A value that was found to be white is not the number as well.
    if (classes.length === 2 && white === 1) found[final(1)] = [];
    found[final(white)]?.push(IGNORE_INDEX);
  }
  if (found.every((ours, index) => ours.length === 1 && ours[0] === index)) return undefined;
  return found.map((ours) => listSome(ours.map(String)));
}

/** Three digits or so, since a rare class can be far below 1 %. */
export function percent(share: number): string {
  const value = 100 * share;
  return `${value === 0 || value >= 1 ? value.toFixed(1) : value.toPrecision(1)} %`;
}
