import { describe, expect, test } from 'vitest';
import { convolution, describe as describeModel } from '../nn/index.js';
import { input } from './builders.js';
import { createNode, type DType } from './tensor.js';
import type { OpAttributes, OpName } from './vocabulary.js';

const typed =
  (dtype: DType) =>
  (...shape: number[]) =>
    input('x', dtype, shape);
const [f, i64, u8, bool] = [typed('float32'), typed('int64'), typed('uint8'), typed('bool')];
const map = f(2, 4, 8, 8);
const weight = f(6, 4, 3, 3);
const plain = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 };
const product = { transA: false, transB: false, alpha: 1 };
const gradInput = [f(2, 6, 6, 6), weight];
const gradWeight = [map, f(2, 6, 6, 6)];
const vector = f(4);

type Wrong = readonly [OpName, readonly ReturnType<typeof f>[], object];
/** Each is one step away from what is right. */
const wrong: readonly Wrong[] = [
  ['input', [], { name: '', type: { dtype: 'float32', shape: [1] } }],
  ['input', [], { name: 'a', type: { dtype: 'float64', shape: [1] } }],
  ['input', [], { name: 'a', type: { dtype: 'float32', shape: [-1] } }],
  ['input', [], { name: 'a', type: { dtype: 'float32', shape: [1.5] } }],
  ['constant', [], { data: new Int32Array(1), type: { dtype: 'float32', shape: [1] } }],
  ['constant', [], { data: [1], type: { dtype: 'float32', shape: [1] } }],
  ['constant', [], { data: new Float32Array(2), type: { dtype: 'float32', shape: [1] } }],
  ['neg', [u8(2)], {}],
  ['abs', [bool(2)], {}],
  ['exp', [i64(2)], {}],
  ['cast', [map], { to: 'float64' }],
  ['add', [bool(2), bool(2)], {}],
  ['mul', [f(2), i64(2)], {}],
  ['pow', [i64(2), i64(2)], {}],
  ['maximum', [bool(2), bool(2)], {}],
  ['less', [bool(2), bool(2)], {}],
  ['and', [f(2), f(2)], {}],
  ['where', [f(2), f(2), f(2)], {}],
  ['reduceSum', [map], { axes: [], keepDims: false }],
  ['reduceSum', [map], { axes: [0.5], keepDims: false }],
  ['reduceMean', [map], { axes: [4], keepDims: false }],
  ['reduceMean', [bool(2)], { axes: [0], keepDims: false }],
  ['reduceMax', [map], { axes: [1, 1], keepDims: true }],
  ['reduceMax', [map], { axes: [1], keepDims: 1 }],
  ['argMax', [map], { axis: 4, keepDims: false }],
  ['argMax', [bool(3)], { axis: 0, keepDims: false }],
  ['softmax', [map], { axis: 1.5 }],
  ['sort', [map], { axis: -5 }],
  ['cumSum', [map], { axis: 1, reverse: 'yes' }],
  ['gatherElements', [f(2, 3), f(2, 3)], { axis: 1 }],
  ['scatterElements', [f(2, 3), i64(2, 2), f(2, 3)], { axis: 1 }],
  ['reshape', [f(6)], { shape: [-2, -3] }],
  ['reshape', [f(6)], { shape: [4, 1.5] }],
  ['transpose', [map], { perm: [0, 1, 2, 2] }],
  ['concat', [], { axis: 0 }],
  ['concat', [f(2), i64(2)], { axis: 0 }],
  ['split', [f(4)], { axis: 0, sizes: [5, -1] }],
  ['split', [f(4)], { axis: 0, sizes: [2.5, 1.5] }],
  ['split', [f(4)], { axis: 0, sizes: [4, 0] }],
  ['slice', [f(4)], { axes: [0], starts: [0, 1], ends: [2], steps: [1] }],
  ['slice', [f(4)], { axes: [0], starts: [0], ends: [2], steps: [0] }],
  ['slice', [f(4)], { axes: [0], starts: [0.5], ends: [2], steps: [1] }],
  ['slice', [f(4, 4)], { axes: [0, 0], starts: [0, 0], ends: [2, 2], steps: [1, 1] }],
  ['pad', [f(4)], { pads: [0, -1], value: 0 }],
  ['pad', [f(4)], { pads: [0, 0.5], value: 0 }],
  ['pad', [f(4)], { pads: [0, 1], value: Number.NaN }],
  ['expand', [f(1)], { shape: [2.5] }],
  ['take', [f(4)], { axis: 0, indices: [1.5] }],
  ['take', [f(4)], { axis: 0, indices: [4] }],
  ['matMul', [i64(2, 2), i64(2, 2)], product],
  ['matMul', [f(2, 2), f(2, 2)], { ...product, alpha: Number.NaN }],
  ['matMul', [f(2, 2), f(2, 2)], { ...product, transA: 1 }],
  ['conv', [map, weight], { ...plain, strides: [0, 1] }],
  ['conv', [map, weight], { ...plain, strides: [1] }],
  ['conv', [map, weight], { ...plain, dilations: [0, 1] }],
  ['conv', [map, weight], { ...plain, dilations: [1.5, 1] }],
  ['conv', [map, weight], { ...plain, pads: [0.5, 0.5, 0.5, 0.5] }],
  ['conv', [map, weight], { ...plain, pads: [-1, 0, 0, 0] }],
  ['conv', [map, weight], { ...plain, pads: [1, 1] }],
  ['conv', [map, weight], { ...plain, group: 0 }],
  ['conv', [u8(2, 4, 8, 8), u8(6, 4, 3, 3)], plain],
  ['convInputGrad', gradInput, { ...plain, inputSize: [8, 8], strides: [-1, 1] }],
  ['convInputGrad', gradInput, { ...plain, inputSize: [8] }],
  ['convWeightGrad', gradWeight, { ...plain, kernel: [3, 3], dilations: [0, 0] }],
  ['convWeightGrad', gradWeight, { ...plain, kernel: [3.5, 3] }],
  ['batchNorm', [map, vector, vector], { epsilon: -1 }],
  ['batchNorm', [map, vector, vector], { epsilon: Number.NaN }],
  ['batchNorm', [i64(2, 4, 8, 8), i64(4), i64(4)], { epsilon: 0 }],
  ['batchNorm', [f(4), vector, vector], { epsilon: 0 }],
  ['batchNormGrad', [map, map, vector, vector, f(3)], { epsilon: 0 }],
  ['batchNormGrad', [map, map, f(4, 1), vector, vector], { epsilon: 0 }],
  ['crossEntropy', [map, f(2, 8, 7)], { weights: [] }],
  ['crossEntropy', [map, f(2, 8, 8)], { weights: [1, 1, 1] }],
  ['crossEntropy', [map, f(2, 8, 8)], { weights: [1, 1, 1, Number.NaN] }],
  ['crossEntropy', [map, u8(2, 8, 8)], { weights: [] }],
  ['crossEntropyGrad', [f(1), map, f(2, 8, 8)], { weights: [] }],
  ['quantizeLinear', [map, f(), u8()], { axis: 0.5 }],
  ['averagePool', [map], { kernel: [0, 2] }],
  ['averagePool', [map], { kernel: [2, 1.6] }],
  ['averagePool', [u8(2, 4, 8, 8)], { kernel: [2, 2] }],
  ['maxPool', [map], { ...plain, kernel: [0, 2] }],
  ['maxPool', [map], { ...plain, kernel: [2, 2], strides: [0, 1] }],
  ['maxPool', [u8(2, 4, 8, 8)], { ...plain, kernel: [2, 2] }],
  ['resizeNearest', [map], { size: [4] }],
  ['resizeBilinear', [map], { size: [4, -4], alignCorners: false }],
  ['resizeBilinear', [map], { size: [4, 4], alignCorners: undefined }],
  ['resizeBilinear', [u8(2, 4, 8, 8)], { size: [4, 4], alignCorners: false }],
];

describe('what cannot be is refused, with the operator named', () => {
  test.each(wrong.map((each, index) => [`${index} ${each[0]} ${JSON.stringify(each[2])}`, each] as const))(
    '%s',
    (_, [op, inputs, attributes]) => {
      expect(() => createNode(op, inputs, attributes as OpAttributes[typeof op])).toThrow(
        new RegExp(`^${op}\\(`),
      );
    },
  );
});

test('an even kernel has no padding that keeps the size', () => {
  const model: Parameters<typeof describeModel>[0] = (scope, images) =>
    convolution(scope.child('even'), images, { channels: 2, kernel: 2 });
  expect(() => describeModel(model, [1, 3, 8, 8])).toThrow(
    /pads \[0\.5,0\.5,0\.5,0\.5\] must be whole numbers/,
  );
});
