/** @file What exported files are like, a line each, as text for people, programs and spreadsheets. */

import { csvText, sixDigits } from '../../base/csv.js';
import type { ExportType, Precision } from '../formats/index.js';
import type { FileMeasure } from './measure-file.js';

/** An exported file. */
export interface ExportedFile {
  /** Format of the file. */
  readonly format: ExportType;
  /** How its weights are stored; `int8`: quantised, which computes with them as well. */
  readonly precision: Precision | 'int8';
  /** Path of the file that other programs are given. */
  readonly model: string;
  /** Of all files of the format together. */
  readonly bytes: number;
  /** Undefined for a format that this program does not read. */
  readonly measured: FileMeasure | undefined;
}

const MEGABYTE = 1e6;

/** Columns of the table for people, and how their cells are written. */
const COLUMNS: readonly (readonly [string, (file: ExportedFile, name: string) => string])[] = [
  ['file', (_, name) => name],
  ['weights', ({ precision }) => precision],
  ['MB', ({ bytes }) => (bytes / MEGABYTE).toFixed(2)],
  ['mean Dice', ({ measured }) => measured?.mDice?.toFixed(4) ?? ''],
  ['difference', ({ measured }) => signed(measured?.diceDifference)],
  ['equal pixels', ({ measured }) => (measured ? percent(measured.equalPixels) : '')],
  ['ms per picture', ({ measured }) => measured?.milliseconds.toFixed(1) ?? ''],
  ['first, ms', ({ measured }) => measured?.firstMilliseconds.toFixed(0) ?? ''],
];

const signed = (value: number | undefined): string =>
  value === undefined ? '' : `${value < 0 ? '' : '+'}${value.toFixed(5)}`;

/** Rounded down: only what is all is 100 %. */
const percent = (share: number): string => `${(Math.floor(share * 1e5) / 1e3).toFixed(3)} %`;

/** Head and rows. @param nameOf a file in the table */
export function exportTable(
  files: readonly ExportedFile[],
  nameOf: (file: ExportedFile) => string,
): { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] } {
  return {
    head: COLUMNS.map(([title]) => title),
    rows: files.map((file) => COLUMNS.map(([, cell]) => cell(file, nameOf(file)))),
  };
}

/** What the numbers are of. */
export interface MeasuredOn {
  /** Threads of ONNX Runtime; undefined for all that the process may use. */
  readonly threads: number | undefined;
  /** Path of the data set; undefined for pictures by formula, or data in memory. */
  readonly testData: string | undefined;
}

/** One sentence. */
export function describeMeasured(files: readonly ExportedFile[], on: MeasuredOn): string {
  const pictures = files.find(({ measured }) => measured)?.measured?.pictures ?? 0;
  const source =
    on.testData === undefined ? `${pictures} generated pictures, which have no score` : on.testData;
  return `measured on each file as it was read back, on ${source}; equal pixels of ${pictures} pictures; times with ${threadsOf(on)}`;
}

/** The line of one file. */
export function formatExported(
  { bytes, measured }: Pick<ExportedFile, 'bytes' | 'measured'>,
  on: MeasuredOn,
): string {
  const size = `${(bytes / MEGABYTE).toFixed(2)} MB`;
  if (!measured) return size;
  const { mDice, diceDifference, equalPixels, pictures, milliseconds, firstMilliseconds } = measured;
  const scored =
    mDice === undefined
      ? ''
      : `mean Dice ${mDice.toFixed(4)} (${signed(diceDifference)} to the trained model), `;
  const source = on.testData === undefined ? 'generated pictures' : 'pictures';
  return (
    `${size}, read back: ${scored}${percent(equalPixels)} of the pixels of ${pictures} ${source} as the trained model, ` +
    `${milliseconds.toFixed(1)} ms a picture (median, ${threadsOf(on)}), first one after ${firstMilliseconds.toFixed(0)} ms`
  );
}

const threadsOf = ({ threads }: MeasuredOn): string =>
  threads === undefined ? 'all threads' : `${threads} ${threads === 1 ? 'thread' : 'threads'}`;

export function csvOf(files: readonly ExportedFile[], nameOf: (file: ExportedFile) => string): string {
  const head = ['file', 'format', 'weights', 'bytes', 'mean_dice', 'dice_difference', 'equal_pixels'];
  return csvText([
    [...head, 'pictures', 'milliseconds', 'first_milliseconds'],
    ...files.map((file) => {
      const { format, precision, bytes, measured } = file;
      return [
        ...[nameOf(file), format, precision, bytes, sixDigits(measured?.mDice)],
        ...[sixDigits(measured?.diceDifference), sixDigits(measured?.equalPixels), measured?.pictures],
        ...[sixDigits(measured?.milliseconds), sixDigits(measured?.firstMilliseconds)],
      ];
    }),
  ]);
}

export function jsonOf(
  files: readonly ExportedFile[],
  nameOf: (file: ExportedFile) => string,
  { threads, testData }: MeasuredOn,
): string {
  const rows = files.map((file) => {
    const { format, precision: weights, bytes, measured } = file;
    return { file: nameOf(file), format, weights, bytes, ...measured };
  });
  return `${JSON.stringify({ testData: testData ?? null, threads: threads ?? null, files: rows }, null, 2)}\n`;
}

export function markdownOf(
  files: readonly ExportedFile[],
  nameOf: (file: ExportedFile) => string,
  on: MeasuredOn,
): string {
  const { head, rows } = exportTable(files, nameOf);
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = line(head.map((_, column) => (column < 2 ? '---' : '---:')));
  return `${[line(head), rule, ...rows.map(line)].join('\n')}\n\n${describeMeasured(files, on)}\n`;
}
