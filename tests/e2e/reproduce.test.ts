/** @file `otx reproduce` from end to end, on stand-ins of a few pictures in the layout of each data set. */
import { createHash } from 'node:crypto';
import { lstat, mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLabels } from '../../src/data/formats/read-labels.js';
import { openDataset } from '../../src/data/index.js';
import { PUBLISHED } from '../../src/studies/reproduction/published.js';
import { otxHere } from './here.js';
import { otx } from './otx.js';
import { writeStandIns } from './published-layouts.js';

const MODEL = 'Lite-HRNet-s-mod2';
const CELLS = 4 + 12 + 6 + 9;
const TASKS = 11 + 26;

let folder: string;
let data: string;
let output: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'otx-reproduce-')));
  data = join(folder, 'data');
  output = join(folder, 'tables');
  await writeStandIns(data, 16);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const command = (...more: string[]): string[] => [
  ...['reproduce', '--data-root', data, '--models', MODEL, '--pretrained', 'none', '--threads', '1'],
  ...[
    '-o',
    output,
    ...more,
    'params',
    '--learning_parameters.num_workers=0',
    '--learning_parameters.input_size',
    '64x64',
  ],
  ...['--learning_parameters.batch_size=8', '--learning_parameters.num_iters=1'],
];

async function digest(root: string): Promise<string> {
  const hash = createHash('sha256');
  const names = (await readdir(root, { recursive: true })).sort();
  for (const name of names) {
    hash.update(name);
    if ((await lstat(join(root, name))).isFile()) hash.update(await readFile(join(root, name)));
  }
  return hash.digest('hex');
}

const begun = (text: string): string[] =>
  [...text.matchAll(/^(\S+) \(\d+ of \d+\)(?! goes on)/gm)].map(([, name]) => name!);

test('all tables, by a process that is killed and two that go on: nothing twice, and each table as published', async () => {
  const before = await digest(data);
  const killed = await otx(command(), {
    onOutput: (text, send) => {
      if (text.includes(`(15 of ${TASKS})`)) send('SIGKILL');
    },
  });
  expect(killed.code).toBeNull();
  const both = await Promise.all([otx(command()), otx(command())]);
  expect(both.map(({ stderr }) => stderr)).toEqual(['', '']);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  const all = [killed, ...both].flatMap(({ stdout }) => begun(stdout));
  expect(new Set(all).size).toBe(TASKS);
  // The one that was killed before its first checkpoint may begin again.
  expect(all.length).toBeLessThanOrEqual(TASKS + 1);
  expect(await digest(data)).toBe(before);

  const text = await readFile(join(output, 'tables.md'), 'utf8');
  for (const { title, columns } of Object.values(PUBLISHED)) {
    expect(text).toContain(`## ${title}\n\n| model | ${columns.join(' | ')} |`);
  }
  expect(text).toMatch(/^Mean Dice in percent, as it was reached and, in brackets, as published/);
  expect(text).toMatch(
    /^\*\*No reproduction\*\*: pretrained, .*inputSize.* differ from the documented settings\.$/m,
  );
  expect(text).not.toMatch(/\| - \(/);
  expect(text.match(/\d+\.\d\d \(\d+\.\d\d\)/g)).toHaveLength(CELLS);
  const [head, ...rows] = (await readFile(join(output, 'cells.csv'), 'utf8')).trim().split('\n');
  expect(head).toBe('table,row,column,published,reached,deviation,seeds,seconds');
  expect(rows).toHaveLength(CELLS);
  // Both print it, whoever has trained what.
  const printed = both.map(({ stdout }) => stdout.slice(stdout.indexOf('reached (published)')));
  const withoutTimes = (end: string) => end.replace(/done in .*/, '');
  expect(withoutTimes(printed[0]!)).toBe(withoutTimes(printed[1]!));
  expect(printed[0]).toContain(
    'pretrained, batchSize, epochs, inputSize differ from the documented settings',
  );
}, 600_000);

test('its subsets are links to the pictures beside masks with their classes alone', async () => {
  const root = join(output, 'data', 'KITTI_54');
  const made = JSON.parse(await readFile(join(root, 'made.json'), 'utf8')) as Record<string, string[]>;
  expect(made.classes).toEqual(['background', 'vehicle', 'human', 'construction']);
  expect(made.train!.filter((id) => made.val!.includes(id))).toEqual([]);
  const dataset = await openDataset(join(root, 'train'));
  expect(dataset.samples.map(({ id }) => id)).toEqual([...made.train!].sort());
  const values = new Set<number>();
  for (const sample of dataset.samples) {
    expect((await lstat(sample.imagePath)).isSymbolicLink()).toBe(true);
    expect(await realpath(sample.imagePath)).toBe(
      join(data, 'kitti', 'data_semantics', 'training', 'image_2', `${sample.id}.png`),
    );
    for (const value of (await readLabels(sample, dataset.decodeMask)).data) values.add(value);
  }
  expect([...values].sort()).toEqual([0, 1, 2, 3]);
  const unlabeled = (await readFile(join(root, 'unlabeled.txt'), 'utf8')).trim().split('\n');
  expect(unlabeled.every((path) => path.includes(join('testing', 'image_2')))).toBe(true);
  const few = JSON.parse(await readFile(join(output, 'data', 'VOC_8', 'made.json'), 'utf8'));
  const more = JSON.parse(await readFile(join(output, 'data', 'VOC_16', 'made.json'), 'utf8'));
  expect(more.train).toEqual(expect.arrayContaining(few.train));
});

test('where data is missing, its cells are told as not run', async () => {
  const { code, stdout } = await otxHere(
    command('--table', 'supervised').map((word) =>
      word === data ? join(data, 'DIS5K') : word === output ? join(folder, 'one') : word,
    ),
  );
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^Lite-HRNet-s-mod2 +\d+\.\d\d \(79\.95\) +- \(62\.38\) +- \(58\.26\) +- \(36\.06\)$/m,
  );
  expect(stdout).toMatch(/1 of 4 cells; seeds 0;/);
  expect(stdout).toContain(
    'no copy of KITTI was found, by training/image_2 and training/semantic; its cells',
  );
});
