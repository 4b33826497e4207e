/** @file Training on a loss of the setting `loss` that needs operators which no other training has, through the command line. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';
import { loadCheckpoint } from '../../src/runs/checkpoint.js';
import { otxHere } from './here.js';
import { outcomeOf } from './runs.js';

const SMALL = [
  ...['--learning_parameters.input_size', '64x64', '--learning_parameters.batch_size', '4'],
  ...['--learning_parameters.enable_early_stopping', 'False', '--learning_parameters.num_iters', '12'],
  ...['--learning_parameters.validation_interval', '12'],
  ...[
    '--learning_parameters.learning_rate',
    '0.005',
    '--learning_parameters.learning_rate_warmup_iters',
    '2',
  ],
];

test('Lovász loss with class weights trains, to the same bits each time', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'otx-loss-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const data = join(folder, 'data');
  await generateScenes(data, { train: 12, val: 2, width: 80, height: 64 });

  const train = async (name: string, workers: string) => {
    const output = join(folder, name);
    const { code, stderr } = await otxHere([
      ...['train', 'Lite-HRNet-s-mod2', '--train-data-roots', join(data, 'train')],
      ...['--val-data-roots', join(data, 'val'), '-o', output, '--class-weights', 'balanced', '--seed', '3'],
      ...['params', ...SMALL, '--learning_parameters.loss', 'lovasz'],
      ...['--learning_parameters.num_workers', workers],
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return output;
  };
  const first = await train('first', '1');
  const { info } = await loadCheckpoint(first);
  expect(info.hyperParameters.learning_parameters).toMatchObject({ loss: 'lovasz' });
  const [head, ...rows] = (await readFile(join(first, 'results.csv'), 'utf8')).trim().split('\n');
  const losses = rows.map((row) => Number(row.split(',')[head!.split(',').indexOf('loss')]));
  expect(losses).toHaveLength(12);
  expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);

  expect(await outcomeOf(await train('again', '0'))).toEqual(await outcomeOf(first));
});
