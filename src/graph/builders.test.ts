import { expect, test } from 'vitest';
import { interpret } from '../../tests/graph/reference.js';
import * as g from './builders.js';

const x = g.input('x', 'float32', [2, 6]);
const map = g.input('map', 'float32', [1, 2, 4, 6]);

test('operations that change nothing make no node', () => {
  expect(g.reshape(x, [2, -1])).toBe(x);
  expect(g.transpose(x, [0, 1])).toBe(x);
  expect(g.concat([x], 0)).toBe(x);
  expect(g.split(x, [6], 1)).toEqual([x]);
  expect(g.slice(x, -1, 0, 6)).toBe(x);
  expect(g.pad(x, [0, 0, 0, 0])).toBe(x);
  expect(g.expand(x, [2, 6])).toBe(x);
  expect(g.cast(x, 'float32')).toBe(x);
  expect(g.sumTo(x, [2, 6])).toBe(x);
  expect(g.reduceSum(g.scalar(3))).toMatchObject({ shape: [], node: { op: 'constant' } });
  expect(g.averagePool(map, [1, 1])).toBe(map);
  expect(g.resizeNearest(map, [4, 6])).toBe(map);
  expect(g.resizeBilinear(map, [4, 6], true)).toBe(map);
});

test('negative axes are resolved when the node is made', () => {
  expect(g.reduceSum(x, { axes: [-1] }).node.attributes).toEqual({ axes: [1], keepDims: false });
  expect(
    g.sliceAxes(x, { axes: [-1, -2], starts: [1, 0], ends: [4, 1], steps: [1, 1] }).node.attributes,
  ).toMatchObject({
    axes: [1, 0],
  });
});

test('numbers become constants of the type of the other side', () => {
  const [count, one] = g.add(g.input('n', 'int64', [2]), 1).node.inputs;
  expect([count!.dtype, one!.dtype, one!.rank]).toEqual(['int64', 'int64', 0]);
});

test('constants keep their type', () => {
  expect(g.constant([1, 0], [2], 'bool').node.attributes).toMatchObject({
    data: Uint8Array.of(1, 0),
    type: { dtype: 'bool' },
  });
  expect(g.constant([1, -2], [2], 'int64').node.attributes).toMatchObject({
    data: BigInt64Array.of(1n, -2n),
  });
  expect(g.full([2000], 0.5).node.op).toBe('expand');
});

test('sumTo undoes broadcasting on leading and inner axes', () => {
  const values = Float32Array.from({ length: 12 }, (_, i) => i);
  const wide = g.input('wide', 'float32', [2, 3, 2]);
  expect([...interpret([g.sumTo(wide, [3, 1])], { wide: values })[0]!]).toEqual([14, 22, 30]);
  expect([...interpret([g.sumTo(wide, [])], { wide: values })[0]!]).toEqual([66]);
  expect(() => g.sumTo(wide, [2, 2])).toThrow('shapes [2,3,2] and [2,2] do not broadcast');
});

test('adaptive pooling uses the window of PyTorch', () => {
  // Size 4 to 3: windows 0-1, 1-2, 2-3.
  const line = g.input('line', 'float32', [1, 1, 1, 4]);
  const [pooled] = interpret([g.adaptiveAveragePool(line, [1, 3])], { line: [1, 2, 4, 8] });
  expect([...pooled!]).toEqual([1.5, 3, 6]);
});
