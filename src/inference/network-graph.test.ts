import { afterAll, beforeAll, expect, test } from 'vitest';
import { PIXEL_MEAN, PIXEL_STD } from '../data/index.js';
import { createEngine, type Engine } from '../engine/engine.js';
import { softmax as softmaxOf } from '../graph/index.js';
import { convolution, describe as describeModel, type Scope } from '../nn/index.js';
import { initialState } from '../runs/state-dict.js';
import { encodeNetwork } from './network-file.js';
import { type InputForm, networkGraph } from './network-graph.js';

const [WIDTH, HEIGHT, CLASSES] = [6, 4, 3];
const AREA = WIDTH * HEIGHT;
const inputSize = { width: WIDTH, height: HEIGHT };
type Image = Parameters<Parameters<typeof describeModel>[0]>[1];
const model = (scope: Scope, images: Image) =>
  convolution(scope.child('last'), images, { channels: CLASSES, kernel: 3, bias: true });
const { variables } = describeModel(model, [1, 3, HEIGHT, WIDTH]);
const source = { model, state: initialState(variables, 1), inputSize };

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
});
afterAll(() => engine.dispose());

async function answer(form: Parameters<typeof encodeNetwork>[1], shape: number[], data: Float32Array) {
  const network = await engine.load(encodeNetwork(source, form));
  const { output } = await network.run({ input: { dtype: 'float32', shape, data } });
  await network.release();
  return output!.data as Float32Array;
}

/** Value of a colour of a pixel, as 8 bits have it. */
const pixel = (channel: number, at: number): number => (37 * at + 101 * channel + 11) % 256;

const normalisedPlanes = Float32Array.from({ length: 3 * AREA }, (_, i) => {
  const channel = Math.floor(i / AREA);
  return (pixel(channel, i % AREA) - PIXEL_MEAN[channel]!) / PIXEL_STD[channel]!;
});

const forms: InputForm[] = (['nchw', 'nhwc'] as const).flatMap((layout) =>
  (['rgb', 'bgr'] as const).map((channels) => ({ normalisation: 'inside', layout, channels }) as const),
);
test.each(forms)('takes pixels as they are: %o', async (form) => {
  const isPlanar = form.layout === 'nchw';
  const data = Float32Array.from({ length: 3 * AREA }, (_, i) => {
    const [channel, at] = isPlanar ? [Math.floor(i / AREA), i % AREA] : [i % 3, Math.floor(i / 3)];
    return pixel(form.channels === 'rgb' ? channel : 2 - channel, at);
  });
  const shape = isPlanar ? [1, 3, HEIGHT, WIDTH] : [1, HEIGHT, WIDTH, 3];
  const expected = await answer({}, [1, 3, HEIGHT, WIDTH], normalisedPlanes);
  const found = await answer(form, shape, data);
  for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i]!, 5);
  expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.01);
});

test('the batch that a graph is built for leads all its values', () => {
  const { inputs, outputs } = networkGraph(source, { batch: 2 });
  expect(inputs.map(({ shape }) => shape)).toEqual([[2, 3, HEIGHT, WIDTH]]);
  expect(outputs.output?.shape).toEqual([2, CLASSES, HEIGHT, WIDTH]);
});

test('a network that mixes the samples of a batch cannot have an open batch size', () => {
  const mixing = { ...source, model: (scope: Scope, images: Image) => softmaxOf(model(scope, images), 0) };
  expect(() => encodeNetwork(mixing, { batch: 2 }, { dynamicBatch: true })).toThrow(/mixes samples/);
});

test('logits at several scales are refused', () => {
  expect(() => networkGraph(source, { output: 'logits', scales: [1, 2] })).toThrow(/ask for probabilities/);
});
