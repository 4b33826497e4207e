/** @file Networks in 8-bit integers for OpenVINO, by an evaluator that shares nothing with the product, beside their ONNX files. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../src/base/random.js';
import { openDataset, PIXEL_MEAN, PIXEL_STD } from '../../src/data/index.js';
import { generateScenes } from '../../src/demo/generate.js';
import { untrainedCheckpoint } from '../../src/demo/untrained.js';
import { enliven } from '../../src/export/formats/lively.cases.js';
import { optimizeModel } from '../../src/index.js';
import { readIr } from './read-ir.js';
import { runIr } from './run-ir.js';

const SIZE = { width: 64, height: 32 };
/**
 * Of the difference of probabilities. Where floats differ in their last bit, a value between two steps goes to the other one, and what is
 * behind it with it: of one and the same file, two levels of optimisation of ONNX Runtime give probabilities that differ by 0.003.
 */
const LARGEST_MEAN = 0.015;

let folder: string;
let data: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-openvino-int8-'));
  data = join(folder, 'data');
  await generateScenes(data, { train: 4, val: 1, width: 64, height: 32 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function optimised(template: string) {
  const { classes } = await openDataset(join(data, 'val'));
  const weights = join(folder, `${template}.safetensors`);
  await writeFile(weights, untrainedCheckpoint({ template, classes, seed: 1, settings: {} }));
  const images = join(data, 'train', 'images');
  await enliven(weights, join(images, (await readdir(images))[0]!));
  return optimizeModel({
    ...{ weights, trainData: join(data, 'train'), validationData: join(data, 'val'), threads: 1 },
    ...{ output: join(folder, template), inputSize: SIZE, maxDrop: 100 },
  });
}

test.each(['Lite-HRNet-s-mod2', 'SegNext-t'])('%s', { timeout: 240_000 }, async (template) => {
  const { model, openvino, layers, bytes } = await optimised(template);
  const bin = await readFile(openvino!.replace('.xml', '.bin'));
  const ir = readIr(await readFile(openvino!));
  const rounded = layers.filter(({ precision }) => precision === 'int8');
  const weights = ir.layers.filter(({ data }) => data.element_type === 'i8');
  expect(weights).toHaveLength(rounded.length);
  const values = ir.layers.filter(({ type }) => type === 'FakeQuantize');
  expect(values.length).toBeGreaterThan(50);
  expect(bin.length / bytes.trained).toBeLessThan(0.4);

  const random = new Random('pixels');
  const pixels = Float32Array.from({ length: 3 * 32 * 64 }, () => Math.floor(random.range(0, 256)));
  const shape = [1, 3, SIZE.height, SIZE.width];
  const found = runIr(ir, bin, { input: { shape, data: Float64Array.from(pixels) } }).output!.data;
  const normalised = pixels.map((value, i) => {
    const channel = Math.floor(i / (32 * 64));
    return (value - PIXEL_MEAN[channel]!) / PIXEL_STD[channel]!;
  });
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });
  const { output } = await session.run({ input: new Tensor('float32', normalised, shape) });
  const expected = output!.data as Float32Array;
  await session.release();
  const mean = found.reduce((sum, value, i) => sum + Math.abs(value - expected[i]!), 0) / found.length;
  expect(mean).toBeLessThan(LARGEST_MEAN);
});
