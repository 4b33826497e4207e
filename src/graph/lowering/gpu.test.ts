/** @file The forms that kernels of graphics processors take. That their values are right is tested in tests/graph. */
import { expect, test } from 'vitest';
import { runGraph } from '../../engine/run-graph.js';
import {
  argMax,
  cast,
  concat,
  constant,
  conv,
  equal,
  input,
  matMul,
  mul,
  reduceSum,
  split,
} from '../builders.js';
import { gradients } from '../gradients.js';
import { type AnyNode, reachableNodes, type Tensor } from '../tensor.js';
import { gpuLowering, gpuProducts } from './gpu.js';
import { type LoweringTable, lower } from './table.js';

const operators = (outputs: readonly Tensor[], table: LoweringTable): string[] =>
  reachableNodes(lower(outputs, table)).map((node: AnyNode) =>
    node.op === 'onnx' ? node.attributes.opType : node.op,
  );

/** How many parts each cut has, the first cut first. */
function cuts(parts: number): number[] {
  const sizes = Array.from({ length: parts }, (_, i) => 1 + (i % 3));
  const x = input('x', 'float32', [sizes.reduce((sum, size) => sum + size, 0)]);
  const cut = lower(
    split(x, sizes, 0).map((part) => mul(part, 2)),
    gpuLowering,
  );
  expect(cut.map(({ shape }) => shape)).toEqual(sizes.map((size) => [size]));
  return reachableNodes(cut).flatMap((node: AnyNode) => (node.op === 'split' ? [node.outputs.length] : []));
}

test('no cut has more than eight parts, and there are as few cuts as that allows', () => {
  expect(cuts(8)).toEqual([8]);
  expect(cuts(9)).toEqual([2, 8]);
  expect(cuts(64)).toEqual([8, ...new Array(8).fill(8)]);
  const many = cuts(606);
  expect(Math.max(...many)).toBe(8);
  expect(many.length).toBeLessThan(606 / 7 + 3);
});

test('the parts of a tree are those of the one cut', () => {
  const x = input('x', 'float32', [20, 3]);
  const parts = lower(split(x, new Array(20).fill(1), 0), gpuLowering);
  expect(parts.map(({ shape }) => shape)).toEqual(new Array(20).fill([1, 3]));
  const [again] = lower([concat(parts, 0)], {});
  expect(again!.shape).toEqual([20, 3]);
});

test('products turn and scale by operators of their own', () => {
  const [a, b] = [input('a', 'float32', [4, 2, 3]), input('b', 'float32', [2, 5])];
  const product = matMul(a, b, { transA: true, alpha: 0.5 });
  expect(operators([product], gpuProducts)).toEqual([
    'input',
    'input',
    'transpose',
    'matMul',
    'constant',
    'mul',
  ]);
  const [plain] = lower([product], gpuProducts);
  const inner = plain!.node.inputs[0]!.node as AnyNode;
  expect(inner.attributes).toEqual({ transA: false, transB: false, alpha: 1 });
});

test('a strided weight gradient has no operator that is for the CPU alone', () => {
  const [x, w] = [input('x', 'float32', [2, 3, 9, 8]), constant(new Float32Array(108), [4, 3, 3, 3])];
  const y = conv(x, w, { padding: 1, stride: 2 });
  const found = operators(gradients(reduceSum(y), [w]), gpuLowering);
  expect(found).not.toContain('SpaceToDepth');
  expect(found).toContain('transpose');
});

test('bytes are floats wherever they are not stored', () => {
  const ids = input('ids', 'uint8', [20]);
  const outputs = [equal(ids, 3), ...split(ids, new Array(20).fill(1), 0)];
  const lowered = lower(outputs, gpuLowering);
  expect(lowered.map(({ dtype }) => dtype)).toEqual(outputs.map(({ dtype }) => dtype));
  const ofBytes = reachableNodes(lowered).filter(({ inputs }) =>
    inputs.some(({ dtype }) => dtype === 'uint8'),
  );
  expect(new Set(ofBytes.map(({ op }) => op))).toEqual(new Set(['cast']));
});

test('the place of the largest value is no int64, of equal ones it is that of the first', async () => {
  const x = input('x', 'float32', [2, 4, 3]);
  const values = Float32Array.from({ length: 24 }, (_, i) => (i === 9 ? 9 : (i * i * 7) % 5));
  const outputs = [
    cast(argMax(x, 1), 'float32'),
    cast(argMax(x, 1), 'uint8'),
    cast(argMax(x, 2, true), 'uint8'),
  ];
  const lowered = lower(outputs, gpuLowering);
  expect(
    reachableNodes(lowered).filter(({ outputs }) => outputs.some(({ dtype }) => dtype === 'int64')),
  ).toEqual([]);
  const options = { lower: (tensors: readonly Tensor[]) => tensors };
  const wanted = await runGraph(outputs, { x: values }, options);
  expect(await runGraph(outputs, { x: values }, { lower: () => lowered })).toEqual(wanted);
  expect(new Set(wanted[1] as Uint8Array)).toEqual(new Set([0, 1, 2, 3]));
});
