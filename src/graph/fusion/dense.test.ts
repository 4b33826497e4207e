import { expect, it } from 'vitest';
import { type AnyNode, conv, gradients, input, reachableNodes, reduceSum } from '../index.js';
import { fuseLayers } from './fuse.js';

/** Operators of the library in the graph of the gradient of the filters. */
function fused(kernel: number, stride: number, padding: number, groups = 1): readonly string[] {
  const x = input('x', 'float32', [2, 4, 19, 21]);
  const weight = input('weight', 'float32', [6, 4 / groups, kernel, kernel]);
  const loss = reduceSum(conv(x, weight, { stride, padding, groups }));
  const nodes = reachableNodes(fuseLayers(gradients(loss, [weight]))) as AnyNode[];
  return nodes.flatMap((node) => (node.op === 'onnx' ? [node.attributes.opType] : []));
}

it.each([
  [3, 1, 1],
  [3, 2, 1],
  [3, 2, 0],
])('filters with a side of %i, stride %i and padding %i have an operator', (kernel, stride, padding) => {
  expect(fused(kernel, stride, padding)).toEqual(['DenseWeightGrad']);
});

it.each([
  ['pointwise', 1, 1, 0, 1],
  ['larger', 5, 2, 2, 1],
  ['with a longer stride', 3, 3, 1, 1],
  ['with more padding than the kernel looks at', 3, 2, 3, 1],
  ['in groups', 3, 2, 1, 2],
])('those that are %s do not', (_, kernel, stride, padding, groups) => {
  expect(fused(kernel, stride, padding, groups)).toEqual([]);
});
