/** @file The table of classes that is shown before step 0, so that a wrong reading of the masks is seen at once. */
import { displayWidth, padded, printableLine, shortened } from '../../base/text.js';
import { listSome } from './problems.js';

/** Columns for a name in a table, where there is room. */
const MOST_NAME_COLUMNS = 32;
const FEWEST_NAME_COLUMNS = 8;
const USUAL_COLUMNS = 80;

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
  const rows = report.classes.map(({ name, share, images, pixels }, index) => [
    String(index),
    printableLine(name),
    percent(share),
    String(images),
    pixels === 0 ? 'never occurs' : '',
  ]);
  if (report.ignoredShare > 0) rows.push(['255', '(ignored)', percent(report.ignoredShare), '', '']);
  const head = ['class', 'name', 'pixels', 'images', ''];
  const width = (column: number) => Math.max(...[head, ...rows].map((row) => displayWidth(row[column]!)));
  const others = [0, 2, 3, 4].reduce((sum, column) => sum + width(column), 0) + GAP.length * head.length;
  const room = Math.min(Math.max(columns - others, FEWEST_NAME_COLUMNS), MOST_NAME_COLUMNS);
  for (const row of rows) row[1] = shortened(row[1]!, room);
  const line = ([index, name, share, images, note]: string[]) =>
    [
      index!.padStart(width(0)),
      padded(name!, width(1)),
      share!.padStart(width(2)),
      images!.padStart(width(3)),
      note,
    ]
      .map((cell) => GAP + cell)
      .join('')
      .trimEnd();

  const remarks = [...report.notices];
  if (report.warnings.length > 0) {
    remarks.push(
      `${report.warnings.length} images have defects that were decoded around: ${listSome(report.warnings)}`,
    );
  }
  return [
    `${report.root}: ${report.images} images`,
    line(head),
    ...rows.map(line),
    ...remarks.map((remark) => `  note: ${remark}`),
  ].join('\n');
}

/** Three digits or so, since a rare class can be far below 1 %. */
function percent(share: number): string {
  const value = 100 * share;
  return `${value === 0 || value >= 1 ? value.toFixed(1) : value.toPrecision(1)} %`;
}
