import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { generateScene } from '../demo/generate.js';
import { LOOKS } from '../demo/looks.js';
import type { StudyEvent } from './events.js';
import { type TrainSeedsOptions, trainSeeds } from './train-seeds.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-seeds-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const SIZE = { width: 64, height: 48 };
const dataOf = (key: string, count: number) => ({
  classes: LOOKS.streets.classes,
  images: Array.from({ length: count }, (_, at) => {
    const { image, mask } = generateScene(`${key}${at}`, SIZE.width, SIZE.height);
    return { image: { data: image, channels: 3 as const, ...SIZE }, mask: { data: mask, ...SIZE } };
  }),
});

const requestIn = (output: string): TrainSeedsOptions => ({
  ...{ trainData: dataOf('a', 4), validationData: dataOf('b', 2), output, seeds: [3, 4] },
  ...{ pretrained: 'none', inputSize: '64x64', batchSize: 2, epochs: 1, threads: 1, reports: false },
});

test('data in memory is given to each training, and a seed more is trained alone', async () => {
  const output = join(folder, 'study');
  const events: StudyEvent[] = [];
  const onEvent = (event: StudyEvent) => events.push(event);
  const first = await trainSeeds({ ...requestIn(output), onEvent });
  expect(first.runs.map(({ name, config }) => [name, config.seed])).toEqual([
    ['seed-3', 3],
    ['seed-4', 4],
  ]);
  expect(first.spread.mDice.count).toBe(2);
  expect(await readFile(join(output, 'plan', 'seed-3.yaml'), 'utf8')).toContain('- trainData');
  const told = events.flatMap((event) =>
    event.type === 'task' ? [`${event.name} ${event.state} ${event.done}/${event.total}`] : [],
  );
  expect(told).toEqual([
    'seed-3 started 0/2',
    'seed-3 finished 1/2',
    'seed-4 started 1/2',
    'seed-4 finished 2/2',
  ]);
  // The folder is that of the study: those of its runs are not told.
  expect(events.flatMap((event) => (event.type === 'output' ? [event.folder] : []))).toEqual([output]);
  events.length = 0;
  const more = await trainSeeds({ ...requestIn(output), seeds: [5], onEvent });
  expect(more.runs.map(({ name }) => name)).toEqual(['seed-3', 'seed-4', 'seed-5']);
  expect(events.filter((event) => event.type === 'start')).toHaveLength(1);
  await expect(trainSeeds({ ...requestIn(output), epochs: 2 })).rejects.toThrow('holds another study');
});

test.each([
  [{ seeds: [1, 1] }, 'seeds is [ 1, 1 ]; expected'],
  [{ seeds: [] }, 'seeds is'],
  [{ seeds: [0.5] }, 'seeds is'],
  [{ seeds: undefined }, 'seeds is undefined'],
  [{ sedes: [1] }, 'has no option "sedes"'],
  [{ wait: 'no' }, 'wait is "no"; expected true or false'],
])('%j is refused', async (wrong, message) => {
  const options = { ...requestIn(join(folder, 'x')), ...wrong } as TrainSeedsOptions;
  await expect(trainSeeds(options)).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining(message),
  });
});
