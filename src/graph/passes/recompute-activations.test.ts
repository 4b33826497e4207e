import { expect, test } from 'vitest';
import { add, batchNorm, conv, gelu, input, mul, reduceSum, relu, reshape } from '../builders.js';
import { gradients } from '../gradients.js';
import { reachableNodes, type Tensor } from '../tensor.js';
import { optimize } from './optimize.js';
import { peakMemory } from './peak-memory.js';
import { recomputeActivations } from './recompute-activations.js';

const count = (outputs: readonly Tensor[], op: string): number =>
  reachableNodes(outputs).filter((node) => node.op === op).length;

/** Loss and weight gradients of a convolution followed by `layers` times body and convolution. */
function network(body: (t: Tensor) => Tensor, { side = 128, layers = 1 } = {}): Tensor[] {
  const weights = Array.from({ length: layers + 1 }, (_, i) => input(`w${i}`, 'float32', [4, 4, 1, 1]));
  const [first, ...others] = weights as [Tensor, ...Tensor[]];
  let y = conv(input('x', 'float32', [2, 4, side, side]), first);
  for (const weight of others) y = conv(body(y), weight);
  const loss = reduceSum(mul(y, y));
  return optimize([loss, ...gradients(loss, weights)]);
}

const scale = input('scale', 'float32', [4]);

test('an activation whose input is kept is computed again for the backward pass', () => {
  const outputs = network(gelu);
  const lean = recomputeActivations(outputs);
  expect([count(outputs, 'gelu'), count(lean, 'gelu')]).toEqual([1, 2]);
  expect(count(lean, 'conv')).toBe(count(outputs, 'conv'));
});

test('so are a normalised map and its ReLU, from what the normalisation read', () => {
  const outputs = network((t) => relu(batchNorm(t, scale, scale, 1e-5).y));
  const lean = recomputeActivations(outputs);
  expect([count(outputs, 'relu'), count(lean, 'relu')]).toEqual([1, 2]);
  expect(count(lean, 'batchNorm')).toBe(1);
});

test('what would need another kept value stays', () => {
  const outputs = network((t) => relu(add(t, reshape(scale, [4, 1, 1]))));
  expect(count(recomputeActivations(outputs), 'relu')).toBe(1);
});

test('so does what is small', () => {
  expect(count(recomputeActivations(network(gelu, { side: 64 })), 'gelu')).toBe(1);
});

test('passes that join equal expressions keep both, if told to', () => {
  const lean = recomputeActivations(network(gelu));
  expect(count(optimize(lean, { keepRepeated: true }), 'gelu')).toBe(2);
  expect(count(optimize(lean), 'gelu')).toBe(1);
});

test('a chain of layers needs less memory', () => {
  const deep = network(gelu, { layers: 6 });
  const lean = optimize(recomputeActivations(deep), { keepRepeated: true });
  expect(peakMemory(lean)).toBeLessThan(0.9 * peakMemory(deep));
});
