/** @file The programs behind docs/results.md, on the results that stand there: what they print and write is what is committed. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NODE = process.execPath;

interface Results {
  readonly machine: string;
  readonly template: string;
  readonly params: string;
  readonly runs: readonly { readonly seed: number }[];
  readonly summary: readonly { readonly pretraining?: object; readonly time?: object }[];
}

let folder: string;
beforeAll(async () => {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  await promisify(execFile)(NODE, [tsc, '-p', join(ROOT, 'tsconfig.experiments.json')]);
  folder = await mkdtemp(join(tmpdir(), 'otx-experiments-'));
  for (const kind of ['images', 'masks']) {
    await mkdir(join(folder, 'data', 'train', kind), { recursive: true });
    for (let i = 0; i < 24; i++) await writeFile(join(folder, 'data', 'train', kind, `${i}.png`), '');
  }
  await writeFile(join(folder, 'data', 'train', 'dataset_meta.json'), '{}');
  await mkdir(join(folder, 'data', 'unlabeled'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const committed = async (name: string): Promise<Results> =>
  JSON.parse(await readFile(join(ROOT, 'docs', 'results', `${name}.json`), 'utf8'));

/** Puts results where a program looks for what it need not compute again. */
async function save(place: string, results: Readonly<Record<string, unknown>>): Promise<void> {
  await mkdir(join(folder, place), { recursive: true });
  for (const [name, result] of Object.entries(results))
    await writeFile(join(folder, place, `${name}.json`), JSON.stringify(result));
}

/** Runs a program. Resolves to the lines of its tables and to the file that it wrote. */
async function run(program: string, name: string, words: readonly string[]) {
  const script = join(ROOT, '.cache', 'experiments', 'experiments', `${program}.js`);
  const { stdout } = await promisify(execFile)(NODE, [script, ...words], { cwd: folder });
  const written = await readFile(join(folder, 'docs', 'results', `${name}.json`), 'utf8');
  return { table: stdout.split('\n').filter((line) => line.startsWith('|')), written: JSON.parse(written) };
}

test.each(['semi-supervised', 'few-labels'])('%s prints the tables of the page', async (name) => {
  const results = await committed(name);
  const extra = results.summary.flatMap(({ pretraining, time }) => [pretraining, time]);
  const all = [...results.runs, ...extra].filter((result) => result !== undefined);
  await save(`runs/${name}`, Object.fromEntries(all.map((result, i) => [String(1000 + i), result])));
  const { table, written } = await run(name, name, ['--data', 'data', '--print']);
  expect(written).toEqual({ ...results, machine: written.machine });
  const page = await readFile(join(ROOT, 'docs', 'results.md'), 'utf8');
  expect(table.length).toBeGreaterThan(5);
  for (const line of table) expect(page).toContain(line);
});

test('int8 prints the table of its page', async () => {
  const file = join(ROOT, 'docs', 'results', 'int8.json');
  type Training = { readonly model: string; readonly seed: number };
  const results = JSON.parse(await readFile(file, 'utf8')) as {
    readonly epochs: number;
    readonly runs: readonly Training[];
    readonly every: readonly Training[];
    readonly milliseconds: readonly { readonly model: string }[];
  };
  const nameOf = ({ model, seed }: Training) => `${model}-${seed}`;
  for (const training of results.runs) await save('runs/int8/scores', { [nameOf(training)]: training });
  for (const training of results.every) await save('runs/int8/every', { [nameOf(training)]: training });
  for (const times of results.milliseconds) await save('runs/int8/times', { [times.model]: times });
  const { table, written } = await run('int8', 'int8', [
    '--data',
    'data',
    '--print',
    '--epochs',
    `${results.epochs}`,
  ]);
  expect(written).toEqual({ ...results, machine: written.machine });
  const page = await readFile(join(ROOT, 'docs', 'optimize.md'), 'utf8');
  expect(table.length).toBeGreaterThan(4);
  for (const line of table) expect(page).toContain(line);
});

test('results goes on with the seeds that are done, and draws their curves', async () => {
  const name = 'camvid7-plain-s';
  const results = await committed(name);
  await save(`runs/${name}`, Object.fromEntries(results.runs.map((run) => [`seed-${run.seed}`, run])));
  const words = ['--name', name, '--template', results.template, '--data', 'data', '--seeds', '0,1,2', '--'];
  const { table, written } = await run('results', name, [...words, ...results.params.split(' ')]);
  expect(written).toEqual({ ...results, machine: written.machine });
  expect(table).toContainEqual(expect.stringContaining('| 0 | 0.718 | 36 | 0.677 |'));
  const picture = await readFile(join(folder, 'docs', 'images', `${name}.png`));
  expect(picture.subarray(1, 4).toString()).toBe('PNG');
});

test('a training that is not there yet is made by otx, whose failure ends the program', async () => {
  // Where nothing is built there is no otx to start.
  const script = join(ROOT, '.cache', 'experiments', 'experiments', 'results.js');
  const words = ['--name', 'new', '--template', 'T', '--data', 'data', '--seeds', '7', '--', '--x', '1'];
  await expect(promisify(execFile)(NODE, [script, ...words], { cwd: folder })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining(
      '--val-data-roots data/val -o runs/new/seed-7 --seed 7 --pretrained none params --x 1',
    ),
  });
});
