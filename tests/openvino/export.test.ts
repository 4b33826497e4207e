/** @file A model for OpenVINO from the export to the class map, beside the ONNX file of the same weights. */
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../src/base/random.js';
import { untrainedCheckpoint } from '../../src/demo/untrained.js';
import { exportModel, load } from '../../src/index.js';
import { openModel } from '../../src/inference/open-model.js';
import { attributesOf, readIr } from './read-ir.js';

const TEMPLATES = ['Lite-HRNet-s-mod2', 'SegNext-t'];
const classes = ['background', 'a b', 'c<d>'].map((name, i) => ({ name, color: [i, 90 * i, 7] as const }));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-openvino-'));
  for (const template of TEMPLATES) {
    const settings = { inputSize: '64x64' };
    await mkdir(join(folder, template));
    await writeFile(weightsOf(template), untrainedCheckpoint({ template, classes, seed: 1, settings }));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const weightsOf = (template: string) => join(folder, template, 'weights.safetensors');

function picture(width: number, height: number): Uint8Array {
  const random = new Random('picture');
  return Uint8Array.from({ length: 3 * width * height }, () => Math.floor(random.range(0, 256)));
}

async function probabilitiesOf(weights: string, pixels: Uint8Array): Promise<Float32Array> {
  const opened = await openModel({ weights, threads: 1 });
  try {
    const { width, height } = opened.inputSize;
    expect(opened.classes.map(({ name }) => name)).toEqual(classes.map(({ name }) => name));
    const { probabilities } = await opened.classify(pixels, { width, height }, true);
    return probabilities!;
  } finally {
    await opened.dispose();
  }
}

describe.each(TEMPLATES)('%s', (template) => {
  test.each(['static', 'dynamic'] as const)('%s: the classes of the ONNX file', async (batch) => {
    const to = join(folder, template, batch);
    const options = { weights: weightsOf(template), inputSize: { width: 96, height: 64 }, batch };
    const onnx = await exportModel({ ...options, output: join(to, 'onnx') });
    const openvino = await exportModel({ ...options, output: join(to, 'openvino'), type: 'openvino' });
    expect(openvino.model).toBe(join(to, 'openvino', 'openvino.xml'));
    expect(openvino.inputShape).toEqual([batch === 'static' ? 1 : 'batch', 3, 64, 96]);
    const pixels = picture(96, 64);
    const expected = await probabilitiesOf(onnx.model, pixels);
    const found = await probabilitiesOf(openvino.model, pixels);
    expect(Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-5);
  });
});

test('one image at once where nothing is asked for', async () => {
  const output = join(folder, 'default');
  const options = { weights: weightsOf('SegNext-t'), output, type: 'openvino' as const };
  expect((await exportModel(options)).inputShape).toEqual([1, 3, 68, 68]);
  expect((await load(join(output, 'openvino.xml'))).kind).toBe('openvino');
});

test('weights as halves behind conversions that OpenVINO leaves to its devices', async () => {
  const options = { weights: weightsOf('SegNext-t'), type: 'openvino' as const };
  const exact = await exportModel({ ...options, output: join(folder, 'fp32') });
  const rough = await exportModel({ ...options, output: join(folder, 'fp16'), precision: 'fp16' });
  const binOf = (model: string) => model.replace('.xml', '.bin');
  const [large, small] = await Promise.all(
    [exact, rough].map(async ({ model }) => (await stat(binOf(model))).size),
  );
  expect(small! / large!).toBeLessThan(0.55);
  const { layers } = readIr(await readFile(rough.model));
  const halves = layers.filter(({ type, data }) => type === 'Const' && data.element_type === 'f16');
  const conversions = layers.filter(({ properties }) => properties.includes('decompression'));
  expect(conversions.map(({ sources }) => sources[0]![0])).toEqual(halves.map(({ id }) => id));
  expect(halves.length).toBeGreaterThan(100);
  const pixels = picture(68, 68);
  const [expected, found] = [
    await probabilitiesOf(exact.model, pixels),
    await probabilitiesOf(rough.model, pixels),
  ];
  expect(Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(0.005);
});

test('features are a second output, and the first one is read', async () => {
  const options = { weights: weightsOf('SegNext-t'), type: 'openvino' as const };
  const { model } = await exportModel({ ...options, output: join(folder, 'features'), dumpFeatures: true });
  const { layers } = readIr(await readFile(model));
  const results = layers.filter(({ type }) => type === 'Result');
  const named = results.map(({ sources }) => layers[sources[0]![0]]!.outputs[sources[0]![1]]!);
  expect(named.map(({ names }) => names[0])).toEqual(['output', 'feature_vector']);
  expect(named[1]!.dims.slice(2)).toEqual([1, 1]);
  const pixels = picture(68, 68);
  const plain = await exportModel({ ...options, output: join(folder, 'plain') });
  const [found, expected] = [
    await probabilitiesOf(model, pixels),
    await probabilitiesOf(plain.model, pixels),
  ];
  expect(Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-5);
});

test('a file that is exported already is not exported again', async () => {
  const options = { weights: weightsOf('SegNext-t'), type: 'openvino' as const };
  const { model } = await exportModel({ ...options, output: join(folder, 'once') });
  const again = exportModel({ weights: model, output: join(folder, 'twice') });
  await expect(again).rejects.toThrow(/openvino\.xml: is an exported file already; export the run/);
});

test('the file says what OpenVINO and this program ask for, and the normalisation once', async () => {
  const output = join(folder, 'about');
  const { model, labelSchema } = await exportModel({
    weights: weightsOf('SegNext-t'),
    output,
    type: 'openvino',
  });
  const ir = readIr(await readFile(model));
  const about = Object.fromEntries(
    [...ir.rtInfo.matchAll(/<(\w+) (value="[^"]*")/g)].map((match) => [
      match[1]!,
      attributesOf(match[2]!).value!,
    ]),
  );
  expect(about).toEqual({
    model_type: 'Segmentation',
    soft_threshold: '0.5',
    blur_strength: '1',
    labels: 'a_b c<d>',
    return_soft_prediction: 'True',
    ...{ version: expect.any(String), template: expect.any(String), entry: expect.any(String) },
  });
  const entry = JSON.parse(about.entry!);
  expect(entry).toMatchObject({ mean: [0, 0, 0], std: [1, 1, 1], input: { width: 68, height: 68 } });
  expect(entry.classes.map(({ name }: { name: string }) => name)).toEqual(['background', 'a b', 'c<d>']);
  expect(ir.layers.slice(0, 6).map(({ type }) => type)).toEqual(
    expect.arrayContaining(['Parameter', 'Subtract', 'Divide']),
  );
  const names = ir.layers.flatMap(({ type, outputs }) => (type === 'Parameter' ? outputs[0]!.names : []));
  expect(names).toEqual(['input']);
  expect((await stat(labelSchema)).isFile()).toBe(true);
});
