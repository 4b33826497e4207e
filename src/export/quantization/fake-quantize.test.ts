import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../base/random.js';
import { createEngine, type Engine } from '../../engine/engine.js';
import { runGraph } from '../../engine/run-graph.js';
import { StepBuilder } from '../../engine/step.js';
import * as g from '../../graph/index.js';
import { networkGraph } from '../../inference/network-graph.js';
import { modelLayouts } from '../../methods/model-state.js';
import { createSegmentor, describe as describeModel } from '../../models/index.js';
import { PackStore, Scope } from '../../nn/index.js';
import type { VariableStore } from '../../nn/scope.js';
import { initialState } from '../../runs/state-dict.js';
import { calibrate } from './calibrate.js';
import { calibrationOf, fakeQuantized, type RangesByLayer, rangesByLayer } from './fake-quantize.js';
import { type ConvLayer, convLayers, isDepthwise } from './layers.js';
import { type Calibration, quantizeGraph } from './quantize-graph.js';

const SIDE = 32;
const SHAPE = [2, 3, SIDE, SIDE];
const inputSize = { width: SIDE, height: SIDE };
const override = { modules: [1, 1], blocks: [1, 1] };
const model = createSegmentor('lite-hrnet-s', { numClasses: 4, override });
const { variables } = describeModel(model, [1, 3, SIDE, SIDE]);
const state = initialState(variables, 7);
const graph = networkGraph({ model, state, inputSize }, { batch: 2, output: 'logits' });
const random = new Random('images');
const data = Float32Array.from({ length: g.sizeOf(SHAPE) }, () => random.normal());

const power = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0);
const difference = (a: Float32Array, b: Float32Array) => a.map((value, i) => value - b[i]!);
const answerOf = async (output: g.Tensor, options = {}) =>
  ((await runGraph([output], { input: data }, options)) as Float32Array[])[0]!;

let engine: Engine;
let layers: readonly ConvLayer[];
let calibration: Calibration;
let ranges: RangesByLayer;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
  layers = convLayers(Object.values(graph.outputs)).filter(({ node }) => !isDepthwise(node));
  async function* batches() {
    yield data;
  }
  calibration = await calibrate({ engine, graph }, layers, batches(), 'minmax');
  ranges = rangesByLayer(layers, calibration);
});
afterAll(() => engine.dispose());

describe('a Lite-HRNet that learns to be rounded', () => {
  test('says what its quantised form says', async () => {
    const exact = await answerOf(graph.outputs.output!);
    const rounding = { calibration, bits: 7, correctBias: false } as const;
    const [written] = quantizeGraph(Object.values(graph.outputs), layers, rounding);
    const quantized = await answerOf(written!, { lower: (outputs: readonly g.Tensor[]) => [...outputs] });
    const rounded = fakeQuantized(model, ranges, 7);
    const learned = networkGraph({ model: rounded, state, inputSize }, { batch: 2, output: 'logits' });
    const found = await answerOf(learned.outputs.output!);
    const noise = power(difference(quantized, exact));
    expect(noise / power(exact)).toBeGreaterThan(1e-6);
    expect(power(difference(found, quantized))).toBeLessThan(0.02 * noise);
  });

  test('has the same variables and the same cost, and its statistics stay', () => {
    const found = describeModel(fakeQuantized(model, ranges, 7), [1, 3, SIDE, SIDE]);
    const expected = describeModel(model, [1, 3, SIDE, SIDE]);
    expect(found.variables.map(({ key }) => key)).toEqual(expected.variables.map(({ key }) => key));
    expect(found.macs).toBe(expected.macs);
    const step = new StepBuilder();
    const layouts = modelLayouts(variables);
    const buffers = step.pack(layouts.buffers);
    const store = new PackStore([step.pack(layouts.parameters), buffers]);
    fakeQuantized(model, ranges, 7)(new Scope(store, true), g.input('images', 'float32', SHAPE));
    const kept = g.optimize([store.applyBufferUpdates(buffers)])[0]!;
    expect(g.reachableNodes([kept]).some(({ op }) => op === 'conv')).toBe(false);
  });

  test('passes gradients to every weight that is rounded', async () => {
    const inputs = new Map(variables.map(({ key, shape }) => [key, g.input(key, 'float32', shape)]));
    const store: VariableStore = {
      get: ({ key }) => inputs.get(key)!,
      update: () => expect.unreachable('statistics stay'),
      noise: () => undefined,
    };
    const images = g.input('input', 'float32', SHAPE);
    const logits = fakeQuantized(model, ranges, 7)(new Scope(store, true), images);
    const weights = [...inputs].flatMap(([key, input]) => (key.endsWith('conv.weight') ? [input] : []));
    const slopes = g.gradients(g.reduceSum(g.mul(logits, logits)), weights);
    const sums = slopes.map((slope) => g.reduceSum(g.mul(slope, slope)));
    const found = await runGraph(sums, { ...Object.fromEntries(state), input: data });
    expect(found.map((sum) => sum[0]! > 0)).toEqual(weights.map(() => true));
  });
});

test('ranges go from one graph of a network to another by the names of the layers', () => {
  const again = convLayers(Object.values(networkGraph({ model, state, inputSize }, { batch: 2 }).outputs));
  const found = calibrationOf(
    again.filter(({ name }) => ranges.has(name)),
    ranges,
  );
  expect([...found.ranges.values()]).toEqual([...calibration.ranges.values()]);
  const [dropped, ...others] = [...ranges];
  expect(() => calibrationOf(again, new Map(others))).toThrow(dropped![0]);
});
