import { expect, test } from 'vitest';
import { input, mul, neg, onnxOp, relu, reshape, resizeNearest, split } from '../builders.js';
import { inPhase, inScope, reachableNodes, type Tensor } from '../tensor.js';
import { recomputeCopies } from './recompute.js';

const forward = <T>(body: () => T): T => inScope('layer', body);
const backward = <T>(body: () => T): T => inPhase('backward', () => inScope('layer', body));
const count = (outputs: readonly Tensor[], op: string): number =>
  reachableNodes(outputs).filter((node) => node.op === op).length;

const x = () => input('x', 'float32', [1, 16, 4, 4]);
const reorder = (t: Tensor): Tensor => onnxOp('ReorderInput', [t], [t], {}, 'com.microsoft.nchwc')[0]!;

test('a reordered copy is made twice where the original is kept for the backward pass', () => {
  const y = forward(() => relu(x()));
  const copy = forward(() => reorder(reshape(y, [1, 16, 2, 8])));
  const used = forward(() => neg(copy));
  const gradient = backward(() => mul(used, copy));
  const mask = backward(() => neg(y));
  const outputs = recomputeCopies([gradient, mask]);
  expect(count(outputs, 'onnx')).toBe(2);
  const [a, b] = outputs[0]!.node.inputs;
  expect(a!.node.inputs[0]).not.toBe(b);
  expect(b!.node.inputs[0]!.node.inputs[0]).toBe(y);
  expect(b!.node).toMatchObject({ scope: 'layer', phase: 'backward' });
});

test('a copy of something that is not kept stays', () => {
  const copy = forward(() => reorder(relu(x())));
  const gradient = backward(() =>
    mul(
      forward(() => neg(copy)),
      copy,
    ),
  );
  expect(recomputeCopies([gradient])).toEqual([gradient]);
});

test('a copy that only one pass reads stays', () => {
  const y = forward(() => relu(x()));
  const copy = backward(() => reorder(y));
  const outputs = [backward(() => mul(neg(copy), copy)), forward(() => reorder(neg(y)))];
  expect(recomputeCopies(outputs)).toEqual(outputs);
});

test('an enlarged map is enlarged again from its small source, once for all readers', () => {
  const up = forward(() => resizeNearest(x(), [8, 8]));
  const used = forward(() => neg(up));
  const gradients = backward(() => [mul(used, up), relu(up)]);
  const outputs = recomputeCopies(gradients);
  expect(count(outputs, 'resizeNearest')).toBe(2);
  expect(outputs[0]!.node.inputs[1]).toBe(outputs[1]!.node.inputs[0]);
});

test('of a split only the part that is read is cut again', () => {
  const y = forward(() => relu(x()));
  const [first, second] = forward(() => split(y, [10, 6], 1)) as [Tensor, Tensor];
  const used = forward(() => [neg(first), neg(second)]);
  const gradient = backward(() => mul(used[1]!, second));
  const outputs = recomputeCopies([gradient, backward(() => neg(y)), used[0]!]);
  const cut = outputs[0]!.node.inputs[1]!;
  expect(cut.node.op).toBe('slice');
  expect(cut.node.attributes).toEqual({ axes: [1], starts: [10], ends: [16], steps: [1] });
  expect(cut.node.inputs[0]).toBe(y);
});
