/**
 * @file Small differentiable graphs, at least one for every gradient rule, on shapes chosen to be awkward: odd, unequal,
 * broadcast, with single images and several. One list serves the tests of gradients, of the passes and of the runtime.
 */
import { Random } from '../../src/base/random.js';
import {
  abs,
  adaptiveAveragePool,
  add,
  averagePool,
  batchNorm,
  cast,
  concat,
  constant,
  conv,
  cumSum,
  div,
  erf,
  exp,
  expand,
  fakeQuantize,
  full,
  gatherElements,
  gelu,
  greater,
  input,
  log,
  type MatMulOptions,
  matMul,
  maximum,
  maxPool,
  minimum,
  mul,
  neg,
  pad,
  pow,
  reciprocal,
  reduceMax,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  resizeBilinear,
  resizeNearest,
  scalar,
  scatterElements,
  separableMap,
  sigmoid,
  slice,
  sliceAxes,
  softmax,
  sort,
  split,
  sqrt,
  sub,
  take,
  tanh,
  transpose,
  where,
} from '../../src/graph/builders.js';
import { gradients } from '../../src/graph/gradients.js';
import { convGeometries } from '../../src/graph/lowering/lowering.cases.js';
import { createNode, type Shape, sizeOf, type Tensor } from '../../src/graph/tensor.js';

/** Shape of a float32 input, and the interval of its values: (−1.5, 1.5) unless given. */
type InputSpec = Shape | { readonly shape: Shape; readonly low: number; readonly high: number };

export interface GraphCase {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  /** Deterministic values of the inputs, exact in float32. */
  readonly feeds: Readonly<Record<string, Float32Array>>;
}

/** Builds a case; every call makes new nodes. */
export function graphCase<Names extends string>(
  name: string,
  specs: Readonly<Record<Names, InputSpec>>,
  buildOutput: (inputs: Readonly<Record<Names, Tensor>>) => Tensor,
): GraphCase {
  const inputs = {} as Record<Names, Tensor>;
  const feeds: Record<string, Float32Array> = {};
  for (const key of Object.keys(specs) as Names[]) {
    const spec: InputSpec = specs[key];
    const { shape, low, high } = 'low' in spec ? spec : { shape: spec, low: -1.5, high: 1.5 };
    inputs[key] = input(key, 'float32', shape);
    feeds[key] = randomValues(`${name} ${key}`, sizeOf(shape), low, high);
  }
  return { name, inputs: Object.values(inputs), output: buildOutput(inputs), feeds };
}

export function randomValues(seed: string, size: number, low = -1.5, high = 1.5): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: size }, () => random.range(low, high));
}

/** Σ w·y with fixed random w, so that every element of y counts differently. */
export function weightedSum(y: Tensor): Tensor {
  return reduceSum(mul(y, constant(randomValues('weights', y.size), y.shape)));
}

const positive = (...shape: number[]): InputSpec => ({ shape, low: 0.4, high: 2.5 });

