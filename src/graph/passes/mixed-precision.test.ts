import { expect, test } from 'vitest';
import { runGraph } from '../../engine/run-graph.js';
import {
  add,
  batchNorm,
  cast,
  concat,
  constant,
  conv,
  exp,
  input,
  matMul,
  mul,
  neg,
  reduceMean,
  relu,
} from '../builders.js';
import { gradients } from '../gradients.js';
import { type AnyNode, inPhase, reachableNodes, type Tensor } from '../tensor.js';
import { type Halves, mixedPrecision } from './mixed-precision.js';

const REAL: Halves = { operators: 'float16', sums: 'float32' };
const ROUNDED: Halves = { operators: 'float32', sums: 'float32' };

/** Types of what the operators of a kind give. */
const typesOf = (outputs: readonly Tensor[], op: string): string[] =>
  (reachableNodes(outputs) as AnyNode[])
    .filter((node) => node.op === op)
    .flatMap(({ outputs }) => outputs.map(({ dtype }) => dtype));
const map = (name: string, channels = 4) => input(name, 'float32', [2, channels, 4, 4]);
const weight = (name: string) => input(name, 'float32', [4, 4, 1, 1]);

test('products, and what is done to their maps, are halves; results are float32', () => {
  const y = relu(conv(map('x'), weight('w')));
  const scaled = mul(y, input('s', 'float32', [1, 4, 1, 1]));
  const [out] = mixedPrecision([add(scaled, y)], REAL) as [Tensor];
  for (const op of ['conv', 'relu', 'mul', 'add'])
    expect([op, typesOf([out], op)]).toEqual([op, ['float16']]);
  expect(out.dtype).toBe('float32');
});

test('norms, means, exponentials and squares are float32, norms of halves give halves again', () => {
  const y = conv(map('x'), weight('w'));
  const vector = (name: string) => input(name, 'float32', [4]);
  const normed = batchNorm(y, vector('scale'), vector('bias'), 1e-5);
  const outputs = mixedPrecision([relu(normed.y), normed.mean, reduceMean(y), exp(y), mul(y, y)], REAL);
  for (const op of ['reduceMean', 'exp', 'mul'])
    expect([op, typesOf(outputs, op)]).toEqual([op, ['float32']]);
  expect(typesOf(outputs, 'batchNorm')).toEqual(['float32', 'float32', 'float32']);
  expect(typesOf(outputs, 'relu')).toEqual(['float16']);
});

test('a map in float32 stays so where it meets one of halves, and nothing of the update is halves', () => {
  const y = conv(map('x'), weight('w'));
  const met = mixedPrecision([add(y, exp(y)), concat([y, exp(y)], 1)], REAL);
  expect([...typesOf(met, 'add'), ...typesOf(met, 'concat')]).toEqual(['float32', 'float32']);
  const updated = inPhase('update', () =>
    matMul(reduceMean(y, { axes: [2] }), reduceMean(y, { axes: [3] }), { transB: true }),
  );
  expect(typesOf(mixedPrecision([updated], REAL), 'matMul')).toEqual(['float32']);
  // Where there is no product there is nothing to change.
  const none = neg(map('x'));
  expect(mixedPrecision([none], REAL)).toEqual([none]);
});

test('long sums are float32 where a device adds up in halves', () => {
  const x = input('x', 'float32', [2, 4, 64, 64]);
  const w = weight('w');
  const [gradient] = gradients(reduceMean(exp(conv(x, w))), [w]) as [Tensor];
  const typesWith = (sums: Halves['sums']) => {
    const outputs = mixedPrecision([gradient], { operators: 'float16', sums });
    return [...typesOf(outputs, 'conv'), ...typesOf(outputs, 'convWeightGrad')];
  };
  expect(typesWith('float32')).toEqual(['float16', 'float16']);
  expect(typesWith('float16')).toEqual(['float16', 'float32']);
});

test('rounded floats have the bits of halves', async () => {
  const x = Float32Array.of(0.1, 300, 1e-5, 2049, -7);
  const row = input('x', 'float32', [5, 1]);
  const outer = matMul(row, constant([1, 3], [1, 2]));
  const [product] = await runGraph([outer], { x }, { lower: (outputs) => mixedPrecision(outputs, ROUNDED) });
  const rounded = [0.0999755859375, 300, 0.000010013580322265625, 2048, -7];
  // The factor 3 is applied to what was rounded, and rounded again.
  expect([0, 1, 2, 3, 4].map((i) => product![2 * i])).toEqual(rounded);
  expect(product![1]).toBe(0.2998046875);
  const beyond = matMul(row, constant([300], [1, 1]));
  const [infinite] = await runGraph(
    [beyond],
    { x },
    { lower: (outputs) => mixedPrecision(outputs, ROUNDED) },
  );
  expect([...infinite!].map(Number.isFinite)).toEqual([true, false, true, false, true]);
});

test('a graph can hold halves, but not be fed with them', async () => {
  const x = cast(input('x', 'float32', [2]), 'float16');
  const y = cast(add(mul(x, 3), constant([1 / 3, 1], [2], 'float16')), 'float32');
  const [values] = await runGraph([y], { x: Float32Array.of(1, 2) }, { lower: (outputs) => outputs });
  expect([...values!]).toEqual([expect.closeTo(3.333, 2), 7]);
  const [slope] = gradients(reduceMean(y), [x]) as [Tensor];
  expect(slope.dtype).toBe('float16');
  expect(() => input('x', 'float16', [2])).toThrow(
    'cannot be fed as float16, which is for values inside a graph; feed float32',
  );
});
