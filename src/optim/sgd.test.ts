import { expect, test } from 'vitest';
import { runGraph } from '../engine/run-graph.js';
import { input } from '../graph/index.js';
import { type SgdOptions, sgd } from './sgd.js';

const gradientSequence = [
  [0.1, -20],
  [-0.3, 15],
  [0.2, 1e-6],
];

/** PyTorch's SGD (dampening 0) in double precision. */
function reference(
  learningRates: readonly number[],
  { momentum = 0.9, weightDecay = 0 }: SgdOptions,
): { p: number[]; velocity: number[] }[] {
  let [p, velocity]: [number[], number[] | undefined] = [[0.5, -1], undefined];
  return gradientSequence.map((gradient, i) => {
    const g = gradient.map((value, j) => value + weightDecay * p[j]!);
    velocity = velocity ? velocity.map((value, j) => momentum * value + g[j]!) : g;
    p = p.map((value, j) => value - learningRates[i]! * velocity![j]!);
    return { p, velocity };
  });
}

test.each([{}, { momentum: 0.9, weightDecay: 1e-3 }, { momentum: 0.5, weightDecay: 0.1 }])(
  'SGD follows PyTorch %o',
  async (options) => {
    const [p, velocity, g] = ['p', 'velocity', 'g'].map((name) => input(name, 'float32', [2]));
    const next = sgd({ parameters: p!, velocity: velocity! }, g!, input('lr', 'float32', []), options);
    const learningRates = [0.1, 0.1, 0.01];
    const wanted = reference(learningRates, options);
    let state: Record<'p' | 'velocity', Float32Array> = {
      p: Float32Array.of(0.5, -1),
      velocity: new Float32Array(2),
    };
    for (const [i, gradient] of gradientSequence.entries()) {
      const results = (await runGraph([next.parameters, next.velocity], {
        ...state,
        g: Float32Array.from(gradient),
        lr: Float32Array.of(learningRates[i]!),
      })) as [Float32Array, Float32Array];
      state = { p: results[0], velocity: results[1] };
      for (const name of ['p', 'velocity'] as const)
        wanted[i]![name].forEach((value, j) => {
          expect(Math.abs(state[name][j]! - value)).toBeLessThan(1e-6 * Math.abs(value));
        });
    }
  },
);
