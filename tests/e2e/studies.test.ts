import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';
import { writeReport } from '../../src/index.js';
import { otxHere } from './here.js';
import { otx } from './otx.js';
import { outcomeOf } from './runs.js';

const PARAMS = [
  ...[
    'params',
    '--learning_parameters.num_workers=0',
    '--learning_parameters.input_size',
    '64x64',
    '--learning_parameters.batch_size=2',
  ],
  ...['--learning_parameters.enable_early_stopping=False', '--learning_parameters.num_iters=2'],
];

let folder: string;
let data: string;
/** What one process has made of three seeds. */
let alone: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-studies-'));
  data = join(folder, 'data');
  alone = join(folder, 'alone');
  await generateScenes(data, { train: 6, val: 2, width: 80, height: 64 });
  const { code, stderr } = await otxHere(seeds(alone));
  expect(stderr).toBe('');
  expect(code).toBe(0);
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const TRAIN = ['--pretrained', 'none', '--threads', '1'];
const seeds = (output: string, list = '0,1,2'): string[] => [
  ...['train', 'Lite-HRNet-s-mod2', '--train-data-roots', join(data, 'train'), '--val-data-roots'],
  ...[join(data, 'val'), ...TRAIN, '--seeds', list, '-o', output, ...PARAMS],
];

/** All that `results.json` says but times. */
async function resultOf(output: string): Promise<unknown> {
  const all = JSON.parse(await readFile(join(output, 'results.json'), 'utf8')) as {
    trainings: { seconds?: number }[];
    spread: { seconds?: unknown };
  };
  delete all.spread.seconds;
  for (const training of all.trainings) delete training.seconds;
  return all;
}

const begun = (text: string): string[] =>
  [...text.matchAll(/^(\S+) \(\d of \d\)/gm)].map(([, name]) => name!);

test('several seeds are compared, and the best is ready to be used', async () => {
  const { trainings, best, spread } = (await resultOf(alone)) as {
    trainings: { name: string; seed: number; metrics: { mDice: number } }[];
    best: string;
    spread: { mDice: { mean: number; deviation: number; count: number } };
  };
  expect(trainings.map(({ name, seed }) => [name, seed])).toEqual([
    ['seed-0', 0],
    ['seed-1', 1],
    ['seed-2', 2],
  ]);
  const scores = trainings.map(({ metrics }) => metrics.mDice);
  expect(scores[Number(best.slice(-1))]).toBe(Math.max(...scores));
  const mean = scores.reduce((sum, score) => sum + score, 0) / 3;
  expect(spread.mDice.mean).toBeCloseTo(mean, 12);
  expect(spread.mDice.deviation).toBeCloseTo(
    Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / 2),
    12,
  );
  const rows = (await readFile(join(alone, 'results.csv'), 'utf8')).trim().split('\n');
  expect(rows.map((row) => row.split(',')[0])).toEqual([
    ...['training', 'seed-0', 'seed-1', 'seed-2', 'mean', 'deviation'],
  ]);
  // Run once more there is nothing left to train.
  const again = await otxHere(seeds(alone));
  expect(begun(again.stdout)).toEqual([]);
  expect(again.stdout).toMatch(/mean +\d+\.\d\d ± \d+\.\d\d/);
  expect(again.stdout).toMatch(
    new RegExp(`score +otx eval --test-data-roots <folder> --load-weights \\S+${best}\n`),
  );
});

test('its report compares the trainings, with ways to their folders, and tells of the best in full', async () => {
  const { best, spread } = (await resultOf(alone)) as {
    best: string;
    spread: { mDice: { mean: number; deviation: number } };
  };
  const { file } = await writeReport({ run: alone, output: join(folder, 'study.html'), worst: 0 });
  const html = await readFile(file, 'utf8');
  const others = [0, 1, 2].map((seed) => `seed-${seed}`).filter((name) => name !== best);
  for (const name of others) expect(html).toContain(`<a href="alone/runs/${name}/">${name}</a>`);
  expect(html).toContain(`<b>${best} (this one)</b>`);
  const { mean, deviation } = spread.mDice;
  expect(html).toContain(`${(100 * mean).toFixed(2)} ± ${(100 * deviation).toFixed(2)}`);
  expect(html).toContain('id="settings"');
  // A training of it has the same table.
  const one = await writeReport({
    ...{ run: join(alone, 'runs', others[0]!), output: join(folder, 'one.html'), worst: 0 },
  });
  expect(await readFile(one.file, 'utf8')).toContain(`<a href="alone/runs/${best}/">${best}</a>`);
});

test('two processes on one study do nothing twice, and come to the same as one', async () => {
  const together = join(folder, 'together');
  const [one, two] = await Promise.all([otx(seeds(together)), otx([...seeds(together)])]);
  expect([one.stderr, two.stderr]).toEqual(['', '']);
  expect([one.code, two.code]).toEqual([0, 0]);
  const all = [...begun(one.stdout), ...begun(two.stdout)];
  expect(all.sort()).toEqual(['seed-0', 'seed-1', 'seed-2']);
  expect(Math.min(begun(one.stdout).length, begun(two.stdout).length)).toBeGreaterThan(0);
  expect(await resultOf(together)).toEqual(await resultOf(alone));
  for (const seed of ['seed-0', 'seed-1', 'seed-2']) {
    const [here, there] = [together, alone].map((output) => outcomeOf(join(output, 'runs', seed)));
    expect(await here).toEqual(await there);
  }
}, 300_000);