const elementwiseCases = (): GraphCase[] => [
  graphCase('neg', { x: [2, 3] }, ({ x }) => neg(x)),
  graphCase('exp', { x: [2, 3] }, ({ x }) => exp(x)),
  graphCase('log', { x: positive(2, 3) }, ({ x }) => log(x)),
  graphCase('sqrt', { x: positive(5) }, ({ x }) => sqrt(x)),
  graphCase('reciprocal', { x: positive(5) }, ({ x }) => reciprocal(neg(x))),
  graphCase('abs', { x: [3, 5] }, ({ x }) => abs(x)),
  graphCase('erf', { x: { shape: [17], low: -3, high: 3 } }, ({ x }) => erf(x)),
  graphCase('relu', { x: [3, 5] }, ({ x }) => relu(x)),
  graphCase('sigmoid', { x: { shape: [9], low: -6, high: 6 } }, ({ x }) => sigmoid(x)),
  graphCase('tanh', { x: { shape: [9], low: -3, high: 3 } }, ({ x }) => tanh(x)),
  graphCase('gelu', { x: { shape: [17], low: -4, high: 4 } }, ({ x }) => gelu(x)),
  ...[[], [0.5, 2, 1]].map((weights) =>
    graphCase(`cross entropy with ${weights.length} weights`, { x: [2, 3, 2, 4] }, ({ x }) => {
      const labels = constant([0, 1, 2, 255, 1, -1, 2, 0, 2, 2, 1, 0, 3, 0, 1, 1], [2, 2, 4]);
      return createNode('crossEntropy', [x, labels], { weights })[0]!;
    }),
  ),
  graphCase('cast', { x: [4] }, ({ x }) => createNode('cast', [x], { to: 'float32' })[0]!),

  ...Object.entries({ add, sub, mul, div, maximum, minimum }).flatMap(([name, op]) => [
    graphCase(`${name}, same shape`, { a: [2, 3], b: positive(2, 3) }, ({ a, b }) => op(a, b)),
    graphCase(`${name}, left broadcasts`, { a: [3, 1], b: positive(2, 3, 4) }, ({ a, b }) => op(a, b)),
    graphCase(`${name}, right broadcasts`, { a: [2, 3, 4], b: positive(1, 4) }, ({ a, b }) => op(a, b)),
    graphCase(`${name}, both broadcast`, { a: [2, 1, 4], b: positive(3, 1) }, ({ a, b }) => op(a, b)),
    graphCase(`${name}, scalars`, { a: [], b: positive(2, 1, 2) }, ({ a, b }) => op(op(a, b), 0.7)),
    graphCase(`${name}, number on the left`, { b: positive(3) }, ({ b }) => op(0.7, b)),
  ]),
  graphCase('mul of a tensor with itself', { x: [5] }, ({ x }) => mul(x, x)),
  graphCase('pow, both vary and broadcast', { a: positive(2, 1, 3), b: [4, 1] }, ({ a, b }) => pow(a, b)),
  graphCase('pow, constant exponent', { a: [7] }, ({ a }) => pow(a, 3)),
  graphCase('pow, constant base', { b: [7] }, ({ b }) => pow(1.7, b)),
  graphCase('where, everything broadcasts', { a: [3, 1], b: [2, 1, 4], c: [1, 3, 4] }, ({ a, b, c }) =>
    where(greater(c, 0), a, b),
  ),
  graphCase('where with numbers', { a: [3, 4] }, ({ a }) =>
    add(where(greater(a, 0.2), a, 2), where(greater(0.1, a), 3, a)),
  ),
  graphCase('a value used three times', { x: [4] }, ({ x }) => add(mul(x, exp(x)), sigmoid(x))),
];

const reductionCases = (): GraphCase[] => [
  ...Object.entries({ reduceSum, reduceMean, reduceMax }).flatMap(([name, op]) => [
    graphCase(`${name} of everything`, { x: [2, 3, 4] }, ({ x }) => op(x)),
    graphCase(`${name}, negative axis`, { x: [2, 3, 4] }, ({ x }) => op(x, { axes: [-1] })),
    graphCase(`${name}, outer axes`, { x: [2, 3, 4, 5] }, ({ x }) => op(x, { axes: [0, -2] })),
    graphCase(`${name}, axes in reverse, kept`, { x: [2, 3, 4] }, ({ x }) =>
      op(x, { axes: [2, 0], keepDims: true }),
    ),
    graphCase(`${name}, axis of size 1`, { x: [2, 1, 3] }, ({ x }) => op(x, { axes: [1] })),
  ]),
  graphCase('softmax, last axis', { x: [2, 5] }, ({ x }) => softmax(x, -1)),
  graphCase('softmax over channels', { x: [2, 3, 2, 3] }, ({ x }) => softmax(x, 1)),
];

/** Positions along the last axis that repeat some and leave others out. */
const repeatedPositions = (): Tensor => constant([2, 0, 2, 3, 1, 1], [2, 3], 'int64');

