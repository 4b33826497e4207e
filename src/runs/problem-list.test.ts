import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OtxError } from '../base/errors.js';
import { Outputs } from '../base/outputs/outputs.js';
import { withProblemList } from './problem-list.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-problems-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const failing = (count: number) => async () => {
  const problems = Array.from({ length: count }, (_, i) => `file${i} is bad`);
  throw new OtxError('dataset', `${count} problems`, { problems });
};

test('a long list goes into the output folder, and the error says where', async () => {
  const output = join(folder, 'new', 'run');
  const file = join(output, 'problems.txt');
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(withProblemList(output, failing(30 - attempt))).rejects.toMatchObject({
      code: 'dataset',
      message: `${30 - attempt} problems\n  the whole list is in ${file}`,
    });
    expect((await readFile(file, 'utf8')).trim().split('\n')).toHaveLength(30 - attempt);
  }
});

test('a short list, and a job without output, leave nothing behind', async () => {
  const output = join(folder, 'run');
  await expect(withProblemList(output, failing(20))).rejects.toThrow(/^20 problems$/);
  await expect(withProblemList(undefined, failing(30))).rejects.toThrow(/^30 problems$/);
  expect(await readdir(folder)).toEqual([]);
  expect(await withProblemList(output, async () => 5)).toBe(5);
});

test('a folder with anything else in it is not touched, unless the job has opened it', async () => {
  const output = join(folder, 'run');
  await mkdir(output);
  await writeFile(join(output, 'mine.txt'), 'mine');
  await expect(withProblemList(output, failing(30))).rejects.toThrow(/^30 problems$/);
  expect(await readdir(output)).toEqual(['mine.txt']);
  const open = await Outputs.open({ root: output });
  await expect(withProblemList(open, failing(30))).rejects.toThrow(/problems\.txt/);
  await expect(withProblemList(join(output, 'mine.txt'), failing(30))).rejects.toThrow(/^30 problems$/);
});

test('the list stays out of data, and leaves a file of that name alone', async () => {
  const inputs = { folders: [{ path: folder, what: 'the data' }] };
  await expect(withProblemList(join(folder, 'run'), failing(30), inputs)).rejects.toThrow(/^30 problems$/);
  await mkdir(join(folder, 'out'));
  await writeFile(join(folder, 'out', 'problems.txt'), 'mine');
  await expect(withProblemList(join(folder, 'out'), failing(30))).rejects.toThrow(/^30 problems$/);
  expect(await readFile(join(folder, 'out', 'problems.txt'), 'utf8')).toBe('mine');
  expect(await readdir(folder)).toEqual(['out']);
});