test('killed and started again, a study goes on with what it has', async () => {
  const killed = join(folder, 'killed');
  const last = (seed: string) => join(killed, 'runs', seed, 'models', 'last.safetensors');
  const first = await otx(seeds(killed), {
    onOutput: (text, send) => {
      if (/epoch 1\/2/.test(text.split('\nseed-1 (')[1] ?? '')) send('SIGKILL');
    },
  });
  expect(first.code).toBeNull();
  expect(await readFile(join(killed, 'plan', 'seed-1.claim'), 'utf8')).toContain('"pid"');
  const before = (await stat(last('seed-0'))).mtimeMs;
  const second = await otxHere(seeds(killed));
  expect(second.stderr).toBe('');
  expect(begun(second.stdout)).toEqual(['seed-1', 'seed-2']);
  expect(second.stdout).toMatch(/^seed-1 \(2 of 3\) goes on: process \d+, which was at it, is gone$/m);
  expect((await stat(last('seed-0'))).mtimeMs).toBe(before);
  expect(await resultOf(killed)).toEqual(await resultOf(alone));
  expect(await outcomeOf(join(killed, 'runs', 'seed-1'))).toEqual(
    await outcomeOf(join(alone, 'runs', 'seed-1')),
  );
}, 300_000);

test('stopped by Ctrl-C it says how far it is and what goes on with it; another request is refused', async () => {
  const stopped = join(folder, 'stopped');
  const { code, stdout, stderr } = await otx(seeds(stopped), {
    onOutput: (text, send) => {
      if (/epoch 1\/2/.test(text)) send('SIGINT');
    },
  });
  expect(code).toBe(130);
  expect(stderr).toMatch(/stopped: [01] of 3 trainings of .* are over, and the same command/);
  expect(stdout).toContain(`go on  otx train Lite-HRNet-s-mod2 --train-data-roots ${join(data, 'train')}`);
  const other = await otxHere([...seeds(stopped).slice(0, -1), '--learning_parameters.num_iters=3']);
  expect(other.code).toBe(2);
  expect(other.stderr).toMatch(
    /stopped: holds another study: it began with hyper_parameters \{.*"num_iters":2/,
  );
}, 300_000);

test.each<[string[], RegExp]>([
  [['--seeds', '1,1'], /'--seeds <list>' argument '1,1' is invalid\. expected integers from 0 with commas/],
  [['--seeds', '0', '--seed', '1'], /--seeds and --seed are both given/],
  [['--seeds', '0', '--print-config'], /--seeds and --print-config are both given/],
  [['--no-wait'], /--no-wait goes with --seeds/],
])('otx train %j is refused', async (words, message) => {
  const { code, stderr } = await otx(['train', '--train-data-roots', data, ...words], { cwd: folder });
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

test('cross-validation: every image is scored once, by a model that has not seen it, and a last one learns from all', async () => {
  const output = join(folder, 'cv');
  const words = ['cv', join(data, 'train'), ...TRAIN, '--folds', '3', '-o', output];
  const { code, stdout, stderr } = await otxHere([...words, '--final', 'retrain', ...PARAMS]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(begun(stdout)).toEqual(['fold-1', 'fold-2', 'fold-3', 'final']);
  const all = JSON.parse(await readFile(join(output, 'results.json'), 'utf8')) as {
    trainings: { metrics: { perClass: { pixels: number; acc: number | null }[] } }[];
    outOfFold: { metrics: { perClass: { pixels: number; acc: number | null }[] } };
  };
  // Each pixel of the six pictures of 80x64 once.
  const pooled = all.outOfFold.metrics.perClass;
  expect(pooled.reduce((sum, { pixels }) => sum + pixels, 0)).toBe(6 * 80 * 64);
  pooled.forEach(({ pixels, acc }, at) => {
    const parts = all.trainings.map(({ metrics }) => metrics.perClass[at]!);
    expect(parts.reduce((sum, part) => sum + part.pixels, 0)).toBe(pixels);
    const right = parts.reduce((sum, part) => sum + part.pixels * (part.acc ?? 0), 0);
    expect((acc ?? 0) * pixels).toBeCloseTo(right, 6);
  });
  const lists = await Promise.all(
    [1, 2, 3].map((fold) => readFile(join(output, 'runs', `fold-${fold}`, 'split', 'val.txt'), 'utf8')),
  );
  const images = lists.flatMap((list) => list.trim().split('\n'));
  expect(new Set(images).size).toBe(6);
  expect(images).toHaveLength(6);
  const next = stdout.split('what next:')[1];
  expect(next).toMatch(/otx predict --input <image or folder> --load-weights \S+final /);
}, 300_000);
