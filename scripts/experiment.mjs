/** What the scripts that compare trainings share: running `otx`, reading its results, links to images, statistics, pictures. */
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
import * as echarts from 'echarts';
import sharp from 'sharp';

/** The machine in words, for the files of results. */
export const MACHINE = `${cpus().length} cores, ${cpus()[0].model.trim()}`;

/** The words of a command line that set these hyper-parameters. */
export function paramsOf(settings) {
  return ['params', ...Object.entries(settings).flatMap(([key, value]) => [`--${key}`, String(value)])];
}

/**
 * Runs `otx` with these words in an `output` folder that is emptied before. `launcher` is a command in front of it, e.g.
 * "nice -n 8". Throws when it fails.
 */
export function otx(words, { output, launcher = '' }) {
  rmSync(output, { recursive: true, force: true });
  const otxWords = [process.execPath, 'dist/cli/main.js', ...words];
  const command = [...launcher.split(' ').filter(Boolean), ...otxWords];
  console.error(command.join(' '));
  const { status } = spawnSync(command[0], command.slice(1), { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`ended with ${status}: ${command.join(' ')}`);
}

/** What was saved for this name; `compute` makes and saves it where nothing was. */
export function savedOr(path, compute) {
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'));
  const result = compute();
  writeJson(path, result);
  return result;
}

/** Every JSON file of a folder. */
export function readResults(folder) {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
}

export function writeJson(path, value) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(value, null, 1)}\n`);
}

/** The rows of the `results.csv` of a run, by column; NaN for an empty cell. */
export function readEpochs(run) {
  const [head, ...rows] = readFileSync(join(run, 'results.csv'), 'utf8').trim().split('\n');
  const names = head.split(',');
  return rows.map((row) => {
    const cells = row.split(',');
    return Object.fromEntries(
      names.map((column, i) => [column, cells[i] === '' ? Number.NaN : Number(cells[i])]),
    );
  });
}

/** Best and last mean Dice of a run's epochs, and the curve of those that were validated. */
export function diceOf(epochs) {
  const scored = epochs.filter((row) => Number.isFinite(row.mDice));
  const top = scored.reduce((a, b) => (b.mDice > a.mDice ? b : a));
  return {
    best: top.mDice,
    bestEpoch: top.epoch,
    last: scored.at(-1).mDice,
    curve: scored.map((row) => [row.epoch, row.mDice]),
  };
}

export function total(rows, column) {
  return rows.reduce((sum, row) => sum + (row[column] || 0), 0);
}

/** Mean, standard deviation (of a sample) and range. */
export function spread(xs) {
  const mean = xs.reduce((a, b) => a + b, 0) / xs.length;
  const variance = xs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(xs.length - 1, 1);
  return { mean, deviation: Math.sqrt(variance), low: Math.min(...xs), high: Math.max(...xs) };
}

/** Links every file of a folder into another. */
export function linkAll(from, to) {
  mkdirSync(to, { recursive: true });
  for (const file of readdirSync(from)) link(join(from, file), join(to, file));
}

/** Makes `folder` a data set of these images of the data set `from`, as links, each image `copies` times. */
export function linkDataset({ from, names, copies, folder }) {
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

/** Links a file once. */
export function link(target, path) {
  if (!existsSync(path)) symlinkSync(target, path);
}

function stemOf(file) {
  return basename(file, extname(file));
}

/** Draws an ECharts option into a PNG file. */
export async function drawChart(path, { width, height, option }) {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({ animation: false, backgroundColor: '#fff', ...option });
  mkdirSync(dirname(path), { recursive: true });
  await sharp(Buffer.from(chart.renderToSVGString())).png({ palette: true }).toFile(path);
  // A chart that is not disposed of keeps the process alive.
  chart.dispose();
}
