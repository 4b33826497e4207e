import { expect, test } from 'vitest';
import * as g from '../builders.js';
import { createNode, reachableNodes, withScope } from '../tensor.js';
import { eliminateCommonSubexpressions as eliminate } from './common-subexpressions.js';

const x = g.input('x', 'float32', [2, 3]);

test('equal operators on equal inputs become one, down to their constants', () => {
  const branch = () => g.exp(g.mul(g.transpose(x, [1, 0]), 2));
  const [sum] = eliminate([g.add(branch(), branch())]);
  expect(reachableNodes([sum!]).map(({ op }) => op)).toEqual([
    'input',
    'transpose',
    'constant',
    'mul',
    'exp',
    'add',
  ]);
  expect(sum!.node.inputs[0]).toBe(sum!.node.inputs[1]);
});

test('what differs in an attribute, an output or an input stays apart', () => {
  const [a, b] = g.split(x, [1, 2], 1);
  const outputs = [
    g.reduceSum(x, { axes: [0] }),
    g.reduceSum(x, { axes: [1] }),
    g.reduceSum(x, { axes: [1], keepDims: true }),
    g.exp(a!),
    g.exp(b!),
    g.sub(x, 1),
    g.sub(1, x),
    g.pad(x, [0, 0, 1, 0], Number.POSITIVE_INFINITY),
    g.pad(x, [0, 0, 1, 0], Number.NEGATIVE_INFINITY),
  ];
  expect(new Set(eliminate(outputs)).size).toBe(outputs.length);
});

test('inputs of one name are different inputs', () => {
  const [sum] = eliminate([g.add(g.input('a', 'float32', [1]), g.input('a', 'float32', [1]))]);
  expect(sum!.node.inputs[0]).not.toBe(sum!.node.inputs[1]);
});

test('constants are equal in type, shape and bits', () => {
  const distinct = [
    g.constant([0, 1], [2]),
    g.constant([-0, 1], [2]),
    g.constant([0, 1], [1, 2]),
    g.constant([0, 1], [2], 'int32'),
    g.constant([0, 1], [2], 'int64'),
    g.constant([0, 1], [2], 'uint8'),
    g.constant([0, 1], [2], 'bool'),
  ];
  expect(eliminate([...distinct, g.constant([0, 1], [2])])).toEqual([...distinct, distinct[0]]);
  // A view into a larger buffer is compared by its own values.
  const view = new Float32Array([7, 0, 1, 7]).subarray(1, 3);
  expect(eliminate([distinct[0]!, g.constant(view, [2])])[1]).toBe(distinct[0]);
});

test('constants marked unique are never merged', () => {
  const own = () =>
    createNode('constant', [], {
      data: Float32Array.of(1),
      type: { dtype: 'float32', shape: [1] },
      unique: true,
    })[0]!;
  const constants = [own(), own(), g.constant([1], [1])];
  expect(eliminate(constants)).toEqual(constants);
  expect(new Set(eliminate(constants)).size).toBe(3);
});

test('merged nodes keep the module path of the first', () => {
  const [first, second] = ['a', 'b'].map((name) => withScope(name, () => g.exp(g.neg(x))));
  const merged = eliminate([first!, second!]);
  expect(merged).toEqual([first, first]);
  expect(merged[1]!.node.scope).toBe('a');
});
