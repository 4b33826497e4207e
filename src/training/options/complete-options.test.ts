import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateScenes } from '../../demo/generate.js';
import { completeOptions } from './complete-options.js';
import type { TrainOptions } from './train-options.js';

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-complete-'));
  await generateScenes(at('data'), { train: 2, val: 1, width: 32, height: 32 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const found = async (options: Partial<TrainOptions>) =>
  (await completeOptions({ template: 'SegNext-t', ...options })).options.validationData;

test('validation data is found beside training data, and said', async () => {
  const asked: Partial<TrainOptions> = { trainData: at('data', 'train') };
  const { options, trainType, notices } = await completeOptions(asked);
  expect(options.validationData).toBe(at('data', 'val'));
  expect(trainType).toBe('Incremental');
  expect(notices).toEqual([
    'the template is Lite-HRNet-s-mod2, as none was named ("otx find" lists the others)',
    `validation data: ${at('data', 'val')}, found beside ${at('data', 'train')}`,
  ]);
});

test('it is not looked for where something else was said, and not beside other folders', async () => {
  const trainData = at('data', 'train');
  expect(await found({ trainData, valShare: 0.5 })).toBeUndefined();
  expect(await found({ trainData, folds: 2, fold: 1 })).toBeUndefined();
  expect(await found({ trainData, validationData: trainData })).toBe(trainData);
  expect(await found({ trainData, trainType: 'Selfsupervised' })).toBeUndefined();
  // A data set with a part for validation of its own.
  expect(await found({ trainData: at('data') })).toBeUndefined();
  expect(await found({ trainData: at('data', 'val') })).toBeUndefined();
  expect(await found({ trainData: at('nowhere', 'train') })).toBeUndefined();
});

test('of several folders it is the one with the same end of the name, or none', async () => {
  for (const name of ['train2017', 'val2014', 'val2017'])
    await cp(at('data', name.replace(/\d+/, '')), at('years', name), { recursive: true });
  await mkdir(at('years', 'validation'));
  expect(await found({ trainData: at('years', 'train2017') })).toBe(at('years', 'val2017'));
  await cp(at('data', 'train'), at('years', 'train'), { recursive: true });
  expect(await found({ trainData: at('years', 'train') })).toBeUndefined();
});
