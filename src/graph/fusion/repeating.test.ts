import { expect, it } from 'vitest';
import {
  add,
  averagePool,
  concat,
  conv,
  input,
  mul,
  reachableNodes,
  reduceSum,
  relu,
  reshape,
  sigmoid,
  split,
  type Tensor,
} from '../index.js';
import type { AnyNode } from '../tensor.js';
import { fuseChains } from './fuse.js';

const SHAPE = [2, 8, 16, 16] as const;
const size = SHAPE.reduce((a, b) => a * b, 1);
const map = (name: string) => input(name, 'float32', SHAPE);

/** Halves of two maps, channel by channel. */
function shuffled(a: Tensor, b: Tensor): Tensor {
  const stacked = [a, b].map((x) => reshape(split(x, [4, 4], 1)[0]!, [2, 4, 1, 16, 16]));
  return reshape(concat(stacked, 2), SHAPE);
}

/** Whole maps that a graph writes. */
const written = (outputs: readonly Tensor[]): number =>
  (reachableNodes(outputs) as AnyNode[])
    .filter(({ op }) => op !== 'input' && op !== 'reshape')
    .flatMap(({ outputs }) => outputs)
    .filter((y) => y.size === size).length;

it('stores no shuffle that only elementwise operators read', () => {
  const gate = sigmoid(input('gate', 'float32', [2, 8, 1, 1]));
  const x = shuffled(map('a'), mul(map('b'), gate));
  const [passive, active] = split(x, [4, 4], 1) as [Tensor, Tensor];
  const results = [averagePool(active, [4, 4]), reduceSum(x, { axes: [2, 3] }), concat([active, passive], 1)];
  expect(written(fuseChains(results, 1))).toBe(1);
});

it('stores what somebody else reads', () => {
  const x = relu(shuffled(map('a'), map('b')));
  const y = conv(x, input('filter', 'float32', [8, 8, 1, 1]));
  expect(written(fuseChains([y, averagePool(x, [4, 4])], 1))).toBe(2);
});

it('stores what takes more to compute than to read', () => {
  const sum = add(map('a'), map('b'));
  expect(written(fuseChains([averagePool(sum, [4, 4]), averagePool(relu(sum), [2, 2])], 1))).toBe(1);
  const curved = sigmoid(map('a'));
  expect(written(fuseChains([averagePool(curved, [4, 4]), averagePool(relu(curved), [2, 2])], 1))).toBe(1);
});

it('stores a map whose pieces are too many for one program', () => {
  const parts = Array.from({ length: 12 }, (_, i) => map(`p${i}`));
  const x = concat(
    parts.map((part) => split(part, [4, 4], 1)[0]!),
    1,
  );
  const y = mul(concat([x, x], 1), input('scale', 'float32', [2, 96, 1, 1]));
  const nodes = reachableNodes(fuseChains([y, averagePool(x, [4, 4])], 1)) as AnyNode[];
  expect(
    nodes.some(({ outputs }) => outputs.some((stored) => stored.shape[1] === 48 && stored.shape[2] === 16)),
  ).toBe(true);
});
