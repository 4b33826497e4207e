import { expect, test } from 'vitest';
import * as g from '../builders.js';
import { reachableNodes, withScope } from '../tensor.js';
import { firstOf, lower } from './table.js';

const x = g.input('x', 'float32', [2, 3]);
const names = (...outputs: g.TensorLike[]) =>
  reachableNodes(outputs.filter((y) => typeof y !== 'number')).map(({ op }) => op);

test('what a rule makes is lowered too', () => {
  const [y] = lower([g.sigmoid(x)], {
    sigmoid: (_, [z]) => [g.reciprocal(g.add(g.exp(g.neg(z!)), 1))],
    reciprocal: (_, [z]) => [g.div(1, z!)],
  });
  expect(names(y!)).toEqual(['input', 'neg', 'exp', 'constant', 'add', 'constant', 'div']);
});

test('rules see inputs that are lowered already, and their nodes inherit the module path', () => {
  const chain = withScope('head', () => g.relu(g.relu(x)));
  const [y] = lower([chain], { relu: (_, [z]) => [g.maximum(z!, 0)] });
  expect(names(y!)).toEqual(['input', 'constant', 'maximum', 'constant', 'maximum']);
  expect(y!.node.scope).toBe('head');
});

test('the first rule that applies wins, and none leaves the node', () => {
  const rule = firstOf<'relu'>(
    (node) => (node.outputs[0]!.rank === 1 ? [g.abs(node.inputs[0]!)] : undefined),
    (node) => (node.outputs[0]!.rank === 2 ? [g.exp(node.inputs[0]!)] : undefined),
  );
  const [vector, matrix, cube] = lower(
    [g.relu(g.reshape(x, [6])), g.relu(x), g.relu(g.reshape(x, [1, 2, 3]))],
    {
      relu: rule,
    },
  );
  expect([vector!.node.op, matrix!.node.op, cube!.node.op]).toEqual(['abs', 'exp', 'relu']);
});

test('a table that does not apply returns the graph itself', () => {
  const y = g.exp(x);
  expect(lower([y, y, x], { relu: (_, [z]) => [z!] })).toEqual([y, y, x]);
});