const orderCases = (): GraphCase[] => [
  graphCase('sort of a vector', { x: [7] }, ({ x }) => sort(x, 0).values),
  graphCase('sort, middle axis', { x: [2, 5, 3] }, ({ x }) => sort(x, 1).values),
  graphCase('sort, the order of one by another', { x: [2, 6], y: [2, 6] }, ({ x, y }) => {
    const { values, positions } = sort(x, -1);
    return mul(values, gatherElements(y, positions, -1));
  }),
  graphCase('cumSum', { x: [2, 5, 3] }, ({ x }) => cumSum(x, 1)),
  graphCase('cumSum from the end', { x: [3, 4] }, ({ x }) => cumSum(x, -1, { reverse: true })),
  graphCase('gatherElements, repeated positions', { x: [2, 4] }, ({ x }) =>
    gatherElements(x, repeatedPositions(), 1),
  ),
  graphCase('gatherElements, first axis', { x: [4, 2] }, ({ x }) =>
    gatherElements(x, constant([3, 0, 3, 1, 0, 2], [3, 2], 'int64'), 0),
  ),
  graphCase('scatterElements, positions that meet', { x: [2, 4], values: [2, 3] }, ({ x, values }) =>
    scatterElements(x, repeatedPositions(), values, 1),
  ),
];

const movementCases = (): GraphCase[] => [
  graphCase('reshape', { x: [2, 6] }, ({ x }) => reshape(x, [3, -1, 2])),
  graphCase('transpose', { x: [2, 3, 4] }, ({ x }) => transpose(x, [2, 0, 1])),
  graphCase('concat', { a: [2, 3], b: [2, 1], c: [2, 4] }, ({ a, b, c }) => concat([a, b, c, a], -1)),
  graphCase('concat along the first axis', { a: [2, 3], b: [1, 3] }, ({ a, b }) => concat([a, b], 0)),
  graphCase('split, all parts used', { x: [2, 7] }, ({ x }) => {
    const [a, b, c] = split(x, [1, 4, 2], 1);
    return concat([c!, mul(a!, a!), b!], 1);
  }),
  graphCase('split, parts unused', { x: [7, 2] }, ({ x }) => exp(split(x, [1, 4, 2], -2)[1]!)),
  graphCase('slice', { x: [2, 7, 3] }, ({ x }) => slice(x, 1, 2, 5)),
  graphCase('slice, last element of a step at the end', { x: [7] }, ({ x }) => slice(x, 0, 0, 7, 3)),
  graphCase('slice, steps reach beyond the end', { x: [8] }, ({ x }) => slice(x, 0, 1, 8, 3)),
  graphCase('slice, steps end early', { x: [9, 2] }, ({ x }) => slice(x, 0, 1, 6, 2)),
  graphCase('slice, one element', { x: [5, 3] }, ({ x }) => slice(x, -2, 4, 5, 4)),
  graphCase('slice, several axes', { x: [2, 3, 9, 8] }, ({ x }) =>
    sliceAxes(x, { axes: [2, 3], starts: [1, 0], ends: [8, 8], steps: [3, 2] }),
  ),
  graphCase('slice, negative axes', { x: [2, 5, 6] }, ({ x }) =>
    sliceAxes(x, { axes: [-1, -2], starts: [1, 2], ends: [6, 5], steps: [2, 1] }),
  ),
  graphCase('pad', { x: [2, 3] }, ({ x }) => pad(x, [1, 0, 0, 2], 0.5)),
  graphCase('pad, every side', { x: [1, 2, 3] }, ({ x }) => pad(x, [1, 2, 3, 3, 1, 2])),
  graphCase('expand', { x: [3, 1] }, ({ x }) => expand(x, [2, 3, 4])),
  graphCase('expand a scalar', { x: [] }, ({ x }) => expand(x, [2, 3])),
  graphCase('take, repeated indices', { x: [2, 4, 3] }, ({ x }) => take(x, 1, [3, 0, 3, 1, 3])),
  graphCase('take, last axis', { x: [2, 4] }, ({ x }) => take(x, -1, [1, 2])),
  graphCase('take from a vector', { x: [5] }, ({ x }) => take(x, 0, [4, 4, 1])),
];

const matMulCases = (): GraphCase[] => {
  const choices = [false, true].flatMap((transA) => [false, true].map((transB) => ({ transA, transB })));
  const label = ({ transA, transB }: MatMulOptions) => `${transA ? 'Aᵀ' : 'A'}${transB ? 'Bᵀ' : 'B'}`;
  const side = (transposed: boolean, batch: Shape, rows: number, columns: number): Shape =>
    transposed ? [...batch, columns, rows] : [...batch, rows, columns];
  return choices.flatMap((options) => {
    const { transA, transB } = options;
    const product = (name: string, a: Shape, b: Shape, alpha = 1) =>
      graphCase(
        `matMul ${label(options)}, ${name}`,
        { a: side(transA, a, 2, 3), b: side(transB, b, 3, 5) },
        (x) => matMul(x.a, x.b, { ...options, alpha }),
      );
    return [
      product('matrices', [], [], -0.3),
      product('equal batches', [2, 3], [2, 3]),
      product('2-D with 4-D', [], [2, 3], 1.7),
      product('4-D with 2-D', [2, 3], []),
      product('batches broadcast both ways', [2, 1], [1, 3]),
      product('3-D with 4-D', [3], [2, 1]),
    ];
  });
};

