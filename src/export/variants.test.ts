/** @file Forms of input and output of an exported file: whichever it has, this program sees the same in a picture. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ModelProtoSchema } from '../graph/onnx/onnx_pb.js';
import type { Segmentation } from '../inference/segment-picture.js';
import { createSegmenter } from '../inference/segmenter.js';
import { type ExportOptions, exportModel } from './export-model.js';
import { livelyCheckpoint, type Scenes, scenesIn } from './formats/lively.cases.js';

/** Of the pictures and of the input. */
const SIZE = { width: 96, height: 64 };
const AREA = SIZE.width * SIZE.height;
const THRESHOLD = 0.35;

let folder: string;
let weights: string;
let scenes: Scenes;
let usual: Segmentation;

async function segmented(model: string, probabilities = false): Promise<Segmentation> {
  const segmenter = await createSegmenter({ weights: model, threads: 1 });
  try {
    return await segmenter.segment(scenes.images[0]!, { probabilities });
  } finally {
    await segmenter.dispose();
  }
}

let exports = 0;
async function exported(options: Partial<ExportOptions>): Promise<string> {
  exports += 1;
  const output = join(folder, `export-${exports}`);
  const { model } = await exportModel({ weights, output, inputSize: SIZE, batch: 'static', ...options });
  return model;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-variants-'));
  scenes = await scenesIn(join(folder, 'data'), SIZE);
  weights = join(folder, 'weights.safetensors');
  const settings = { inputSize: '64x64', confidenceThreshold: THRESHOLD };
  await livelyCheckpoint(weights, 'Lite-HRNet-s-mod2', scenes, settings);
  usual = await segmented(await exported({}));
  expect(new Set(usual.labels).size).toBeGreaterThan(2);
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const differing = ({ labels }: Segmentation) =>
  labels.filter((label, at) => label !== usual.labels[at]).length / AREA;

test.each<Partial<ExportOptions>>([
  { normalisation: 'inside' },
  { normalisation: 'inside', layout: 'nhwc', channels: 'bgr' },
  { layout: 'nhwc' },
  { channels: 'bgr', opset: 11 },
  { outputForm: 'labels', batch: 'dynamic' },
  { outputForm: 'labels', normalisation: 'inside', layout: 'nhwc', opset: 11 },
])('the same classes from %o', { timeout: 60_000 }, async (options) => {
  const found = await segmented(await exported(options));
  expect(differing(found)).toBeLessThan(0.0005);
});

test('labels have the threshold applied, and no probabilities', { timeout: 60_000 }, async () => {
  const model = await exported({ outputForm: 'labels' });
  await expect(segmented(model, true)).rejects.toThrow(/gives classes and no probabilities/);
  const other = createSegmenter({ weights: model, threads: 1, confidenceThreshold: 0.9 });
  await expect(other).rejects.toThrow(/its threshold applied/);
  const certain = await segmented(await exported({ outputForm: 'labels', confidenceThreshold: 0.99 }));
  expect(new Set(certain.labels).size).toBeLessThan(new Set(usual.labels).size);
});

test('a file with everything inside takes the pixels of a picture', { timeout: 60_000 }, async () => {
  const model = await exported({
    ...{ normalisation: 'inside', layout: 'nhwc', outputForm: 'labels', dumpFeatures: true },
  });
  const { metadataProps, opsetImport } = fromBinary(ModelProtoSchema, await readFile(model));
  const metadata = Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]));
  expect(metadata['model_info mean_values']).toBe('0 0 0');
  expect(metadata['model_info scale_values']).toBe('1 1 1');
  expect(JSON.parse(metadata.otx!)).toMatchObject({
    version: 2,
    form: { normalisation: 'inside', layout: 'nhwc', channels: 'rgb', output: 'labels' },
    threshold: null,
  });
  expect(opsetImport.map(({ version }) => version)).toEqual([20n]);
  const { data } = await sharp(scenes.images[0]!).raw().toBuffer({ resolveWithObject: true });
  const session = await InferenceSession.create(model);
  const input = new Tensor('float32', Float32Array.from(data), [1, SIZE.height, SIZE.width, 3]);
  const { output, feature_vector: features } = await session.run({ input });
  await session.release();
  expect(output!.type).toBe('uint8');
  expect(output!.dims).toEqual([1, SIZE.height, SIZE.width]);
  const labels = output!.data as Uint8Array;
  expect(labels.filter((label, at) => label !== usual.labels[at]).length / AREA).toBeLessThan(0.0005);
  // All maps of the backbone of Lite-HRNet-s.
  expect(features!.dims).toEqual([1, 420, 1, 1]);
  expect(new Set(features!.data as Float32Array).size).toBeGreaterThan(100);
});

test.each<[Partial<ExportOptions>, RegExp]>([
  [{ opset: 10 }, /opset is 10; expected a whole number from 11 to 20/],
  [{ opset: 12.5 }, /opset is 12\.5/],
  [{ precision: 'fp8' as never }, /precision is "fp8"; expected fp32 or fp16 or int8-weights/],
  [{ layout: 'chw' as never }, /layout is "chw"; expected nchw or nhwc/],
  [
    { type: 'pytorch', inputSize: undefined, opset: 12, batch: undefined },
    /opset has no effect on type pytorch/,
  ],
  [{ type: 'pytorch', inputSize: undefined }, /batch has no effect on type pytorch; leave it out/],
])('refuses what is not written: %o', async (options, message) => {
  await expect(exported(options)).rejects.toThrow(message);
});
