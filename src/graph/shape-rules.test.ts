import { describe, expect, test } from 'vitest';
import { OtxError } from '../base/errors.js';
import * as g from './builders.js';
import { broadcastShapes } from './shape-rules.js';
import { createNode, type Tensor, withScope } from './tensor.js';

const float = (...shape: number[]): Tensor => g.input('x', 'float32', shape);
const bytes = (...shape: number[]): Tensor => g.input('u', 'uint8', shape);
const positions = (...shape: number[]): Tensor => g.input('p', 'int64', shape);
const geometry = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 } as const;

describe('output types', () => {
  const map = float(2, 3, 9, 8);
  const cases: readonly (readonly [string, Tensor, string])[] = [
    ['broadcasting from both sides', g.add(float(2, 1, 4), float(3, 1)), 'float32[2,3,4]'],
    ['comparisons are booleans', g.less(float(2, 1), float(3)), 'bool[2,3]'],
    [
      'where takes the type of its branches',
      g.where(g.equal(bytes(3), bytes(1)), bytes(2, 1), 7),
      'uint8[2,3]',
    ],
    ['numbers take the type of the tensor', g.equal(g.input('i', 'int64', [2]), 1), 'bool[2]'],
    ['reductions drop axes', g.reduceMean(map, { axes: [-1, 0] }), 'float32[3,9]'],
    ['reductions keep axes', g.reduceMax(map, { axes: [1], keepDims: true }), 'float32[2,1,9,8]'],
    ['reductions of everything', g.reduceSum(map), 'float32[]'],
    ['argMax', g.argMax(map, -3), 'int64[2,9,8]'],
    ['sorted values', g.sort(map, 2).values, 'float32[2,3,9,8]'],
    ['positions of sorted values', g.sort(map, -1).positions, 'int64[2,3,9,8]'],
    ['running sums', g.cumSum(map, -1), 'float32[2,3,9,8]'],
    ['picked elements', g.gatherElements(bytes(2, 5), positions(2, 3), 1), 'uint8[2,3]'],
    ['scattered elements', g.scatterElements(float(2, 5), positions(2, 3), float(2, 3), 1), 'float32[2,5]'],
    ['reshape infers one dimension', g.reshape(map, [6, -1]), 'float32[6,72]'],
    ['transpose', g.transpose(map, [0, 2, 3, 1]), 'float32[2,9,8,3]'],
    ['concat', g.concat([map, float(2, 5, 9, 8)], -3), 'float32[2,8,9,8]'],
    ['split', g.split(map, [1, 2], 1)[1]!, 'float32[2,2,9,8]'],
    ['slice with a step', g.slice(map, 2, 1, 9, 3), 'float32[2,3,3,8]'],
    [
      'slices by negative axes',
      g.sliceAxes(map, { axes: [-1], starts: [2], ends: [7], steps: [2] }),
      'float32[2,3,9,3]',
    ],
    ['pad', g.pad(float(2, 3), [1, 0, 0, 2]), 'float32[3,5]'],
    ['expand', g.expand(float(3, 1), [2, 3, 4]), 'float32[2,3,4]'],
    ['take', g.take(map, 1, [2, 2, 0, 1]), 'float32[2,4,9,8]'],
    [
      'matMul',
      g.matMul(float(5, 1, 4, 2), float(3, 6, 4), { transA: true, transB: true }),
      'float32[5,3,2,6]',
    ],
    [
      'conv',
      g.conv(map, float(4, 3, 3, 2), { stride: [2, 1], padding: [1, 0], dilation: [2, 1] }),
      'float32[2,4,4,7]',
    ],
    ['adaptive pooling', g.adaptiveAveragePool(map, [4, 4]), 'float32[2,3,4,4]'],
    ['resize', g.resizeBilinear(map, [3, 20]), 'float32[2,3,3,20]'],
  ];
  for (const [name, tensor, type] of cases)
    test(name, () => {
      expect(`${tensor.dtype}[${tensor.shape}]`).toBe(type);
    });
});