const convolutionCases = (): GraphCase[] => [
  ...convGeometries.map(({ name, x, weight, options }) =>
    graphCase(`conv, ${name}`, { x, weight }, (inputs) => conv(inputs.x, inputs.weight, options)),
  ),
  graphCase('conv with bias', { x: [2, 3, 5, 4], weight: [4, 3, 3, 3], bias: [4] }, ({ x, weight, bias }) =>
    conv(x, weight, { bias, padding: 1 }),
  ),
  // The derivative of ‖conv(x, w)‖²: differentiating it again takes the rules of convInputGrad and convWeightGrad.
  ...convGeometries
    .filter((_, i) => i % 4 === 1)
    .flatMap(({ name, x, weight, options }) =>
      (['x', 'weight'] as const).map((of) =>
        graphCase(`second order of conv in ${of}, ${name}`, { x, weight }, (inputs) => {
          const y = conv(inputs.x, inputs.weight, options);
          return gradients(reduceSum(mul(y, y)), [inputs[of]])[0]!;
        }),
      ),
    ),
];

const spatialCases = (): GraphCase[] => [
  graphCase(
    'batchNorm',
    { x: [3, 4, 2, 3], scale: positive(4), bias: [4] },
    ({ x, scale, bias }) => batchNorm(x, scale, bias, 1e-5).y,
  ),
  graphCase(
    'batchNorm of vectors',
    { x: [6, 3], scale: [3], bias: [3] },
    ({ x, scale, bias }) => batchNorm(x, scale, bias, 1e-2).y,
  ),
  graphCase(
    'batchNorm of one image',
    { x: [1, 2, 4, 3], scale: [2], bias: [2] },
    ({ x, scale, bias }) => batchNorm(x, scale, bias, 1e-5).y,
  ),
  graphCase('maxPool, windows overlap', { x: [2, 2, 7, 5] }, ({ x }) =>
    maxPool(x, { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  ),
  graphCase('maxPool, taps apart', { x: [1, 2, 7, 6] }, ({ x }) =>
    maxPool(x, { kernel: [2, 3], strides: [1, 2], dilations: [2, 1] }),
  ),
  graphCase('averagePool', { x: [2, 3, 4, 9] }, ({ x }) => averagePool(x, [2, 3])),
  graphCase('adaptiveAveragePool, divisible', { x: [2, 3, 6, 4] }, ({ x }) => adaptiveAveragePool(x, [3, 2])),
  graphCase('adaptiveAveragePool, overlapping windows', { x: [2, 2, 7, 5] }, ({ x }) =>
    adaptiveAveragePool(x, [3, 4]),
  ),
  graphCase('adaptiveAveragePool, one axis divisible', { x: [1, 2, 6, 5] }, ({ x }) =>
    adaptiveAveragePool(x, [3, 3]),
  ),
  graphCase('adaptiveAveragePool to 1x1', { x: [2, 3, 3, 5] }, ({ x }) => adaptiveAveragePool(x, [1, 1])),
  graphCase('adaptiveAveragePool, enlarging', { x: [1, 2, 2, 3] }, ({ x }) => adaptiveAveragePool(x, [3, 4])),
  ...(
    [
      ['doubled', [6, 10]],
      ['unequal whole factors', [9, 10]],
      ['enlarged by fractions', [5, 8]],
      ['halved', [1, 2]],
      ['shrunk by fractions', [2, 4]],
      ['one axis up, one down', [7, 3]],
      ['one axis unchanged', [3, 9]],
      ['to one pixel', [1, 1]],
    ] as const
  ).flatMap(([name, size]) => [
    graphCase(`resizeNearest, ${name}`, { x: [2, 3, 3, 5] }, ({ x }) => resizeNearest(x, size)),
    graphCase(`resizeBilinear, ${name}`, { x: [2, 3, 3, 5] }, ({ x }) => resizeBilinear(x, size)),
    graphCase(`resizeBilinear with aligned corners, ${name}`, { x: [2, 3, 3, 5] }, ({ x }) =>
      resizeBilinear(x, size, true),
    ),
  ]),
  graphCase('resizeNearest, shrunk by 4', { x: [1, 2, 8, 12] }, ({ x }) => resizeNearest(x, [2, 3])),
  graphCase('resizeNearest, shrunk by 3', { x: [1, 2, 9, 6] }, ({ x }) => resizeNearest(x, [3, 2])),
  graphCase('separableMap', { x: [2, 1, 3, 4], rows: [2, 3], cols: [5, 4] }, ({ x, rows, cols }) =>
    separableMap(x, rows, cols),
  ),
];

/** Central differences over 2e-4 see two whole steps of 1e-4, which no rounding changes. */
const roundingCases = (): GraphCase[] => [
  graphCase('fakeQuantize, within', { x: { shape: [3, 5], low: -0.012, high: 0.012 } }, ({ x }) =>
    fakeQuantize(x, scalar(1e-4), scalar(0, 'int8')),
  ),
  graphCase('fakeQuantize, all above', { x: { shape: [7], low: 0.1, high: 1 } }, ({ x }) =>
    fakeQuantize(x, scalar(1e-4), scalar(100, 'uint8')),
  ),
  graphCase('fakeQuantize by channel', { x: { shape: [2, 2, 3], low: -0.012, high: 0.012 } }, ({ x }) =>
    fakeQuantize(x, constant([1e-4, 1e-6], [2]), constant([0, 9], [2], 'int8'), 1),
  ),
];

const composedCases = (): GraphCase[] => [
  graphCase('gate', { x: [2, 3, 4, 4], weight: [3, 3, 1, 1] }, ({ x, weight }) =>
    mul(x, sigmoid(conv(reduceMean(x, { axes: [2, 3], keepDims: true }), weight))),
  ),
  graphCase('flat pack', { flat: [2 * 3 + 3 + 3], x: [4, 2] }, ({ flat, x }) => {
    const [weight, bias, scale] = split(flat, [6, 3, 3], 0);
    const y = add(matMul(x, reshape(weight!, [3, 2]), { transB: true }), bias!);
    return mul(tanh(y), scale!);
  }),
  graphCase('cross entropy', { logits: [2, 4, 3, 3] }, ({ logits }) => {
    const shifted = sub(logits, reduceMax(logits, { axes: [1], keepDims: true }));
    return sub(shifted, log(reduceSum(exp(shifted), { axes: [1], keepDims: true })));
  }),
  graphCase(
    'norm and residual',
    { x: [2, 3, 4, 5], scale: positive(3), bias: [3], weight: [3, 1, 3, 3] },
    (t) => relu(add(t.x, batchNorm(conv(t.x, t.weight, { groups: 3, padding: 1 }), t.scale, t.bias, 1e-5).y)),
  ),
  graphCase('attention', { q: [2, 3, 4], k: [2, 5, 4], v: [2, 5, 3] }, ({ q, k, v }) =>
    matMul(softmax(mul(matMul(q, k, { transB: true }), 0.5), -1), v),
  ),
  graphCase('many zeros beside a used part', { x: [1100] }, ({ x }) => relu(split(x, [10, 1090], 0)[0]!)),
  graphCase('big constant', { x: [1, 2, 1, 1] }, ({ x }) =>
    reduceMean(mul(x, full([1, 1, 30, 40], 0.3)), { axes: [2] }),
  ),
  graphCase('cast of a comparison', { x: [3, 4] }, ({ x }) => mul(x, cast(greater(x, 0.1), 'float32'))),
];

/** Fresh nodes for every case. */
export const differentiableCases = (): GraphCase[] => [
  ...elementwiseCases(),
  ...reductionCases(),
  ...roundingCases(),
  ...orderCases(),
  ...movementCases(),
  ...matMulCases(),
  ...convolutionCases(),
  ...spatialCases(),
  ...composedCases(),
];
