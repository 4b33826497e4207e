import { expect, test } from 'vitest';
import { runGraph } from '../engine/run-graph.js';
import { input } from '../graph/index.js';
import {
  OPTIMIZER_NAMES,
  type OptimizerName,
  optimize,
  optimizerScalars,
  optimizerVectors,
} from './index.js';

const SIZE = 3;
const entries = [
  { key: 'conv.weight', size: 2 },
  { key: 'norm.weight', size: 1 },
];

/** Two updates with gradients far beyond the norm of clipping; gives the parameters and the vectors after each. */
async function updates(name: OptimizerName, learningRate: number) {
  const vector = (key: string) => input(key, 'float32', [SIZE]);
  const keys = optimizerVectors(name);
  const next = optimize(name, {
    parameters: vector('p'),
    vectors: Object.fromEntries(keys.map((key) => [key, vector(key)])),
    gradient: vector('g'),
    entries,
    scalar: (key) => input(key, 'float32', []),
  });
  expect(Object.keys(next.vectors)).toEqual(keys);
  let state: Record<string, Float32Array> = { p: Float32Array.of(1, -2, 3) };
  for (const key of keys) state[key] = new Float32Array(SIZE);
  const results: (typeof state & { norm: number })[] = [];
  for (const [step, gradient] of [
    [300, 0, 400],
    [0, 800, 0],
  ].entries()) {
    const scalars = optimizerScalars(name, learningRate, step + 1);
    const outputs = await runGraph([next.parameters, ...keys.map((key) => next.vectors[key]!), next.norm], {
      ...state,
      ...Object.fromEntries(Object.entries(scalars).map(([key, value]) => [key, Float32Array.of(value)])),
      g: Float32Array.from(gradient),
    });
    state = Object.fromEntries(['p', ...keys].map((key, i) => [key, outputs[i] as Float32Array]));
    results.push({ ...state, norm: Number(outputs.at(-1)![0]) } as (typeof results)[number]);
  }
  return results;
}

test.each(OPTIMIZER_NAMES)('%s tells the norm of the gradient as it was given', async (name) => {
  const [first, second] = await updates(name, 1e-3);
  expect(first!.norm).toBeCloseTo(500, 3);
  expect(second!.norm).toBeCloseTo(800, 3);
});

test('SGD: clipped to 40, penalty of 1e-3 on everything, momentum 0.9, learning rate outside of the velocity', async () => {
  const [first, second] = await updates('sgd', 0.01);
  // Clipped gradients are [24, 0, 32] and [0, 40, 0].
  const velocity = [24 + 0.001, -0.002, 32 + 0.003];
  const close = (found: Float32Array | undefined, wanted: readonly number[]) =>
    wanted.forEach((value, i) => {
      expect(Math.abs(found![i]! - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
    });
  close(first!.momentum_buffer, velocity);
  const parameters = [1, -2, 3].map((value, i) => value - 0.01 * velocity[i]!);
  close(first!.p, parameters);
  const next = velocity.map((value, i) => 0.9 * value + [0, 40, 0][i]! + 0.001 * parameters[i]!);
  close(second!.momentum_buffer, next);
  close(
    second!.p,
    parameters.map((value, i) => value - 0.01 * next[i]!),
  );
});

test('AdamW decays what is no norm, Adam nothing', async () => {
  const [adam, adamw] = await Promise.all([updates('adam', 0.1), updates('adamw', 0.1)]);
  // Both move by the learning rate at first, whatever the length of the gradient.
  const keep = 1 - 0.1 * 1e-4;
  for (const [i, start] of [1, -2, 3].entries()) {
    const moved = adam[0]!.p![i]! - start;
    expect(adamw[0]!.p![i]! - moved).toBeCloseTo(i === 2 ? start : start * keep, 6);
  }
});
