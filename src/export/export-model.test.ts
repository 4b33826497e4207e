import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFileAtomic } from '../base/atomic.js';
import { Random } from '../base/random.js';
import { createEngine, type Engine } from '../engine/engine.js';
import { ModelProtoSchema } from '../graph/onnx/onnx_pb.js';
import { openNetwork } from '../inference/network.js';
import { loadTrainedModel } from '../inference/trained-model.js';
import { modelLayouts, packState } from '../methods/model-state.js';
import { createSegmentor, describe as describeModel } from '../models/index.js';
import { checkpointOf, encodeCheckpoint, loadCheckpoint } from '../runs/checkpoint.js';
import { initialState, packTensors } from '../runs/state-dict.js';
import { readWeights } from '../weights/index.js';
import { exportModel } from './export-model.js';

const CLASSES = [
  { name: 'background', color: [0, 0, 0] as [number, number, number] },
  { name: 'traffic light', color: [255, 0, 0] as [number, number, number] },
  { name: 'road', color: [0, 255, 0] as [number, number, number] },
];
/** Validation size of input_size 64x64. */
const SIDE = 68;
const AREA = SIDE * SIDE;

let folder: string;
let weights: string;
let engine: Engine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-export-'));
  weights = join(folder, 'weights.safetensors');
  engine = await createEngine({ threads: 1 });

  const { variables } = describeModel(createSegmentor('lite-hrnet-s', { numClasses: 3 }), [1, 3, SIDE, SIDE]);
  const state = initialState(variables, 1);
  // Fresh statistics make batch norm do nothing; these do something.
  for (const [key, values] of state) {
    const random = new Random(key);
    if (key.endsWith('running_mean'))
      state.set(
        key,
        values.map(() => random.range(-0.2, 0.2)),
      );
    if (key.endsWith('running_var'))
      state.set(
        key,
        values.map(() => random.range(0.5, 1.5)),
      );
  }
  const layouts = Object.values(modelLayouts(variables));
  const tensors = layouts.flatMap((layout) => packTensors(layout, packState(layout, state), variables));
  const info = {
    template: { id: 'an id', name: 'Lite-HRNet-s-mod2', model: 'lite-hrnet-s' },
    hyperParameters: { learning_parameters: { input_size: '64x64' } },
    classes: CLASSES,
    metrics: null,
    progress: { epoch: 0, step: 0, seed: 1, best: null },
  };
  await writeFileAtomic(weights, encodeCheckpoint(checkpointOf(info, new Map(tensors))));
});
afterAll(async () => {
  await engine.dispose();
  await rm(folder, { recursive: true, force: true });
});

function noise(key: string): Float32Array {
  const random = new Random(key);
  return Float32Array.from({ length: 3 * AREA }, () => random.range(-2, 2));
}

async function probabilities(file: string, images: Float32Array): Promise<Float32Array> {
  const model = await engine.load(await readFile(file));
  const shape = [images.length / (3 * AREA), 3, SIDE, SIDE];
  const { output } = await model.run({ input: { dtype: 'float32', shape, data: images } });
  await model.release();
  expect(output?.shape).toEqual([shape[0], 3, SIDE, SIDE]);
  return output?.data as Float32Array;
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((largest, value, index) => Math.max(largest, Math.abs(value - b[index]!)), 0);
}

