/**
 * @file What the programs that compare trainings share: running `otx`, reading its results, links to images, statistics,
 * pictures. They run in the root of the repository, whose built package they use.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { cpus } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { Random } from '../src/base/random.js';
import { drawLinePanels, type LineChartOptions, type LinePanel } from '../src/drawing/charts/line-panels.js';

/** The machine in words, for the files of results. */
export const MACHINE = `${cpus().length} cores, ${cpus()[0]?.model.trim()}`;

/** Hyper-parameters by their names on the command line. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

/** The words of a command line that set these hyper-parameters. */
export function paramsOf(settings: Settings): string[] {
  return ['params', ...Object.entries(settings).flatMap(([key, value]) => [`--${key}`, String(value)])];
}

export interface OtxOptions {
  /** Folder of the run, which is emptied before. */
  readonly output: string;
  /** Command in front of it, e.g. "nice -n 8"; default none. */
  readonly launcher?: string;
  /**
   * Of a training, what its settings are that are not given. Default `otx`, so that trainings that are compared differ in what is given
   * alone.
   */
  readonly recipe?: 'auto' | 'otx';
}

/** Runs `otx` with these words. @throws Error when it fails. */
export function otx(words: readonly string[], { output, launcher = '', recipe = 'otx' }: OtxOptions): void {
  rmSync(output, { recursive: true, force: true });
  const command = [
    ...launcher.split(' ').filter(Boolean),
    ...[process.execPath, 'dist/cli/main.js', ...withRecipe(words, recipe)],
  ];
  console.error(command.join(' '));
  const { status } = spawnSync(command[0]!, command.slice(1), { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`ended with ${status}: ${command.join(' ')}`);
}

function withRecipe([operation = '', ...words]: readonly string[], recipe: string): string[] {
  return operation === 'train' ? [operation, '--recipe', recipe, ...words] : [operation, ...words];
}

/** What was saved for this name; `compute` makes and saves it where nothing was. */
export function savedOr<T>(path: string, compute: () => T): T {
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as T;
  const result = compute();
  writeJson(path, result);
  return result;
}

/** {@link savedOr} for what takes its time. */
export async function savedOrMade<T>(path: string, make: () => Promise<T>): Promise<T> {
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as T;
  const result = await make();
  writeJson(path, result);
  return result;
}

/** Every JSON file of a folder. */
export function readResults(folder: string): unknown[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as unknown);
}

export function writeJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(value, null, 1)}\n`);
}

/** A row of `results.csv` by column; NaN for an empty cell. */
export type EpochRow = Readonly<Record<string, number>>;

/** The rows of the `results.csv` of a run. */
export function readEpochs(run: string): EpochRow[] {
  const [head = '', ...rows] = readFileSync(join(run, 'results.csv'), 'utf8').trim().split('\n');
  const names = head.split(',');
  return rows.map((row) => {
    const cells = row.split(',');
    return Object.fromEntries(
      names.map((column, i) => [column, cells[i] === '' ? Number.NaN : Number(cells[i])]),
    );
  });
}

/** Mean Dice of a run: the best, at which epoch, the last, and the curve of the epochs that were validated. */
export interface DiceScores {
  readonly best: number;
  readonly bestEpoch: number;
  readonly last: number;
  readonly curve: readonly (readonly [epoch: number, mDice: number])[];
}

export function diceOf(epochs: readonly EpochRow[]): DiceScores {
  const curve = epochs
    .map(({ epoch, mDice }): [number, number] => [epoch ?? Number.NaN, mDice ?? Number.NaN])
    .filter(([, mDice]) => Number.isFinite(mDice));
  if (curve.length === 0) throw new Error('no epoch was validated');
  const [bestEpoch, best] = curve.reduce((a, b) => (b[1] > a[1] ? b : a));
  return { best, bestEpoch, last: curve.at(-1)![1], curve };
}

/** Sum of a column, whose empty cells count as 0. */
export function total(rows: readonly EpochRow[], column: string): number {
  return rows.reduce((sum, row) => sum + (row[column] || 0), 0);
}

export interface Spread {
  readonly mean: number;
  /** Standard deviation of a sample; 0 for a single value. */
  readonly deviation: number;
  readonly low: number;
  readonly high: number;
}

export function spread(xs: readonly number[]): Spread {
  const mean = xs.reduce((a, b) => a + b, 0) / xs.length;
  const variance = xs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(xs.length - 1, 1);
  return { mean, deviation: Math.sqrt(variance), low: Math.min(...xs), high: Math.max(...xs) };
}

/** Links every file of a folder into another. */
export function linkAll(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const file of readdirSync(from)) link(join(from, file), join(to, file));
}

export interface LinkedDataset {
  /** Data set whose files are linked. */
  readonly from: string;
  /** File names of its images. */
  readonly names: readonly string[];
  /** How often each image occurs. */
  readonly copies: number;
  /** Where the links are made. */
  readonly folder: string;
}

/** Makes `folder` a data set of some images of another, as links. */
export function linkDataset({ from, names, copies, folder }: LinkedDataset): void {
  const stems = new Set(names.map(stemOf));
  for (const kind of ['images', 'masks']) {
    mkdirSync(join(folder, kind), { recursive: true });
    for (const file of readdirSync(join(from, kind))) {
      if (!stems.has(stemOf(file))) continue;
      for (let copy = 0; copy < copies; copy++)
        link(join(from, kind, file), join(folder, kind, `${stemOf(file)}-${copy}${extname(file)}`));
    }
  }
  copyFileSync(join(from, 'dataset_meta.json'), join(folder, 'dataset_meta.json'));
}

export interface DrawnDataset {
  /** Data set whose files are linked. */
  readonly from: string;
  /** Images that are drawn by `seed`. */
  readonly count: number;
  readonly seed: number;
  /** Images of an epoch, among which each is as often. */
  readonly perEpoch: number;
  /** Where the links are made; what is there stays. */
  readonly folder: string;
}

/** A few labeled images, the same for equal numbers, as a data set. @returns its folder */
export function drawDataset({ from, count, seed, perEpoch, folder }: DrawnDataset): string {
  if (existsSync(join(folder, 'dataset_meta.json'))) return folder;
  const names = readdirSync(join(from, 'images')).sort();
  const drawn = new Random(`few labels ${seed}`).shuffle(names).slice(0, count);
  linkDataset({ from, names: drawn, copies: perEpoch / count, folder });
  return folder;
}

/** Links a file once. */
export function link(target: string, path: string): void {
  if (!existsSync(path)) symlinkSync(target, path);
}

function stemOf(file: string): string {
  return basename(file, extname(file));
}

/** Draws line charts, as runs have them, into a PNG file. */
export async function drawLines(
  path: string,
  panels: readonly LinePanel[],
  options: LineChartOptions,
): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, await drawLinePanels(panels, options));
}