describe('errors say what is wrong', () => {
  const map = float(2, 3, 8, 8);
  const cases: readonly (readonly [string, () => unknown, string])[] = [
    [
      'shapes',
      () => g.add(float(2, 3), float(4)),
      'add(float32[2,3], float32[4]): shapes [2,3] and [4] do not broadcast',
    ],
    ['types', () => g.mul(float(3), bytes(3)), 'mul(float32[3], uint8[3]): mixes float32 and uint8'],
    ['float functions', () => g.exp(bytes(2)), 'exp(uint8[2]): needs float32, got uint8'],
    ['logic', () => g.not(float(2)), 'not(float32[2]): needs bool, got float32'],
    [
      'logic of two',
      () => g.and(g.less(float(2), 0), bytes(2)),
      'and(bool[2], uint8[2]): needs bool, got uint8',
    ],
    [
      'condition',
      () => g.where(float(2), 1, float(2)),
      'where(float32[2], float32[], float32[2]): condition must be bool, got float32',
    ],
    ['argument count', () => createNode('where', [float(2)], {}), 'where(float32[2]): takes 3 inputs, got 1'],
    [
      'repeated axes',
      () => g.reduceSum(map, { axes: [1, -3] }),
      'reduceSum(float32[2,3,8,8]): axes [1,1] repeat',
    ],
    ['sort of integers', () => g.sort(bytes(3), 0), 'sort(uint8[3]): needs float32, got uint8'],
    ['cumSum of integers', () => g.cumSum(bytes(3), 0), 'cumSum(uint8[3]): needs float32, got uint8'],
    [
      'positions that are floats',
      () => g.gatherElements(float(2, 3), float(2, 3), 1),
      'gatherElements(float32[2,3], float32[2,3]): positions must be int64, got float32',
    ],
    [
      'positions of another rank',
      () => g.gatherElements(float(2, 3), positions(2), 1),
      'gatherElements(float32[2,3], int64[2]): positions must have rank 2, got [2]',
    ],
    [
      'positions of another size',
      () => g.gatherElements(float(2, 3), positions(4, 3), 1),
      'gatherElements(float32[2,3], int64[4,3]): positions [4,3] do not fit [2,3] along axis 1',
    ],
    [
      'values without positions',
      () => g.scatterElements(float(2, 3), positions(2, 2), float(2, 3), 1),
      'scatterElements(float32[2,3], int64[2,2], float32[2,3]): values [2,3] and positions [2,2] differ',
    ],
    [
      'values of another type',
      () => g.scatterElements(float(2, 3), positions(2, 2), bytes(2, 2), 1),
      'scatterElements(float32[2,3], int64[2,2], uint8[2,2]): mixes float32 and uint8',
    ],
    ['reshape', () => g.reshape(float(10), [4, 3]), 'reshape(float32[10]): cannot view 10 values as [4,3]'],
    [
      'reshape into fractions',
      () => g.reshape(float(10), [4, -1]),
      'reshape(float32[10]): cannot view 10 values as [4,2.5]',
    ],
    [
      'transpose',
      () => g.transpose(float(2, 3), [1, 1]),
      'transpose(float32[2,3]): [1,1] is no permutation of its axes',
    ],
    [
      'concat',
      () => g.concat([float(2, 3), float(3, 3)], 1),
      'concat(float32[2,3], float32[3,3]): [3,3] does not join [2,3] along axis 1',
    ],
    ['split', () => g.split(float(7), [3, 3], 0), 'split(float32[7]): parts add up to 6, axis 0 has 7'],
    [
      'split into one part',
      () => g.split(float(7), [6], 0),
      'split(float32[7]): parts add up to 6, axis 0 has 7',
    ],
    ['slice', () => g.slice(float(7), 0, 3, 8), 'slice(float32[7]): [3:8:1] is outside 0..7'],
    ['negative pads', () => g.pad(float(3), [-1, 0]), 'pad(float32[3]): pads [-1,0] must not be negative'],
    ['pads for too few axes', () => g.pad(float(3, 2), [1, 0]), 'pad(float32[3,2]): needs 4 pads, got 2'],
    ['expand', () => g.expand(float(2, 3), [1, 3]), 'expand(float32[2,3]): cannot expand to [1,3]'],
    ['take', () => g.take(float(3), 0, [0, 3]), 'take(float32[3]): indices leave 0..2'],
    [
      'matMul',
      () => g.matMul(float(2, 3), float(4, 3)),
      'matMul(float32[2,3], float32[4,3]): inner sizes 3 and 4 differ',
    ],
    [
      'matMul of a vector',
      () => g.matMul(float(3), float(3, 2)),
      'matMul(float32[3], float32[3,2]): needs rank 2 or more on both sides',
    ],
    [
      'conv channels',
      () => g.conv(map, float(4, 2, 3, 3)),
      'conv(float32[2,3,8,8], float32[4,2,3,3]): input has 3 channels, weight expects 2 x 1 groups',
    ],
    [
      'conv groups',
      () => g.conv(map, float(4, 1, 3, 3), { groups: 3 }),
      'conv(float32[2,3,8,8], float32[4,1,3,3]): 4 output channels do not divide into 3 groups',
    ],
    [
      'conv bias',
      () => g.conv(map, float(4, 3, 1, 1), { bias: float(3) }),
      'conv(float32[2,3,8,8], float32[4,3,1,1], float32[3]): bias [3] must be [4]',
    ],
    [
      'conv kernel',
      () => g.conv(map, float(4, 3, 9, 1)),
      'conv(float32[2,3,8,8], float32[4,3,9,1]): kernel 9x1 does not fit into 8x8',
    ],
    [
      'conv rank',
      () => g.conv(float(3, 8, 8), float(4, 3, 1, 1)),
      'conv(float32[3,8,8], float32[4,3,1,1]): input must have rank 4, got [3,8,8]',
    ],
    [
      'input gradient',
      () =>
        createNode('convInputGrad', [float(2, 4, 8, 8), float(4, 3, 3, 3)], {
          ...geometry,
          inputSize: [8, 8],
        }),
      'convInputGrad(float32[2,4,8,8], float32[4,3,3,3]): output gradient must be [2,4,6,6]',
    ],
    [
      'weight gradient',
      () => createNode('convWeightGrad', [map, float(1, 4, 6, 6)], { ...geometry, kernel: [3, 3] }),
      'convWeightGrad(float32[2,3,8,8], float32[1,4,6,6]): output gradient must be [2,4,6,6]',
    ],
    [
      'weight gradient in groups',
      () => createNode('convWeightGrad', [map, float(2, 4, 6, 6)], { ...geometry, group: 2, kernel: [3, 3] }),
      'convWeightGrad(float32[2,3,8,8], float32[2,4,6,6]): 3 and 4 channels do not divide into 2 groups',
    ],
    [
      'batchNorm',
      () => g.batchNorm(map, float(3), float(4), 1e-5),
      'batchNorm(float32[2,3,8,8], float32[3], float32[4]): [4] must be [3]',
    ],
    [
      'averagePool',
      () => g.averagePool(map, [3, 2]),
      'averagePool(float32[2,3,8,8]): windows of 3x2 do not tile 8x8',
    ],
    [
      'resize',
      () => g.resizeNearest(map, [0, 4]),
      'resizeNearest(float32[2,3,8,8]): size [0,4] must be positive integers',
    ],
    ['constants', () => g.constant([1, 2, 3], [2, 2]), 'constant(): data of 3 values does not fill [2,2]'],
  ];
  for (const [name, build, message] of cases)
    test(name, () => {
      expect(build).toThrow(new OtxError('graph', message));
    });

  test('with the path of the module', () => {
    const nested = () =>
      withScope('backbone', () => withScope('stem', () => withScope('', () => g.add(float(2), float(3)))));
    expect(nested).toThrow(
      'add(float32[2], float32[3]) in backbone.stem: shapes [2] and [3] do not broadcast',
    );
    // The failure above must not leave its path behind.
    expect(() => g.add(float(2), float(3))).toThrow('add(float32[2], float32[3]): shapes');
  });

  test('before any node is made, for axes', () => {
    expect(() => g.softmax(float(2, 3), 2)).toThrow('axis 2 is outside rank 2');
    expect(() => g.slice(float(2, 3), -3, 0, 1)).toThrow('axis -3 is outside rank 2');
  });
});

test('broadcasting is symmetric', () => {
  const shapes = [[], [1], [3], [2, 3], [2, 1], [4, 1, 3], [1, 2, 1]];
  for (const a of shapes)
    for (const b of shapes) expect(broadcastShapes(a, b)).toEqual(broadcastShapes(b, a));
});
