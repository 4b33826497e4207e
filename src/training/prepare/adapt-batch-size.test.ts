import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateScenes } from '../../demo/generate.js';
import { readRunConfig } from '../../runs/run-config.js';
import { type HyperParameters, settings } from '../../settings/index.js';
import type { TrainOptions } from '../options/train-options.js';
import { train } from '../train.js';

const IMAGES = 6;

let folder: string;
let options: Omit<TrainOptions, 'output'>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-adapt-'));
  await generateScenes(join(folder, 'data'), { train: IMAGES, val: 1, width: 32, height: 32 });
  options = {
    template: 'Lite-HRNet-s-mod2',
    trainData: join(folder, 'data', 'train'),
    validationData: join(folder, 'data', 'val'),
    pretrained: false,
    adaptBatchSize: 'Full',
    batchSize: 2,
    inputSize: '32x32',
    epochs: 1,
    workers: 0,
  };
});
afterAll(() => rm(folder, { recursive: true }));

/** Trains, and gives what was told and the configuration of the run. */
async function run(name: string, changes: Partial<TrainOptions> = {}) {
  const notices: string[] = [];
  const output = join(folder, name);
  const onEvent: TrainOptions['onEvent'] = (event) => {
    if (event.type === 'notice') notices.push(event.message);
  };
  await train({ ...options, output, onEvent, ...changes });
  return {
    told: notices.filter((text) => text.includes('to fit the memory')),
    config: await readRunConfig(join(output, 'config.yaml')),
    history: (await readFile(join(output, 'results.csv'), 'utf8')).split('\n')[1]?.split(',').slice(0, 7),
  };
}

test('a batch that was found is recorded beside how it was, and not looked for again', {
  timeout: 120_000,
}, async () => {
  const first = await run('first');
  // Of the smallest images one alone would not do for batch norm.
  expect(first.told).toEqual([expect.stringMatching(/^batch size 6 instead of 2, .* learning rate/)]);
  const { adapted_batch_size, hyper_parameters } = first.config;
  expect(hyper_parameters?.learning_parameters).toMatchObject({
    auto_adapt_batch_size: 'Full',
    batch_size: IMAGES,
  });
  expect(adapted_batch_size).toBe(IMAGES);

  const again = await run('again', {
    ...settings.toFlat(hyper_parameters as HyperParameters),
    adaptedBatchSize: adapted_batch_size,
  });
  expect(again.told).toEqual([]);
  expect(again.config).toEqual(first.config);
  expect(again.history).toEqual(first.history);
});
