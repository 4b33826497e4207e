import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
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
    '--learning_parameters.num_iters=3',
  ],
  '--learning_parameters.enable_early_stopping=False',
];

let folder: string;
/** What one process has found. */
let alone: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-tune-'));
  alone = join(folder, 'alone');
  await generateScenes(join(folder, 'data'), { train: 6, val: 2, width: 80, height: 64 });
  const { code, stderr } = await otxHere(tuned(alone));
  expect(stderr).toBe('');
  expect(code).toBe(0);
}, 240_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const data = () => ['--train-data-roots', join(folder, 'data', 'train')];
const tuned = (output: string, trials = '4'): string[] => [
  ...['tune', ...data(), '--pretrained', 'none', '--threads', '1', '--trials', trials],
  ...['--search', 'learning_rate=1e-3..1e-2:log,batch_size=2|3', '-o', output, ...PARAMS],
];

interface Found {
  readonly trials: { name: string; epochs: number; mDice: number; seconds?: number; run?: string }[];
  readonly best: { name: string };
}

/** All that `results.json` says but times and places. */
async function resultOf(output: string): Promise<Found> {
  const text = await readFile(join(output, 'results.json'), 'utf8');
  return JSON.parse(text, (key, value: unknown) =>
    key === 'seconds' || key === 'run' ? undefined : value,
  ) as Found;
}

const begun = (text: string): string[] =>
  [...text.matchAll(/^(\S+) \(\d+ of \d+\)/gm)].map(([, name]) => name!);

test('trials are trained as far as they are good, and the result can be trained with', async () => {
  const { trials, best } = await resultOf(alone);
  expect(trials.map(({ name }) => name)).toEqual(['trial-0', 'trial-1', 'trial-2', 'trial-3']);
  // Of the first three one goes on, and the last is trained no further.
  expect(trials[0]!.epochs).toBe(3);
  expect(trials.filter(({ epochs }) => epochs === 1).length).toBeGreaterThanOrEqual(1);
  expect(trials.map(({ name }) => name)).toContain(best.name);
  expect((await readdir(alone)).sort()).toEqual(
    expect.arrayContaining([
      'config.yaml',
      'log.txt',
      'results.csv',
      'results.json',
      'search.png',
      'study.json',
    ]),
  );
  const rows = (await readFile(join(alone, 'results.csv'), 'utf8')).trim().split('\n');
  expect(rows[0]).toBe('trial,learning_rate,batch_size,mDice,epochs,finished,seconds');
  const config = await otxHere(['train', '--config', join(alone, 'config.yaml'), '--print-config']);
  expect(config.stderr).toBe('');
  expect(config.stdout).toContain('num_iters: 3');
  // Once more there is nothing left to do.
  const again = await otxHere(tuned(alone));
  expect(begun(again.stdout)).toEqual([]);
  expect(again.stdout).toMatch(/^chosen: /m);
}, 60_000);

test('its report has the trials with their settings, the chart and the verdict', async () => {
  const { trials, best } = await resultOf(alone);
  const { file } = await writeReport({ run: alone, output: join(folder, 'search.html'), worst: 0 });
  const html = await readFile(file, 'utf8');
  expect(html).toMatch(/<th scope="col"[^>]*>learning_rate<\/th><th scope="col"[^>]*>batch_size<\/th>/);
  for (const { name } of trials)
    expect(html).toContain(name === best.name ? `${name} (this one)` : `/${name}/"`);
  expect(html).toContain('alt="Scores against settings and epochs"');
  expect(html).toMatch(/The best trial is better than the default by -?\d\.\d{4}|The default was the best/);
});

test('two processes run no trial twice, and come to the same winner', async () => {
  const together = join(folder, 'together');
  const [one, two] = await Promise.all([otx(tuned(together)), otx(tuned(together))]);
  expect([one.stderr, two.stderr]).toEqual(['', '']);
  const all = [...begun(one.stdout), ...begun(two.stdout)];
  expect(new Set(all).size).toBe(all.length);
  expect(Math.min(begun(one.stdout).length, begun(two.stdout).length)).toBeGreaterThan(0);
  expect(await resultOf(together)).toEqual(await resultOf(alone));
  for (const { name } of (await resultOf(alone)).trials) {
    const [here, there] = [together, alone].map((output) => outcomeOf(join(output, 'runs', name)));
    expect(await here).toEqual(await there);
  }
}, 240_000);

test('killed and started again it goes on, and more trials may be asked for', async () => {
  const killed = join(folder, 'killed');
  const first = await otx(tuned(killed, '3'), {
    onOutput: (text, send) => {
      if (/output \S+trial-1[\s\S]*epoch 1\//.test(text)) send('SIGKILL');
    },
  });
  expect(first.code).toBeNull();
  const last = join(killed, 'runs', 'trial-0', 'models', 'last.safetensors');
  const before = (await stat(last)).mtimeMs;
  const second = await otxHere(tuned(killed, '4'));
  expect(second.stderr).toBe('');
  expect(begun(second.stdout)).not.toContain('trial-0');
  expect((await stat(last)).mtimeMs).toBe(before);
  expect(await resultOf(killed)).toEqual(await resultOf(alone));
}, 240_000);

test('--enable-hpo ends in time, and trains with what was chosen; another search is refused', async () => {
  const output = join(folder, 'hpo');
  const words = [
    'train',
    ...data(),
    '--pretrained',
    'none',
    '--threads',
    '1',
    '--enable-hpo',
    '--hpo-time-ratio',
  ];
  const { stdout, stderr, code } = await otxHere([...words, '1.5', '-o', output, ...PARAMS]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^chosen: /m);
  expect(stdout).toMatch(/Performance\(score: /);
  const trial = await outcomeOf(join(output, 'hpo', 'runs', 'trial-0'));
  if (/^chosen: the default/m.test(stdout)) expect(await outcomeOf(output)).toEqual(trial);
  const again = await otxHere([...words, '1.5', '-o', output, ...PARAMS]);
  expect(again.stderr).toMatch(/holds a training that is over/);
  const other = await otxHere([...tuned(alone).slice(0, -1), '--learning_parameters.ema_decay=0.9']);
  expect(other.stderr).toMatch(/alone: holds another study/);
}, 240_000);