describe('an exported model', () => {
  test('uses standard operators only and says what it needs to know in its metadata', async () => {
    const { model, inputShape } = await exportModel({ weights, output: join(folder, 'a') });
    expect(inputShape).toEqual(['batch', 3, SIDE, SIDE]);
    const { graph, opsetImport, metadataProps } = fromBinary(ModelProtoSchema, await readFile(model));
    expect(opsetImport.map(({ domain }) => domain)).toEqual(['']);
    expect(graph?.node.map(({ opType }) => opType)).not.toContain('BatchNormalization');
    const metadata = Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]));
    expect(metadata).toMatchObject({
      'model_info model_type': 'Segmentation',
      'model_info labels': 'traffic_light road',
      'model_info soft_threshold': '0.5',
      'model_info blur_strength': '1',
      'model_info return_soft_prediction': 'True',
      'model_info mean_values': '123.675 116.28 103.53',
      'model_info scale_values': '58.395 57.12 57.375',
    });
  });

  test('tells other programs the confidence threshold', async () => {
    const confidenceThreshold = 0.7;
    const { model } = await exportModel({ weights, output: join(folder, 'threshold'), confidenceThreshold });
    const { metadataProps } = fromBinary(ModelProtoSchema, await readFile(model));
    expect(metadataProps.find(({ key }) => key === 'model_info soft_threshold')?.value).toBe('0.7');
  });

  test('gives the probabilities of the trained model', async () => {
    const { model } = await exportModel({ weights, output: join(folder, 'b') });
    const image = noise('image');
    const network = await openNetwork({ ...(await loadTrainedModel({ weights })), threads: 1 });
    const logits = await network.forward(image);
    await network.dispose();
    const expected = logits.map((_, index) => {
      const pixel = index % AREA;
      const total = [0, 1, 2].reduce((sum, k) => sum + Math.exp(logits[k * AREA + pixel]!), 0);
      return Math.exp(logits[index]!) / total;
    });
    const found = await probabilities(model, image);
    expect(largestDifference(found, expected)).toBeLessThan(1e-5);
    expect(Math.max(...found) - Math.min(...found)).toBeGreaterThan(0.01);
  });

  test('takes any batch size, or one only', async () => {
    const dynamic = await exportModel({ weights, output: join(folder, 'c') });
    const [first, second] = [noise('first'), noise('second')];
    const pair = new Float32Array(6 * AREA);
    pair.set(first);
    pair.set(second, 3 * AREA);
    const together = await probabilities(dynamic.model, pair);
    expect(
      largestDifference(together.subarray(0, 3 * AREA), await probabilities(dynamic.model, first)),
    ).toBeLessThan(1e-6);
    expect(
      largestDifference(together.subarray(3 * AREA), await probabilities(dynamic.model, second)),
    ).toBeLessThan(1e-6);

    const fixed = await exportModel({ weights, output: join(folder, 'd'), batch: 'static' });
    expect(fixed.inputShape[0]).toBe(1);
    await expect(probabilities(fixed.model, pair)).rejects.toThrow(/dimension|invalid/i);
  });

  test('goes to PyTorch and back without a bit being changed', async () => {
    const { model, labelSchema } = await exportModel({
      weights,
      output: join(folder, 'torch'),
      type: 'pytorch',
    });
    expect(model).toBe(join(folder, 'torch', 'weights.pth'));
    const { tensors, classNames } = await readWeights(model);
    expect(classNames).toEqual(CLASSES.map(({ name }) => name));
    const saved = (await loadCheckpoint(weights)).tensors;
    expect(tensors.size).toBe(saved.size);
    for (const [key, { shape, data }] of saved) {
      expect(tensors.get(key)).toEqual({ shape, data });
    }
    const notices: string[] = [];
    const trained = await loadTrainedModel({
      weights: model,
      template: 'Lite-HRNet-s-mod2',
      inputSize: '64x64',
      onEvent: (event) => event.type === 'notice' && notices.push(event.message),
    });
    expect(trained.classes).toEqual(CLASSES);
    const back = await openNetwork({ ...trained, threads: 1 });
    const predictor = await openNetwork({ ...(await loadTrainedModel({ weights })), threads: 1 });
    const image = noise('image');
    expect(await back.forward(image)).toEqual(await predictor.forward(image));
    await Promise.all([back.dispose(), predictor.dispose()]);
    expect(notices).toEqual([expect.stringMatching(/^loaded (\d+) of \1 tensors from .*weights\.pth$/)]);
    await rm(labelSchema);
    await expect(exportModel({ weights: model, output: join(folder, 'x') })).rejects.toThrow(
      /weights\.pth: does not name its template; give the template/,
    );
  });

  test('can have another input size', async () => {
    const inputSize = '128x128';
    const { inputShape } = await exportModel({ weights, output: join(folder, 'e'), inputSize });
    expect(inputShape).toEqual(['batch', 3, 136, 136]);
  });

  test('is not exported as another template than the one it was trained with', async () => {
    const options = { weights, output: join(folder, 'f'), template: 'Lite-HRNet-x-mod3' };
    await expect(exportModel(options)).rejects.toThrow(
      /trained with Lite-HRNet-s-mod2, not Lite-HRNet-x-mod3/,
    );
  });
});
