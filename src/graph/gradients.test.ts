/** @file The shape of what differentiation builds; the values are tested in tests/graph. */
import { describe, expect, test } from 'vitest';
import * as g from './builders.js';
import { gradients } from './gradients.js';
import { optimize } from './passes/optimize.js';
import { reachableNodes, type Tensor, withScope } from './tensor.js';

const float = (name: string, ...shape: number[]): Tensor => g.input(name, 'float32', shape);

const operators = (...outputs: Tensor[]): string[] =>
  reachableNodes(outputs)
    .map(({ op }) => op)
    .filter((op) => op !== 'input' && op !== 'constant');

describe('gradients', () => {
  test('of something independent are zeros of its shape', () => {
    const [x, other] = [float('x', 3), float('other', 2, 2)];
    const [dx, zeros] = gradients(g.reduceSum(g.exp(x)), [x, other]);
    expect(dx!.shape).toEqual([3]);
    expect(zeros!.shape).toEqual([2, 2]);
    expect(zeros!.node).toMatchObject({ op: 'constant', attributes: { data: new Float32Array(4) } });
  });

  test('are built only on paths to what was asked for', () => {
    const [x, weight] = [float('x', 1, 2, 4, 4), float('weight', 2, 2, 3, 3)];
    const loss = g.reduceSum(g.conv(g.relu(x), weight));
    expect(operators(gradients(loss, [weight])[0]!)).toEqual(['relu', 'reshape', 'expand', 'convWeightGrad']);
    expect(operators(gradients(loss, [x])[0]!)).not.toContain('convWeightGrad');
  });

  test('add up over all uses of a value', () => {
    const x = float('x', 2);
    const loss = g.reduceSum(g.add(g.add(g.exp(x), g.tanh(x)), x));
    const [dx] = gradients(loss, [x]);
    expect(operators(dx!).filter((op) => op === 'add')).toHaveLength(2);
  });

  test('are summed down to the shape before they are added up', () => {
    const [bias, x] = [float('bias', 3), float('x', 2, 3)];
    const [dbias] = gradients(g.reduceSum(g.mul(g.add(x, bias), g.exp(bias))), [bias]);
    expect(dbias!.shape).toEqual([3]);
    expect(dbias!.node.op).toBe('add');
    expect(dbias!.node.inputs.map(({ shape }) => shape)).toEqual([[3], [3]]);
  });

  test('stop at comparisons, casts to integers and masks', () => {
    const x = float('x', 3);
    const mask = g.cast(g.greater(x, 0), 'float32');
    const rounded = g.cast(g.cast(x, 'int32'), 'float32');
    const [dx] = gradients(g.reduceSum(g.mul(mask, rounded)), [x]);
    expect(dx!.node).toMatchObject({ op: 'constant', attributes: { data: new Float32Array(3) } });
  });

  test('reach values inside the graph, the output included', () => {
    const x = float('x', 3);
    const hidden = g.exp(x);
    const loss = g.reduceSum(g.mul(hidden, hidden));
    const [dx, dhidden, dloss, again] = gradients(loss, [x, hidden, loss, hidden]);
    expect(dhidden!.shape).toEqual([3]);
    expect(again).toBe(dhidden);
    expect(dx!.node.inputs).toContain(dhidden);
    expect(dloss!.node).toMatchObject({ op: 'constant', attributes: { data: Float32Array.of(1) } });
  });

  test('do not flow through what was stopped', () => {
    const x = float('x', 3);
    const [dx] = gradients(g.reduceSum(g.mul(g.exp(x), g.stopGradient(g.tanh(x)))), [x]);
    expect(operators(dx!).filter((op) => op === 'tanh')).toEqual(['tanh']);
    expect(operators(dx!)).not.toContain('add');
    const [zeros] = gradients(g.reduceSum(g.stopGradient(g.exp(x))), [x]);
    expect(zeros!.node).toMatchObject({ op: 'constant', attributes: { data: new Float32Array(3) } });
  });

  test('of a flat pack are one concatenation in its order, with zeros for what is not used', () => {
    const flat = float('flat', 9);
    const [first, , last] = g.split(flat, [2, 3, 4], 0);
    const [dflat] = gradients(g.add(g.reduceSum(g.exp(last!)), g.reduceSum(g.exp(first!))), [flat]);
    expect(dflat!.node.op).toBe('concat');
    expect(dflat!.node.inputs.map(({ size }) => size)).toEqual([2, 3, 4]);
    expect(dflat!.node.inputs[1]!.node).toMatchObject({
      op: 'constant',
      attributes: { data: new Float32Array(3) },
    });
  });

  test('share the forward values instead of computing them again', () => {
    const x = float('x', 2, 3);
    const y = g.softmax(g.tanh(x), 1);
    const [dx] = gradients(g.reduceSum(g.mul(y, y)), [x]);
    const all = operators(...optimize([y, dx!]));
    expect(all.filter((op) => op === 'tanh' || op === 'softmax')).toEqual(['tanh', 'softmax']);
  });

  test('carry the module path, in a phase of their own', () => {
    const x = float('x', 3);
    const y = withScope('head', () => g.tanh(x));
    const [dx] = gradients(g.reduceSum(y), [x]);
    expect(dx!.node).toMatchObject({ scope: 'head', phase: 'backward' });
    expect(y.node.phase).toBe('forward');
    const [ddx] = gradients(g.reduceSum(dx!), [x]);
    expect(ddx!.node).toMatchObject({ scope: 'head', phase: 'backward' });
  });

  test('name the operator that has none', () => {
    const x = float('x', 3);
    const build = () =>
      withScope('quantizer', () => gradients(g.reduceSum(withScope('round', () => g.floor(x))), [x]));
    expect(build).toThrow(/^no gradient rule for %\d+: float32\[3\] = floor\(%\d+\) {2}# quantizer\.round$/);
  });

  test('refuse to go through the statistics of a batch', () => {
    const { variance } = withScope('norm', () =>
      g.batchNorm(float('x', 2, 3, 4, 4), float('scale', 3), float('bias', 3), 1e-5),
    );
    const x = variance.node.inputs[0]!;
    expect(() => gradients(g.reduceSum(variance), [x])).toThrow(
      /^no gradient flows through the batch statistics of .*batchNorm.*# norm$/,
    );
  });
});
