/** @file A moving average of the weights beside them, through the command line: validated, kept where it is better, resumed. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';
import { loadCheckpoint } from '../../src/runs/checkpoint.js';
import { isTrainingState } from '../../src/weights/training-state.js';
import { otxHere } from './here.js';
import { otx } from './otx.js';
import { killAfterSteps, outcomeOf } from './runs.js';

let folder: string;
let whole: string;
const at = (name: string) => join(folder, name);

/** Four epochs of three steps. */
const words = (output: string, ...more: string[]) => [
  ...[
    'train',
    'Lite-HRNet-s-mod2',
    '--train-data-roots',
    at('data/train'),
    '--val-data-roots',
    at('data/val'),
  ],
  ...['-o', output, '--checkpoint-interval', '1', '--no-pretrained', 'params'],
  ...[
    '--learning_parameters.num_workers=0',
    '--learning_parameters.input_size',
    '64x64',
    '--learning_parameters.batch_size',
    '2',
  ],
  ...['--learning_parameters.num_iters', '4', '--learning_parameters.learning_rate_warmup_iters', '2'],
  ...['--learning_parameters.learning_rate', '0.005', ...more],
];
const EMA = ['--learning_parameters.ema_decay', '0.8'];

const rowsOf = async (run: string) => {
  const [head, ...lines] = (await readFile(join(run, 'results.csv'), 'utf8')).trim().split('\n');
  const names = head!.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((text, i) => [names[i]!, text])));
};
const checkpointOf = (run: string, file: string) =>
  loadCheckpoint(join(run, 'models', `${file}.safetensors`));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-average-'));
  whole = at('whole');
  await generateScenes(at('data'), { train: 6, val: 2, width: 80, height: 64 });
  const { code, stdout, stderr } = await otxHere(words(whole, ...EMA));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/trained_mDice 0\.\d{4} {2}ema_mDice 0\.\d{4} {2}mDice 0\.\d{4}/);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the score of an epoch is that of the better weights, which are kept and say what they are', async () => {
  const rows = await rowsOf(whole);
  expect(rows).toHaveLength(4);
  expect(rows.some(({ trained_mDice, ema_mDice }) => trained_mDice !== ema_mDice)).toBe(true);
  for (const { mDice, trained_mDice, ema_mDice } of rows) {
    expect(Number(mDice)).toBe(Math.max(Number(trained_mDice), Number(ema_mDice)));
  }
  const best = await checkpointOf(whole, 'weights');
  const top = rows.reduce((a, b) => (Number(b.mDice) > Number(a.mDice) ? b : a));
  expect(best.info.metrics!.mDice!).toBeCloseTo(Number(top.mDice), 5);
  expect(best.info.average).toBe(Number(top.ema_mDice) > Number(top.trained_mDice) ? 'ema' : undefined);
  expect([...best.tensors.keys()].some(isTrainingState)).toBe(false);

  const last = await checkpointOf(whole, 'last');
  expect([...best.tensors.keys()]).toEqual([...last.tensors.keys()].filter((name) => !isTrainingState(name)));
  expect(last.info.average).toBeUndefined();
  expect(last.info.metrics!.mDice!).toBeCloseTo(Number(rows.at(-1)!.trained_mDice), 5);

  const { stdout } = await otx(['eval', '--load-weights', whole, '--test-data-roots', at('data/val')], {
    cwd: folder,
  });
  expect(stdout).toContain(`mean Dice ${best.info.metrics!.mDice!.toFixed(4)} with background`);
});

test('killed and resumed it is the same bit by bit, the average too', async () => {
  const output = at('killed');
  await killAfterSteps(words(output, ...EMA), output, 4);
  expect((await checkpointOf(output, 'last')).info.progress.step).toBeLessThan(12);
  const { code, stderr } = await otxHere(['train', '--resume-from', output]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(await outcomeOf(output)).toEqual(await outcomeOf(whole));
  const names = [...(await checkpointOf(output, 'last')).tensors.keys()];
  expect(names.filter((name) => name.startsWith('state.ema.')).length).toBeGreaterThan(100);
  const [best, again] = [await checkpointOf(whole, 'weights'), await checkpointOf(output, 'weights')];
  expect(again.tensors).toEqual(best.tensors);
  expect(again.info.average).toBe(best.info.average);
});

test('the trained weights are those of a training without it', async () => {
  const output = at('without');
  expect((await otxHere(words(output))).code).toBe(0);
  const [plain, averaged] = [await checkpointOf(output, 'last'), await checkpointOf(whole, 'last')];
  expect([...plain.tensors.keys()].some((name) => name.startsWith('state.'))).toBe(false);
  for (const [name, tensor] of plain.tensors) expect(averaged.tensors.get(name), name).toEqual(tensor);
  expect((await rowsOf(output))[0]).not.toHaveProperty('trained_mDice');
});

test('trainings that keep none refuse it', async () => {
  const { code, stderr } = await otxHere(
    words(at('no'), ...EMA, '--learning_parameters.enable_supcon', 'true'),
  );
  expect(code).toBe(2);
  expect(stderr).toContain(
    '--learning_parameters.ema_decay: contrastive training keeps no average of its weights; leave it out',
  );
});
