import { expect, test } from 'vitest';
import { runGraph } from '../../src/engine/run-graph.js';
import { gradients, input, pow, reduceSum } from '../../src/graph/index.js';

/** Both have a limit where the usual formulas say 0 times infinity; PyTorch takes the same ones. */
test('powers have gradients at zero', async () => {
  const a = Float32Array.of(0, 0, 0, 2, -2);
  const b = Float32Array.of(0, 1, 2, 0, 3);
  const [x, y] = [input('a', 'float32', [5]), input('b', 'float32', [5])];
  const [da, db] = gradients(reduceSum(pow(x, y)), [x, y]);
  const [found, exponent] = await runGraph([da!, db!], { a, b });
  expect([...(found as Float32Array)]).toEqual([0, 1, 0, 0, 12]);
  expect((exponent as Float32Array)[3]).toBeCloseTo(Math.log(2), 6);
  expect([...(exponent as Float32Array)].slice(0, 3)).toEqual([0, 0, 0]);
});
