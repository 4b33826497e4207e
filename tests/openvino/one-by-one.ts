/** @file Graphs of one operator after the other, as far as exported networks may have them. */
import {
  and,
  argMax,
  cast,
  constant,
  conv,
  dequantizeLinear,
  equal,
  floor,
  full,
  greater,
  greaterOrEqual,
  less,
  not,
  reachableNodes,
  relu,
  resizeBilinear,
  resizeNearest,
  stopGradient,
  type Tensor,
  where,
} from '../../src/graph/index.js';
import { differentiableCases, type GraphCase, graphCase } from '../graph/cases.js';

/** Operators of training, and integers between layers, which no network has that is written for OpenVINO. */
export const UNWRITTEN = new Set([
  'batchNorm',
  'batchNormGrad',
  'convInputGrad',
  'convWeightGrad',
  'crossEntropy',
  'crossEntropyGrad',
  'geluGrad',
  'maxPool',
  'positive',
  'quantizeLinear',
  'upperQuantile',
  'onnx',
]);

const isWritten = ({ output }: GraphCase): boolean =>
  reachableNodes([output]).every(({ op }) => !UNWRITTEN.has(op));

const number = (x: Tensor): Tensor => cast(x, 'float32');

const others = (): GraphCase[] => [
  graphCase('comparisons', { a: [2, 3], b: [3] }, ({ a, b }) =>
    number(and(not(less(a, b)), and(greaterOrEqual(a, b), not(equal(a, b))))),
  ),
  graphCase('floor', { x: [7] }, ({ x }) => floor(x)),
  graphCase('argMax', { x: [2, 5, 3] }, ({ x }) => number(argMax(x, 1))),
  graphCase('argMax, axis kept', { x: [2, 5, 3] }, ({ x }) => number(argMax(x, -1, true))),
  graphCase('a constant of int32', { x: [3] }, ({ x }) =>
    where(greater(x, 0), number(full([3], 7, 'int32')), x),
  ),
  graphCase('weights as integers', { x: [1, 2, 4, 4] }, ({ x }) => {
    const integers = constant([3, -64, 64, 1, 0, -7], [3, 2, 1, 1], 'int8');
    return conv(
      x,
      dequantizeLinear(integers, constant([0.5, 0.01, 2], [3]), constant([0, 0, 5], [3], 'int8')),
    );
  }),
  graphCase('stopGradient', { x: [3] }, ({ x }) => relu(stopGradient(x))),
  graphCase('corners aligned', { x: [1, 2, 3, 4] }, ({ x }) => resizeBilinear(x, [5, 7], true)),
  graphCase('to half', { x: [1, 2, 6, 8] }, ({ x }) => resizeBilinear(x, [3, 4])),
  graphCase('nearest, by four', { x: [1, 2, 3, 4] }, ({ x }) => resizeNearest(x, [12, 16])),
];

export const writtenCases = (): GraphCase[] => [...differentiableCases(), ...others()].filter(isWritten);
