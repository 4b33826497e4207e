/**
 * @file Adding a loss, a report or a schedule touches one file: in a copy of the sources, one file more (a schedule: an entry
 * more) and the first part of the build, and all else follows. That settings take one entry is shown in one-place.test.ts.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TrainEvent } from '../src/runs/events.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SCRIPT = join(ROOT, 'scripts', 'write-entries.mjs');
const INDEXES = ['src/losses/segmentation/index.ts', 'src/reports/kinds/index.ts'];

/** What the newcomer writes. */
const LOSS = `
import { mul, reduceSum } from '../../graph/builders.js';
import type { NamedLoss } from '../named-loss.js';

export const entry: NamedLoss = {
  loss: (logits) => mul(reduceSum(logits), 2),
  description: 'twice the sum of the logits',
};
`;
const REPORT = `
import type { CreateReport } from '../report.js';

export const entry: CreateReport = (run, { outputs, enqueue }) => {
  let steps = 0;
  return {
    onEvent: ({ type }) => {
      if (type === 'step') steps += 1;
    },
    finish: () => enqueue('steps.txt', () => outputs.write('steps.txt', Buffer.from(\`\${steps}\`))),
  };
};
`;
const SCHEDULE = `
  halving: {
    warmUpRatio: 1,
    rate: (learningRate, { step }) => learningRate / 2 ** step,
    whenExtended: () => 'the learning rate goes on halving',
  },`;

let copy: string;
const load = (file: string) => import(/* @vite-ignore */ join(copy, file));
const writeEntries = () => execFileSync(process.execPath, [SCRIPT, copy], { stdio: 'pipe' });

beforeAll(() => {
  // Below the repository, so that packages are found.
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  copy = mkdtempSync(join(ROOT, '.cache', 'one-file-'));
  cpSync(join(ROOT, 'package.json'), join(copy, 'package.json'));
  cpSync(join(ROOT, 'src'), join(copy, 'src'), {
    recursive: true,
    filter: (path) => !/\.(test|cases)\.ts$/.test(path) && !INDEXES.some((file) => path.endsWith(file)),
  });
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

test('the lists that the repository has are those of its files', () => {
  writeEntries();
  for (const file of INDEXES) {
    expect(readFileSync(join(copy, file), 'utf8')).toBe(readFileSync(join(ROOT, file), 'utf8'));
  }
});

test('a name that no setting could have is refused', () => {
  const file = join(copy, 'src/losses/segmentation/Own_Loss.ts');
  writeFileSync(file, LOSS);
  expect(writeEntries).toThrow('Own_Loss.ts: a name is of small letters and digits');
  rmSync(file);
});

test('one file more is a loss, one a report, one entry a schedule', async () => {
  const schedules = join(copy, 'src/optim/schedules/schedules.ts');
  const before = readFileSync(schedules, 'utf8');
  writeFileSync(join(copy, 'src/losses/segmentation/twice-sum.ts'), LOSS);
  writeFileSync(join(copy, 'src/reports/kinds/step-count.ts'), REPORT);
  writeFileSync(schedules, before.replace('const SCHEDULES = {', `const SCHEDULES = {${SCHEDULE}`));
  writeEntries();

  const { settings } = await load('src/settings/index.ts');
  const asked = { learning_parameters: { loss: 'twice_sum', learning_rate_schedule: 'halving' } };
  expect(settings.check(asked)).toEqual(asked);
  const { properties } = settings.jsonSchema(settings.defaults);
  expect(properties.loss.enum).toContain('twice_sum');
  expect(properties.loss.description).toContain('twice_sum: twice the sum of the logits');
  expect(properties.loss.default).toBe('cross_entropy');
  expect(properties.learningRateSchedule.enum).toContain('halving');

  const [{ lossOf }, { input }, { runGraph }] = await Promise.all(
    ['src/losses/index.ts', 'src/graph/index.ts', 'src/engine/run-graph.ts'].map(load),
  );
  const logits = input('logits', 'float32', [1, 2, 1, 2]);
  const labels = input('labels', 'uint8', [1, 1, 2]);
  const [loss] = await runGraph([lossOf('twice_sum')(logits, labels)], {
    logits: Float32Array.of(1, 2, 3, 4),
  });
  expect([...loss]).toEqual([20]);

  const { learningRateAt } = await load('src/optim/index.ts');
  const options = { schedule: 'halving', learningRate: 1, warmUpSteps: 0 };
  expect(learningRateAt(options, { step: 3, totalSteps: 9, state: {} })).toBe(1 / 8);
});

test('the report follows a training', async () => {
  const [{ createRunReporter }, { Outputs }] = await Promise.all(
    ['src/reports/index.ts', 'src/base/outputs/outputs.ts'].map(load),
  );
  const folder = join(copy, 'run');
  mkdirSync(folder);
  const told: TrainEvent[] = [];
  const reporter = createRunReporter({ tell: (event: TrainEvent) => told.push(event) });
  const start = { type: 'start', epochs: 1, stepsPerEpoch: 2, classes: [] };
  reporter.onFolder(await Outputs.open({ root: folder }));
  reporter.onStart({ start, classes: [], trainSet: { samples: [] }, validationSet: undefined });
  for (const step of [1, 2]) {
    const progress = { loss: 1, figures: {}, learningRate: 1, imagesPerSecond: 1, etaSeconds: 1 };
    reporter.onEvent({ type: 'step', epoch: 1, epochs: 1, step, stepsPerEpoch: 2, ...progress });
  }
  await reporter.finish();
  expect(told).toEqual([]);
  expect(readFileSync(join(folder, 'steps.txt'), 'utf8')).toBe('2');
});

test('nothing else of the copy was touched', () => {
  const filesOf = (root: string) =>
    (readdirSync(join(root, 'src'), { recursive: true }) as string[])
      .map((file) => file.split(sep).join('/'))
      .filter((file) => /(?<!\.test|\.cases)\.ts$/.test(file));
  const own = new Set(filesOf(ROOT));
  const changed = filesOf(copy).filter((file) => {
    const original = own.has(file) ? readFileSync(join(ROOT, 'src', file), 'utf8') : undefined;
    return readFileSync(join(copy, 'src', file), 'utf8') !== original;
  });
  expect(changed.sort()).toEqual([
    'losses/segmentation/index.ts',
    'losses/segmentation/twice-sum.ts',
    'optim/schedules/schedules.ts',
    'reports/kinds/index.ts',
    'reports/kinds/step-count.ts',
  ]);
});
