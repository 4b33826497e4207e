import { expect, test } from 'vitest';
import { Random } from '../base/random.js';
import { runGraph } from '../engine/run-graph.js';
import { input, type Tensor } from '../graph/index.js';
import { describe } from './describe.js';
import { complementaryDropout, complementaryNoiseSize, dropout2d, dropPathFactors } from './dropout.js';
import { drawNoise, type NoiseSource, noiseFrom, noiseSize, noNoise } from './noise.js';
import { Scope } from './scope.js';
import { ConstantStore, PackStore } from './stores.js';

const SHAPE = [4, 3, 2, 2];
const x = () => input('x', 'float32', SHAPE);
const ones = new Float32Array(48).fill(1);

/** A model with both kinds of noise; drop-path is shown as its factors times the input. */
const model = (scope: Scope, images: Tensor): Tensor => {
  const dropped = dropout2d(scope.child('dropout'), images, 0.25);
  dropPathFactors(scope.child('block'), 'drop_path', dropped, 0.5);
  return dropped;
};
const training = (source: NoiseSource | undefined) => new Scope(new PackStore([], source), true);

test('a model lists what it draws, in order, without being in training', () => {
  const { noise } = describe(model, SHAPE);
  expect(noise).toEqual([
    { key: 'dropout.noise', shape: [4, 3, 1, 1] },
    { key: 'block.drop_path', shape: [4, 1, 1, 1] },
  ]);
  expect(noiseSize(noise)).toBe(16);
});

test('two modules that draw under one name are reported', () => {
  const twice = (scope: Scope, images: Tensor) => dropout2d(scope, dropout2d(scope, images, 0.1), 0.1);
  expect(() => describe(twice, SHAPE)).toThrow(/same noise noise/);
});

test('dropout keeps a channel where ⌊keep + u⌋ is one and scales it by 1 / keep', async () => {
  const { noise } = describe(model, SHAPE);
  const flat = input('noise', 'float32', [16]);
  const y = model(training(noiseFrom(flat, noise)), x());
  // keep = 0.75: dropped below 0.25.
  const uniforms = [0.2499, 0.25, 0.9999, 0, 0.1, 0.5, 0.249, 0.251, 0.3, 0.6, 0.2, 0.7];
  const feeds = { x: ones, noise: Float32Array.from([...uniforms, 0, 0, 0, 0]) };
  const [values] = (await runGraph([y], feeds)) as [Float32Array];
  uniforms.forEach((u, channel) => {
    const expected = new Array<number>(4).fill(u < 0.25 ? 0 : 4 / 3);
    expect([...values.subarray(4 * channel, 4 * channel + 4)].map((v) => Math.fround(v))).toEqual(
      expected.map(Math.fround),
    );
  });
});

test('drop-path keeps or drops whole samples', async () => {
  const { noise } = describe(model, SHAPE);
  const scope = training(noiseFrom(input('noise', 'float32', [16]), noise));
  const factors = dropPathFactors(scope.child('block'), 'drop_path', x(), 0.5)!;
  const feeds = { noise: Float32Array.from([...new Array(12).fill(0), 0.49, 0.5, 0, 0.99]) };
  const [values] = await runGraph([factors], feeds);
  expect([factors.shape, [...(values as Float32Array)]]).toEqual([
    [4, 1, 1, 1],
    [0, 2, 0, 2],
  ]);
});

test('evaluation, a rate of zero and switched-off noise leave everything as it is', () => {
  const images = x();
  const evaluation = new Scope(new PackStore([]), false);
  for (const scope of [evaluation, new Scope(new ConstantStore(new Map()), false), training(noNoise)]) {
    expect(dropout2d(scope, images, 0.1)).toBe(images);
    expect(dropPathFactors(scope, 'drop_path', images, 0.1)).toBeUndefined();
  }
  expect(dropout2d(training(undefined), images, 0)).toBe(images);
});

test('noise that a step does not provide, or in another shape, is an error that names it', () => {
  expect(() => model(training(undefined), x())).toThrow(/dropout\.noise draws random numbers/);
  const source = noiseFrom(input('noise', 'float32', [3]), [{ key: 'dropout.noise', shape: [1, 3, 1, 1] }]);
  expect(() => model(training(source), x())).toThrow(/dropout\.noise.*\[4,3,1,1\].*\[1,3,1,1\]/);
  expect(() => dropPathFactors(training(source), 'drop_path', x(), 0.1)).toThrow(/provides none/);
});

test('drawn noise is uniform in [0, 1), exact in float32 and repeatable', () => {
  const values = drawNoise(20_000, new Random('5:noise:1'));
  expect(drawNoise(20_000, new Random('5:noise:1'))).toEqual(values);
  expect(drawNoise(20_000, new Random('5:noise:2'))).not.toEqual(values);
  expect(Math.max(...values)).toBeLessThan(1);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
  expect(values.reduce((a, b) => a + b, 0) / values.length).toBeCloseTo(0.5, 1);
  const largest = { uint32: () => 0xffffffff } as Random;
  expect(drawNoise(1, largest)[0]).toBeLessThan(1);
});

test('complementary dropout leaves what the two views are together, and some images as they are', async () => {
  const shapes = [
    [6, 4, 2, 2],
    [6, 5, 1, 1],
  ] as const;
  const maps = shapes.map((shape, i) => input(`map${i}`, 'float32', shape));
  const size = complementaryNoiseSize(maps);
  expect(size).toBe(3 * (1 + 4 + 5));
  const dropped = complementaryDropout(maps, input('noise', 'float32', [size]));
  const noise = drawNoise(size, new Random('complementary'));
  noise.set([0.5, 0.4999, 0.9]);
  const values = await runGraph(dropped, {
    noise,
    map0: new Float32Array(96).fill(1),
    map1: new Float32Array(30).fill(1),
  });
  let at = 3;
  shapes.forEach(([, channels, height, width], i) => {
    const [map, area] = [values[i] as Float32Array, height * width];
    for (let n = 0; n < 3; n++)
      for (let c = 0; c < channels; c++, at++) {
        const of = (view: number) => [
          ...map.subarray(((view * 3 + n) * channels + c) * area, ((view * 3 + n) * channels + c + 1) * area),
        ];
        const first = n === 1 ? 1 : noise[at]! < 0.5 ? 0 : 2;
        expect(of(0)).toEqual(new Array(area).fill(first));
        expect(of(1)).toEqual(new Array(area).fill(2 - first));
      }
  });
});
