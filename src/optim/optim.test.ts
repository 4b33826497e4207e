import { expect, test } from 'vitest';
import { Random } from '../base/random.js';
import { runGraph } from '../engine/run-graph.js';
import { input } from '../graph/index.js';
import { type AdamOptions, adam, adamScalars } from './adam.js';
import { clipByGlobalNorm } from './clip.js';

const clip = async (values: readonly number[], maxNorm: number) => {
  const { gradient, norm } = clipByGlobalNorm(input('g', 'float32', [values.length]), maxNorm);
  const [clipped, before] = await runGraph([gradient, norm], { g: Float32Array.from(values) });
  return { clipped: [...(clipped as Float32Array)], norm: Number(before![0]) };
};

test('clipping scales a gradient beyond the norm and leaves the others', async () => {
  const long = await clip([3, -4, 12], 6.5);
  expect(long.norm).toBeCloseTo(13, 5);
  [1.5, -2, 6].forEach((value, i) => {
    expect(long.clipped[i]).toBeCloseTo(value, 5);
  });
  const short = await clip([3, -4, 12], 40);
  expect(short.clipped).toEqual([3, -4, 12]);
  expect((await clip([0, 0], 40)).clipped).toEqual([0, 0]);
});

test('the norm of a long gradient is right to the last digits', async () => {
  const random = new Random(3);
  // A few large values among many small ones, as gradients have them; a length that rows do not divide.
  const values = Float32Array.from({ length: 800_001 }, (_, i) =>
    Math.fround((random.uniform() - 0.5) * (i % 1000 === 0 ? 10 : 1e-2)),
  );
  const exact = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const { norm } = clipByGlobalNorm(input('g', 'float32', [values.length]), 40);
  const [found] = await runGraph([norm], { g: values });
  expect(Math.abs(Number(found![0]) / exact - 1)).toBeLessThan(3e-7);
});

/** Three gradients for two parameters, small and large. */
const gradientSequence = [
  [0.1, -2000],
  [-0.3, 1500],
  [0.2, 1e-6],
];

/** The published algorithm in double precision, with corrected moments spelt out. */
function reference(
  learningRates: readonly number[],
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
) {
  let [p, m, v] = [
    [0.5, -1],
    [0, 0],
    [0, 0],
  ];
  return gradientSequence.map((g, i) => {
    m = m!.map((value, j) => beta1 * value + (1 - beta1) * g[j]!);
    v = v!.map((value, j) => beta2 * value + (1 - beta2) * g[j]! ** 2);
    p = p!.map((value, j) => {
      const corrected = m![j]! / (1 - beta1 ** (i + 1));
      return value - (learningRates[i]! * corrected) / (Math.sqrt(v![j]! / (1 - beta2 ** (i + 1))) + epsilon);
    });
    return { p, m, v };
  });
}

test.each([{}, { beta1: 0.5, beta2: 0.9, epsilon: 1e-3 }])(
  'Adam follows the published algorithm %o',
  async (options) => {
    const [p, m, v, g] = ['p', 'm', 'v', 'g'].map((name) => input(name, 'float32', [2]));
    const stepSize = input('stepSize', 'float32', []);
    const secondMomentScale = input('secondMomentScale', 'float32', []);
    const next = adam({ parameters: p!, m: m!, v: v! }, g!, { stepSize, secondMomentScale }, options);
    const learningRates = [0.01, 0.1, 0.05];
    const wanted = reference(learningRates, options);
    let state: Record<'p' | 'm' | 'v', Float32Array> = {
      p: Float32Array.of(0.5, -1),
      m: new Float32Array(2),
      v: new Float32Array(2),
    };
    for (const [i, gradient] of gradientSequence.entries()) {
      const scalars = adamScalars(learningRates[i]!, i + 1, options);
      const results = (await runGraph([next.parameters, next.m, next.v], {
        ...state,
        g: Float32Array.from(gradient),
        stepSize: Float32Array.of(scalars.stepSize),
        secondMomentScale: Float32Array.of(scalars.secondMomentScale),
      })) as [Float32Array, Float32Array, Float32Array];
      state = { p: results[0], m: results[1], v: results[2] };
      for (const name of ['p', 'm', 'v'] as const)
        wanted[i]![name]!.forEach((value, j) => {
          expect(Math.abs(state[name][j]! - value)).toBeLessThan(2e-6 * Math.abs(value));
        });
    }
  },
);

test('the first update moves every parameter by the learning rate', () => {
  const { stepSize, secondMomentScale } = adamScalars(1e-3, 1);
  expect((stepSize * (1 - 0.9) * secondMomentScale) / Math.sqrt(1 - 0.999)).toBeCloseTo(1e-3, 12);
});
