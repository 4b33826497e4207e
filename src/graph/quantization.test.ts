import { describe, expect, test } from 'vitest';
import { runGraph } from '../engine/run-graph.js';
import * as g from './builders.js';
import { evaluateNode } from './evaluate.js';
import { gradients } from './gradients.js';
import { foldConstants } from './passes/constant-folding.js';
import type { AnyNode, Tensor } from './tensor.js';

const map = g.input('x', 'float32', [2, 3, 4, 4]);

describe('types', () => {
  test('are those of the zero point, and float32 again', () => {
    const q = g.quantizeLinear(map, g.scalar(0.1), g.scalar(0, 'uint8'));
    expect([q.dtype, q.shape]).toEqual(['uint8', [2, 3, 4, 4]]);
    const x = g.dequantizeLinear(q, g.scalar(0.1), g.scalar(0, 'uint8'));
    expect([x.dtype, x.shape]).toEqual(['float32', [2, 3, 4, 4]]);
  });

  test.each<[string, () => Tensor, RegExp]>([
    [
      'a scale as long as another axis',
      () => g.quantizeLinear(map, g.constant([1, 1], [2]), g.constant([0, 0], [2], 'int8'), 1),
      /scale \[2\] does not fit axis 1 of \[2,3,4,4\]/,
    ],
    [
      'scale and zero point of different shapes',
      () => g.quantizeLinear(map, g.scalar(1), g.constant([0, 0, 0], [3], 'int8'), 1),
      /scale \[\] and zero point \[3\] differ/,
    ],
    [
      'a zero point that is no small integer',
      () => g.quantizeLinear(map, g.scalar(1), g.scalar(0, 'int32')),
      /zero point must be uint8 or int8, got int32/,
    ],
    [
      'a zero point of another type than the values',
      () => g.dequantizeLinear(g.constant([1], [1], 'int8'), g.scalar(1), g.scalar(0, 'uint8')),
      /zero point must be int8, got uint8/,
    ],
    [
      'floats to be made floats',
      () => g.dequantizeLinear(map, g.scalar(1), g.scalar(0)),
      /needs uint8, int8 or int32, got float32/,
    ],
  ])('refuse %s', (_, build, message) => {
    expect(build).toThrow(message);
  });
});

describe('values worked out here are those of ONNX Runtime', () => {
  const data = Float32Array.from({ length: 600 }, (_, i) => ((i * 37) % 601) / 7 - 40 + (i % 4) / 8);
  const x = g.constant(data, [2, 3, 100]);
  const cases: [string, Tensor][] = [
    ['uint8', g.quantizeLinear(x, g.scalar(0.25), g.scalar(120, 'uint8'))],
    [
      'int8 along an axis',
      g.quantizeLinear(x, g.constant([0.125, 0.5, 1], [3]), g.constant([0, -7, 100], [3], 'int8'), 1),
    ],
  ];
  test.each(cases)('%s', async (_, q) => {
    const fed = g.input('x', 'float32', x.shape);
    const { op, inputs, attributes } = q.node as Extract<AnyNode, { op: 'quantizeLinear' }>;
    expect(op).toBe('quantizeLinear');
    const again = g.quantizeLinear(fed, inputs[1]!, inputs[2]!, attributes.axis);
    const back = g.dequantizeLinear(again, inputs[1]!, inputs[2]!, attributes.axis);
    const [integers, floats] = await runGraph([again, back], { x: data });
    const known = inputs.map(({ node }) => (node as Extract<AnyNode, { op: 'constant' }>).attributes.data);
    const [found] = evaluateNode(q.node as AnyNode, inputs, known)!;
    expect(found).toEqual(integers);
    const [found32] = evaluateNode(back.node as AnyNode, back.node.inputs, [found!, known[1]!, known[2]!])!;
    expect(found32).toEqual(floats);
  });
});

describe('fakeQuantize', () => {
  const scale = g.scalar(0.5);
  // From -1 to 126.5.
  const zero = g.scalar(2, 'uint8');
  const x = g.constant([-3, -1.01, -1, 0.24, 0.25, 0.75, 0.76, 126.5, 126.51, 900], [10]);

  test('is quantised and dequantised, in one value', () => {
    const [folded] = foldConstants([g.fakeQuantize(x, scale, zero)]);
    const { data } = folded!.node.attributes as { data: Float32Array };
    expect([...data]).toEqual([-1, -1, -1, 0, 0, 1, 1, 126.5, 126.5, 126.5]);
  });

  test('lets the gradient through between its ends, and nothing beyond', async () => {
    const fed = g.input('x', 'float32', [10]);
    const weights = g.constant([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [10]);
    const [slope] = gradients(g.reduceSum(g.mul(g.fakeQuantize(fed, scale, zero), weights)), [fed]);
    const [found] = await runGraph([slope!], { x: (x.node.attributes as { data: Float32Array }).data });
    expect([...found!]).toEqual([0, 0, 3, 4, 5, 6, 7, 8, 0, 0]);
  });

  test('has no gradient by its scale', () => {
    const fed = g.input('scale', 'float32', []);
    const [slope] = gradients(g.reduceSum(g.fakeQuantize(x, fed, zero)), [fed]);
    expect(slope!.node.op).toBe('constant');
  });
});

test('weights that are stored as integers stay integers', () => {
  const w = g.constant([0.5, -1, 0.25], [3]);
  const scale = g.scalar(1 / 64);
  const [y] = foldConstants([
    g.dequantizeLinear(g.quantizeLinear(w, scale, g.scalar(0, 'int8')), scale, g.scalar(0, 'int8')),
  ]);
  expect(y!.node.op).toBe('dequantizeLinear');
  const stored = y!.node.inputs[0]!.node as Extract<AnyNode, { op: 'constant' }>;
  expect(stored.attributes.data).toEqual(Int8Array.of(32, -64, 16));
});
