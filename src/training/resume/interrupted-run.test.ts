import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Dataset } from '../../data/index.js';
import { checkFingerprint, fingerprintOf } from '../../runs/fingerprint.js';
import { formatRunConfig, type RunConfig, readRunConfig } from '../../runs/run-config.js';
import { runStateSchema, startNextEpoch } from '../../runs/run-state.js';
import { initialRunState } from '../prepare/initial-run-state.js';
import { checkSameConfig } from './interrupted-run.js';

const config: RunConfig = {
  template: 'Lite-HRNet-18',
  train_data_roots: '/data/train: "odd" # name',
  val_data_roots: '/data/val',
  seed: 42,
  time_budget: 1800,
  hyper_parameters: {
    learning_parameters: { batch_size: 8, learning_rate: 1e-7, enable_early_stopping: false, num_workers: 2 },
  },
};

test('a configuration survives YAML, and what is undefined is left out', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'otx-config-'));
  try {
    const path = join(folder, 'config.yaml');
    const text = formatRunConfig({ ...config, output: undefined });
    expect(text).not.toContain('output');
    await writeFile(path, text);
    expect(await readRunConfig(path)).toEqual(config);
    await writeFile(path, '');
    expect(await readRunConfig(path)).toEqual({});
    for (const [wrong, message] of [
      ['seed: many', /config\.yaml: not a configuration of otx train \(seed: /],
      ['a: [', /config\.yaml: cannot be read as YAML/],
      ['just text', /content: /],
    ] as const) {
      await writeFile(path, wrong);
      await expect(readRunConfig(path)).rejects.toThrow(message);
    }
    await expect(readRunConfig(join(folder, 'none'))).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/none: does not exist; expected a configuration of otx train in YAML/),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a run goes on with what it began with; only settings of speed may differ', () => {
  const check = (asked: Partial<RunConfig>) => () => checkSameConfig('run', config, asked);
  const settings = (learning_parameters: Record<string, number | string | boolean>) =>
    check({ hyper_parameters: { learning_parameters } });
  expect(check({})).not.toThrow();
  expect(check({ seed: 42, time_budget: 1800 })).not.toThrow();
  expect(settings({ batch_size: '8', num_workers: 0 })).not.toThrow();
  expect(check({ seed: 1 })).toThrow(/^run: cannot go on with seed 1, the run began with 42; leave it out/);
  expect(check({ load_weights: '/w' })).toThrow(/loadWeights \/w, the run began with none/);
  expect(settings({ enable_early_stopping: true })).toThrow(/enable_early_stopping true, .* with false/);
  expect(settings({ batch_size: 0 })).toThrow(/allowed is an integer/);
  expect(check({ unlabeled_data_roots: '/u' })).toThrow(/unlabeledData \/u, the run began with none/);
  const moved = () =>
    checkSameConfig('run', { ...config, unlabeled_data_roots: '/before' }, { unlabeled_data_roots: '/now' });
  expect(moved).not.toThrow();
});

test('data is recognised by classes, names and sizes, not by its place', () => {
  const sample = (id: string, width = 4) => ({ id, imagePath: '', maskPath: '', width, height: 3 });
  const dataset = (samples: Dataset['samples'], ...names: string[]): Dataset => ({
    root: `/some/${Math.random()}`,
    classes: names.map((name) => ({ name, color: [0, 0, 0] })),
    samples,
    decodeMask: {} as Dataset['decodeMask'],
    notices: [],
  });
  const expected = fingerprintOf(dataset([sample('a'), sample('b')], 'background', 'car'));
  const check =
    (...given: Parameters<typeof dataset>) =>
    () =>
      checkFingerprint(dataset(...given), expected);
  expect(check([sample('a'), sample('b')], 'background', 'car')).not.toThrow();
  expect(check([sample('a'), sample('b')], 'background', 'bus')).toThrow(
    /classes are background, bus; they were/,
  );
  expect(check([sample('a')], 'background', 'car')).toThrow(/has 1 images; there were 2/);
  expect(check([sample('a'), sample('c')], 'background', 'car')).toThrow(/names or sizes/);
  expect(check([sample('a'), sample('b', 5)], 'background', 'car')).toThrow(/names or sizes/);
});

test('the state of a run survives JSON to the last bit, scores of absent classes included', () => {
  const state = initialRunState(12, 'plateau');
  state.loss = { sum: 0.1 + 0.2, count: 2 };
  state.lastScore = 1 / 3;
  const absent = { dice: Number.NaN, iou: Number.NaN, acc: Number.NaN, pixels: 0 };
  state.best = { epoch: 1, metrics: { mDice: 1 / 3, mIoU: 0.2, mAcc: 0.4, aAcc: 0.9, perClass: [absent] } };
  expect(runStateSchema.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
  startNextEpoch(state);
  expect(state).toMatchObject({ epoch: 1, step: 0, loss: { sum: 0, count: 0 }, lastScore: 1 / 3 });
});
