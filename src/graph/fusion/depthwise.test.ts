import { expect, it } from 'vitest';
import {
  add,
  batchNorm,
  conv,
  gelu,
  gradients,
  input,
  mul,
  reachableNodes,
  reduceSum,
  relu,
  type Tensor,
} from '../index.js';
import type { AnyNode } from '../tensor.js';
import { fuseLayers } from './fuse.js';

const x = input('x', 'float32', [2, 4, 8, 8]);
const filter = input('filter', 'float32', [4, 1, 3, 3]);
const [scale, shift] = [input('scale', 'float32', [4]), input('shift', 'float32', [4])];
const y = conv(x, filter, { groups: 4, padding: 1 });

/** Operators of the kernel library, with how many tensors they give. */
function operators(outputs: readonly Tensor[]): Record<string, number> {
  const found: [string, number][] = [];
  for (const { op, attributes, outputs: results } of reachableNodes(fuseLayers(outputs)) as AnyNode[])
    if (op === 'onnx') found.push([attributes.opType, results.length]);
  return Object.fromEntries(found);
}

const withGradient = (result: Tensor, ...others: readonly Tensor[]): Tensor[] => [
  ...gradients(reduceSum(mul(result, result)), [x, filter]),
  ...others,
];

it('stores nothing between a convolution and its norm or GELU', () => {
  const normed = relu(batchNorm(y, scale, shift, 1e-5).y);
  expect(operators(withGradient(normed))).toEqual({ DepthwiseNorm: 3, DepthwiseNormGrad: 4 });
  expect(operators(withGradient(gelu(y)))).toEqual({ Depthwise: 1, DepthwiseGrad: 3 });
});

it('stores what is a result, or what something else reads', () => {
  const normed = relu(batchNorm(y, scale, shift, 1e-5).y);
  expect(operators(withGradient(normed, y)).DepthwiseNorm).toBe(4);
  expect(operators([normed, reduceSum(y)]).DepthwiseNorm).toBe(4);
  expect(operators(withGradient(gelu(y), y)).Depthwise).toBe(2);
});

it('sums the input gradient for the bias of the layer before', () => {
  const bias = input('bias', 'float32', [4]);
  const before = conv(x, input('mix', 'float32', [4, 4, 1, 1]), { bias });
  const after = gelu(conv(before, filter, { groups: 4, padding: 1 }));
  expect(operators(gradients(reduceSum(mul(after, after)), [bias])).DepthwiseGrad).toBe(undefined);
  expect(operators(gradients(reduceSum(mul(after, after)), [bias, filter])).DepthwiseGrad).toBe(4);
});

it('adds the gradient of a shortcut in the gradient of the norm', () => {
  const sum = add(batchNorm(x, scale, shift, 1e-5).y, x);
  const outputs = fuseLayers(gradients(reduceSum(mul(sum, sum)), [x]));
  const nodes = reachableNodes(outputs) as AnyNode[];
  const gradient = nodes.find(({ op, attributes }) => op === 'onnx' && attributes.opType === 'BatchNormGrad');
  expect(gradient?.inputs.length).toBe(7);
  expect(outputs[0]).toBe(gradient?.outputs[0]);
});
