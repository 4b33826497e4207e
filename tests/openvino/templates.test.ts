/** @file Every network as a model for OpenVINO, run by the tests' own evaluator, against its ONNX file on the runtime. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../src/base/random.js';
import { createEngine, type Engine } from '../../src/engine/engine.js';
import { encodeIr } from '../../src/export/openvino/encode-ir.js';
import { fitsHalves, type IsHalf } from '../../src/graph/onnx/stored-weights.js';
import { encodeNetwork } from '../../src/inference/network-file.js';
import { type NetworkForm, networkGraph } from '../../src/inference/network-graph.js';
import { createSegmentor, describe as describeModel } from '../../src/models/index.js';
import { initialState } from '../../src/runs/state-dict.js';
import { listTemplates, type Template } from '../../src/templates/index.js';
import { readIr } from './read-ir.js';
import { runIr } from './run-ir.js';

const [HEIGHT, WIDTH] = [32, 64];
const CLASSES = 4;

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
});
afterAll(() => engine.dispose());

/** A network with weights of the size that training leaves, so that classes differ. */
function sourceOf({ model: architecture }: Template) {
  const model = createSegmentor(architecture, { numClasses: CLASSES });
  const { variables } = describeModel(model, [1, 3, HEIGHT, WIDTH]);
  const state = initialState(variables, 1);
  const random = new Random('class weights');
  for (const [key, values] of state) {
    if (!key.includes('conv_seg')) continue;
    values.forEach((_, i) => {
      values[i] = random.range(-1, 1);
    });
  }
  return { model, state, inputSize: { width: WIDTH, height: HEIGHT } };
}

function pixels(batch: number): Float32Array {
  const random = new Random('picture');
  return Float32Array.from({ length: batch * 3 * HEIGHT * WIDTH }, () => Math.floor(random.range(0, 256)));
}

async function onRuntime(bytes: Uint8Array, data: Float32Array, batch: number): Promise<Float32Array> {
  const network = await engine.load(bytes);
  const { output } = await network.run({
    input: { dtype: 'float32', shape: [batch, 3, HEIGHT, WIDTH], data },
  });
  await network.release();
  return output!.data as Float32Array;
}

function onEvaluator(model: Parameters<typeof encodeIr>[0], data: Float32Array, batch: number) {
  const { xml, bin } = encodeIr(model);
  const feeds = { input: { shape: [batch, 3, HEIGHT, WIDTH], data: Float64Array.from(data) } };
  return runIr(readIr(xml), Buffer.concat(bin), feeds).output!.data;
}

function furthest(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found).toHaveLength(expected.length);
  let most = 0;
  for (let i = 0; i < found.length; i++) most = Math.max(most, Math.abs(found[i]! - expected[i]!));
  return most;
}

describe.each(listTemplates().map((template) => [template.name, template] as const))(
  '%s',
  (name, template) => {
    test('gives the probabilities of its ONNX file', { timeout: 120_000 }, async () => {
      const source = sourceOf(template);
      const form: NetworkForm = { normalisation: 'inside' };
      const data = pixels(1);
      const expected = await onRuntime(encodeNetwork(source, form), data, 1);
      const found = onEvaluator({ ...networkGraph(source, form), name }, data, 1);
      expect(furthest(found, expected)).toBeLessThan(1e-5);
      expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.1);
    });
  },
);

test('a model whose batch size is open takes two images', { timeout: 120_000 }, async () => {
  const template = listTemplates().find(({ name }) => name === 'SegNext-t')!;
  const source = sourceOf(template);
  const form: NetworkForm = { normalisation: 'inside', batch: 2 };
  const data = pixels(2);
  const model = { ...networkGraph(source, form), name: 'two' };
  const expected = await onRuntime(encodeNetwork(source, form, { dynamicBatch: true }), data, 2);
  const found = onEvaluator({ ...model, dynamicBatch: true }, data, 2);
  expect(furthest(found, expected)).toBeLessThan(1e-5);
  const text = Buffer.from(encodeIr({ ...model, dynamicBatch: true }).xml).toString();
  expect(text).toContain(`<data shape="?,3,${HEIGHT},${WIDTH}" element_type="f32" />`);
  expect(readIr(Buffer.from(text)).layers.at(-1)!.inputs[0]!.dims).toEqual([-1, CLASSES, HEIGHT, WIDTH]);
});

test('weights as halves take about half the room and change little', { timeout: 120_000 }, () => {
  const template = listTemplates().find(({ name }) => name === 'Lite-HRNet-s-mod2')!;
  const model = { ...networkGraph(sourceOf(template), { normalisation: 'inside' }), name: 'half' };
  const bytes = (isHalf?: IsHalf) =>
    encodeIr({ ...model, isHalf }).bin.reduce((sum, { length }) => sum + length, 0);
  expect(bytes(fitsHalves) / bytes()).toBeLessThan(0.65);
  const exact = onEvaluator(model, pixels(1), 1);
  const rough = onEvaluator({ ...model, isHalf: fitsHalves }, pixels(1), 1);
  const difference = furthest(rough, exact);
  expect(difference).toBeLessThan(0.02);
  expect(difference).toBeGreaterThan(0);
});
