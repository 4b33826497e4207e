import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { evaluate } from '../../inference/evaluate.js';
import { loadTrainedModel } from '../../inference/trained-model.js';
import { exportModel } from '../export-model.js';
import { exportFormats } from '../formats/index.js';
import { livelyCheckpoint, type Scenes, scenesIn } from '../formats/lively.cases.js';
import { benchmarkExports } from './benchmark-exports.js';
import { createReference } from './measure-file.js';

let folder: string;
let weights: string;
let scenes: Scenes;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-benchmark-'));
  scenes = await scenesIn(join(folder, 'data'), { width: 90, height: 70 });
  weights = join(folder, 'weights.safetensors');
  await livelyCheckpoint(weights, 'Lite-HRNet-s-mod2', scenes, { inputSize: '64x64' });
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test('every format is written, scored on its own file, and told in three tables', {
  timeout: 360_000,
}, async () => {
  const output = join(folder, 'all');
  const { testData } = scenes;
  const { files, tables, classes } = await benchmarkExports({
    ...{ weights, output, testData, threads: 1, trainData: testData },
  });
  expect(classes.length).toBeGreaterThan(3);
  expect(files.map(({ format, precision }) => `${format} ${precision}`)).toEqual([
    ...exportFormats.flatMap(({ name, precisions }) => precisions.map((precision) => `${name} ${precision}`)),
    'onnx int8',
    'openvino int8',
  ]);
  expect(files.at(-2)!.model).toBe(join(output, 'int8', 'ptq', 'model.onnx'));
  expect(files.at(-2)!.bytes).toBeLessThan(0.4 * files[0]!.bytes);
  expect(files.at(-1)!.model).toBe(join(output, 'int8', 'ptq', 'openvino.xml'));
  const trained = await evaluate({ weights, testData, threads: 1 });
  for (const { format, precision, model, bytes, measured } of files) {
    expect(bytes).toBeGreaterThan(500_000);
    if (format === 'pytorch') {
      expect(measured).toBeUndefined();
      continue;
    }
    const { mDice, diceDifference, equalPixels, pictures, milliseconds } = measured!;
    const own = await evaluate({ weights: model, testData, threads: 1 });
    expect(mDice).toBe(own.metrics.mDice);
    expect(diceDifference).toBe(own.metrics.mDice - trained.metrics.mDice);
    if (precision === 'fp32') expect(Math.abs(diceDifference!)).toBeLessThan(1e-4);
    expect(equalPixels).toBeGreaterThan(precision === 'fp32' ? 0.9999 : 0.9);
    expect(pictures).toBe(2);
    expect(milliseconds).toBeGreaterThan(0);
  }
  const csv = (await readFile(tables.csv, 'utf8')).trimEnd().split('\n');
  expect(csv).toHaveLength(files.length + 1);
  expect(csv[1]).toMatch(/^onnx\/model\.onnx,onnx,fp32,\d+,0\.\d+,/);
  const json = JSON.parse(await readFile(tables.json, 'utf8')) as {
    files: { file: string; mDice?: number }[];
  };
  expect(json.files[0]).toMatchObject({ file: 'onnx/model.onnx', mDice: files[0]!.measured!.mDice });
  const markdown = await readFile(tables.markdown, 'utf8');
  expect(markdown).toContain('| onnx-fp16/model.onnx | fp16 |');
  expect(markdown).toContain(`on ${testData}; equal pixels of 2 pictures; times with 1 thread`);
});

test('a quantised file joins them only where there is data to choose it on', async () => {
  const options = { weights, output: join(folder, 'none'), trainData: scenes.testData };
  await expect(benchmarkExports(options)).rejects.toThrow(/trainData needs testData/);
});

test('a file is compared with the model that it should be, on generated pictures too', {
  timeout: 120_000,
}, async () => {
  const { model, bytes, measured } = await exportModel({
    ...{ weights, output: join(folder, 'one'), threads: 1, verify: true },
    inputSize: { width: 96, height: 64 },
  });
  expect(bytes).toBe((await readFile(model)).length);
  expect(measured).toMatchObject({ mDice: undefined, diceDifference: undefined, pictures: 8 });
  expect(measured!.equalPixels).toBeGreaterThan(0.9999);

  const trained = await loadTrainedModel({ weights });
  const state = new Map(trained.state);
  const [key, values] = [...state].find(([name]) => name.endsWith('conv_seg.bias'))!;
  state.set(key, values.toReversed());
  const other = await createReference({ ...trained, state, inputSize: { width: 96, height: 64 } }, weights, {
    threads: 1,
  });
  expect((await other.measure(model)).equalPixels).toBeLessThan(0.99);
});

test('nothing is measured unless it is asked for', { timeout: 60_000 }, async () => {
  const { measured } = await exportModel({ weights, output: join(folder, 'plain') });
  expect(measured).toBeUndefined();
});
