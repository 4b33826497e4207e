/** @file What the engine computes for every differentiable case, values and gradients, against the float64 interpreter. */
import { expect, test } from 'vitest';
import { runGraph } from '../../src/engine/run-graph.js';
import { constant, equal, gradients, input, reduceMax, reduceSum, where } from '../../src/graph/index.js';
import { differentiableCases, weightedSum } from './cases.js';
import { expectAgreement } from './compare.js';
import { interpret } from './reference.js';

for (const { name, inputs, output, feeds } of differentiableCases())
  test(name, async () => {
    const outputs = [output, ...gradients(weightedSum(output), inputs)];
    const expected = interpret(outputs, feeds);
    const values = await runGraph(outputs, feeds);
    values.forEach((value, i) => {
      const what = i === 0 ? 'value' : `gradient of input ${i - 1}`;
      expectAgreement(value, expected[i]!, { what });
    });
  });

test('equal maxima share the gradient', async () => {
  const x = input('x', 'float32', [2, 4]);
  const [dx] = gradients(reduceSum(reduceMax(x, { axes: [1] })), [x]);
  const [values] = await runGraph([dx!], { x: Float32Array.of(1, 3, 3, 2, -1, -1, -1, -1) });
  expect([...values!]).toEqual([0, 0.5, 0.5, 0, 0.25, 0.25, 0.25, 0.25]);
});

test('no gradient of a masked value, however bad it is', async () => {
  const x = input('x', 'float32', [3]);
  const labels = constant([1, 255, 0], [3], 'uint8');
  const ignored = equal(labels, constant([255], [1], 'uint8'));
  const [dx] = gradients(reduceSum(where(ignored, 0, x)), [x]);
  const [values] = await runGraph([dx!], { x: Float32Array.of(1, Number.NaN, 2) });
  expect([...values!]).toEqual([1, 0, 1]);
});
