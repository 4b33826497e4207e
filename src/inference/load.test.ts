import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateScenes } from '../demo/generate.js';
import { exportModel, load, readTrainingConfig, train } from '../index.js';

const TEMPLATE = 'Lite-HRNet-s-mod2';

let folder: string;
let run: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-load-'));
  const data = join(folder, 'data');
  await generateScenes(data, { train: 2, val: 1, width: 64, height: 48 });
  run = join(folder, 'run');
  await train({
    ...{ template: TEMPLATE, trainData: join(data, 'train'), validationData: join(data, 'val'), output: run },
    ...{ pretrained: false, threads: 1, workers: 0, batchSize: 2, inputSize: '32x32', epochs: 3 },
    ...{ confidenceThreshold: 0.4, onEvent: (event) => (event.type === 'epoch' ? 'stop' : undefined) },
  });
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a run says what it has learned, with which settings, and where it stands', async () => {
  const model = await load(run);
  const best = join(run, 'models', 'weights.safetensors');
  const last = join(run, 'models', 'last.safetensors');
  expect(model).toMatchObject({
    ...{ kind: 'run', file: best, template: TEMPLATE, segments: true, threshold: 0.4 },
    inputSize: { width: 34, height: 34 },
    settings: { epochs: 3, inputSize: '32x32', batchSize: 2, confidenceThreshold: 0.4 },
    training: { file: last, epoch: 1, step: 0, epochs: 3, finished: 'callback', best: { epoch: 1 } },
  });
  expect(model.classes[0]?.name).toBe('background');
  expect(model.mDice).toBe(model.training?.best?.mDice);
  expect(model.training?.config).toMatchObject({ template: TEMPLATE, threads: 1 });
  expect(await load(join(run, 'models'))).toEqual(model);
  expect(await load(best)).toEqual({ ...model, kind: 'checkpoint', training: undefined });
  expect(await load({ path: last })).toMatchObject({
    kind: 'checkpoint',
    file: last,
    training: { epoch: 1 },
  });
});

test('exported models say as much as their files do', async () => {
  const { model } = await exportModel({ weights: run, output: join(folder, 'export') });
  const { classes, inputSize, threshold } = await load(run);
  expect(await load(model)).toEqual({
    ...{ kind: 'onnx', file: model, template: undefined, classes, inputSize, threshold, segments: true },
    ...{ settings: undefined, mDice: undefined, training: undefined },
  });
  const torch = await exportModel({ weights: run, output: join(folder, 'torch'), type: 'pytorch' });
  expect(await load({ path: torch.model, template: TEMPLATE })).toMatchObject({
    ...{ kind: 'weights', template: TEMPLATE, classes, mDice: undefined },
  });
  await expect(load(torch.model)).rejects.toMatchObject({ code: 'usage' });
});

test('the configuration of a run is options for another training', async () => {
  const path = join(run, 'config.yaml');
  expect(await readTrainingConfig(path)).toMatchObject({
    ...{ template: TEMPLATE, trainData: join(folder, 'data', 'train'), configFile: path },
    ...{
      epochs: 3,
      inputSize: '32x32',
      confidenceThreshold: 0.4,
      resultBasedThreshold: false,
      pretrained: 'none',
    },
  });
});

test('what is not there, or nothing to open, is told', async () => {
  await expect(load(join(folder, 'none'))).rejects.toMatchObject({ code: 'checkpoint' });
  await expect(load(join(folder, 'data'))).rejects.toMatchObject({ code: 'checkpoint' });
  await expect(load(5 as never)).rejects.toThrow(/load\(\) was given 5/);
});
