/** @file Files of one operator (or the few that belong together) for the tests of importing; see `op` for how they are written. */
import type { NodeProto, TensorProto, ValueInfoProto } from '../../src/graph/onnx/onnx_pb.js';
import { type AttributeValue, info, node, onnxFile, tensor, weight } from './onnx-files.js';

/** A file and what is to be known of it. */
export interface ImportCase {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Values of the inputs lie between these. */
  readonly low: number;
  readonly high: number;
  /** Whether gradients are compared with differences. */
  readonly isDifferentiable: boolean;
}

/** An operand: an input, a weight, or a tensor of numbers; undefined leaves an optional one out. */
type Operand =
  | { readonly x: readonly number[]; readonly element?: 'bool' | 'int64' }
  | { readonly w: readonly number[]; readonly low?: number; readonly high?: number }
  | { readonly c: readonly number[]; readonly shape?: readonly number[]; readonly element?: Element }
  | undefined;
type Element = Parameters<typeof tensor>[3];

const X = (...x: number[]): Operand => ({ x });
const W = (...w: number[]): Operand => ({ w });
const POSITIVE = (...w: number[]): Operand => ({ w, low: 0.4, high: 2 });
const ints = (...c: number[]): Operand => ({ c, element: 'int64' });
const floats = (...c: number[]): Operand => ({ c });
const scalar = (value: number, element: Element = 'float32'): Operand => ({ c: [value], shape: [], element });

interface CaseOptions {
  readonly opset?: number;
  readonly low?: number;
  readonly high?: number;
  readonly gradient?: boolean;
  /** Nodes before and after the operator: it reads `before` and leaves `y`, which they turn into `out`. */
  readonly after?: readonly NodeProto[];
  readonly outputs?: number;
  readonly label?: string;
}

/** A file with one node whose operands are inputs (x0, x1, …), weights (w0, …) and constants, in this order. */
function op(
  opType: string,
  operands: readonly Operand[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
  options: CaseOptions = {},
): ImportCase {
  const { opset = 20, low = -1.5, high = 1.5, gradient = true, after = [], outputs = 1 } = options;
  const inputs: ValueInfoProto[] = [];
  const weights: TensorProto[] = [];
  const names = operands.map((operand, i) => {
    if (!operand) return '';
    const name = 'x' in operand ? `x${i}` : `w${i}`;
    if ('x' in operand) inputs.push(info(name, operand.x, operand.element));
    else if ('w' in operand) weights.push(weight(name, operand.w, operand.low, operand.high));
    else weights.push(tensor(name, operand.c, operand.shape, operand.element));
    return name;
  });
  const results = Array.from({ length: outputs }, (_, i) => `y${i === 0 ? '' : i}`);
  const shown = Object.entries(attributes).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  return {
    name: `${options.label ?? opType}${shown.length > 0 ? `, ${shown.join(', ')}` : ''}, version ${opset}`,
    bytes: onnxFile({
      ...{ inputs, weights, opset, outputs: after.length > 0 ? ['out'] : results },
      nodes: [node(opType, names, results, attributes), ...after],
    }),
    ...{ low, high, isDifferentiable: gradient },
  };
}

const toFloat = [node('Cast', ['y'], ['out'], { to: 1 })];

const elementwise = (): ImportCase[] => [
  ...[
    'Neg',
    'Exp',
    'Erf',
    'Sigmoid',
    'Tanh',
    'Relu',
    'Abs',
    'Softsign',
    'Softplus',
    'Elu',
    'Celu',
    'Selu',
    'LeakyRelu',
  ].map((name) => op(name, [X(2, 9)], {}, { low: -3, high: 3 })),
  ...['Log', 'Sqrt', 'Reciprocal'].map((name) => op(name, [X(2, 9)], {}, { low: 0.3, high: 3 })),
  ...['Floor', 'Ceil', 'Round', 'Sign', 'Sin', 'Cos'].map((name) =>
    op(name, [X(9)], {}, { gradient: false }),
  ),
  ...['HardSwish', 'Mish', 'Gelu', 'HardSigmoid', 'Identity', 'Dropout'].map((name) =>
    op(name, [X(3, 7)], {}, { low: -4, high: 4 }),
  ),
  op('Gelu', [X(9)], { approximate: 'tanh' }, { low: -4, high: 4 }),
  op('Elu', [X(9)], { alpha: { float: 0.5 } }),
  op('Celu', [X(9)], { alpha: { float: 2 } }),
  op('LeakyRelu', [X(9)], { alpha: { float: 0.3 } }),
  op('HardSigmoid', [X(9)], { alpha: { float: 0.5 }, beta: { float: 0.4 } }),
  op('PRelu', [X(2, 3, 4), W(3, 1)]),
  op('Clip', [X(9), scalar(-0.5), scalar(0.75)]),
  op('Clip', [X(9), undefined, scalar(0.75)]),
  op('Clip', [X(9)], { min: { float: -0.5 }, max: { float: 0.25 } }, { opset: 9 }),
  ...['Add', 'Sub', 'Mul'].map((name) => op(name, [X(2, 3, 4), W(3, 1)])),
  op('Div', [X(2, 3, 4), POSITIVE(3, 1)]),
  op('Pow', [X(9), scalar(2)]),
  op('Pow', [X(9), scalar(3)]),
  op('Pow', [X(9), scalar(0.5)], {}, { low: 0.3, high: 2 }),
  op('Pow', [X(2, 3), W(3)], {}, { low: 0.3, high: 2 }),
  op('Pow', [X(9), scalar(2, 'int64')]),
  op('Mod', [X(9), scalar(0.7)], { fmod: 1 }),
  ...['Min', 'Max', 'Sum', 'Mean'].map((name) => op(name, [X(2, 5), X(2, 5), W(5)])),
  op('Where', [{ x: [2, 3], element: 'bool' }, X(2, 3), W(3)]),
  ...['Equal', 'Less', 'Greater', 'LessOrEqual', 'GreaterOrEqual'].map((name) =>
    op(name, [X(2, 5), W(5)], {}, { after: toFloat, gradient: false }),
  ),
  ...['And', 'Or', 'Xor'].map((name) =>
    op(
      name,
      [
        { x: [7], element: 'bool' },
        { x: [7], element: 'bool' },
      ],
      {},
      { after: toFloat, gradient: false },
    ),
  ),
  op('Not', [{ x: [7], element: 'bool' }], {}, { after: toFloat, gradient: false }),
  op('Cast', [X(9)], { to: 1 }),
  op('CumSum', [X(2, 5), scalar(1, 'int64')], { reverse: 1 }),
];

const reductions = (): ImportCase[] => [
  ...[
    'ReduceSum',
    'ReduceMean',
    'ReduceMax',
    'ReduceMin',
    'ReduceL1',
    'ReduceL2',
    'ReduceSumSquare',
    'ReduceLogSumExp',
  ].flatMap((name) => [
    op(name, [X(2, 3, 4), ints(-1, 0)], { keepdims: 0 }),
    op(name, [X(2, 3, 4)], {}, { label: `${name} of everything` }),
    op(name, [X(2, 3, 4)], { axes: [1] }, { opset: 11 }),
  ]),
  op('ReduceLogSum', [X(2, 5), ints(1)], {}, { low: 0.3, high: 2 }),
  op('ReduceMean', [X(2, 3), { c: [], shape: [0], element: 'int64' }], { noop_with_empty_axes: 1 }),
  ...['ArgMax', 'ArgMin'].map((name) =>
    op(name, [X(2, 5)], { axis: 1, keepdims: 0 }, { after: toFloat, gradient: false }),
  ),
  op('Softmax', [X(2, 3, 4)]),
  op('Softmax', [X(2, 3, 4)], { axis: 1 }),
  op('Softmax', [X(2, 3, 4)], { axis: 1 }, { opset: 11 }),
  op('Softmax', [X(2, 3, 4)], {}, { opset: 11 }),
  op('LogSoftmax', [X(2, 3, 4)], { axis: -2 }),
];

const movement = (): ImportCase[] => [
  op('Reshape', [X(2, 3, 4), ints(0, -1)]),
  op('Flatten', [X(2, 3, 4)], { axis: 2 }),
  op('Squeeze', [X(2, 1, 3, 1), ints(1)]),
  op('Squeeze', [X(2, 1, 3, 1)], { axes: [-1] }, { opset: 11 }),
  op('Squeeze', [X(2, 1, 3, 1)], {}, { label: 'Squeeze of all' }),
  op('Unsqueeze', [X(2, 3), ints(0, -1)]),
  op('Unsqueeze', [X(2, 3)], { axes: [1] }, { opset: 11 }),
  op('Transpose', [X(2, 3, 4)]),
  op('Transpose', [X(2, 3, 4)], { perm: [1, 2, 0] }),
  op('Expand', [X(3, 1), ints(2, 1, 4)]),
  op('Tile', [X(2, 3), ints(2, 3)]),
  op('Concat', [X(2, 3), W(2, 2), X(2, 1)], { axis: -1 }),
  op('Split', [X(2, 7), ints(3, 4)], { axis: 1 }, { outputs: 2 }),
  op('Split', [X(2, 7)], { axis: 1, num_outputs: 3 }, { outputs: 3 }),
  op('Split', [X(2, 6)], { axis: 1 }, { outputs: 2, opset: 11 }),
  op('Split', [X(2, 6)], { axis: 1, split: [1, 5] }, { outputs: 2, opset: 11 }),
  op('Slice', [X(4, 7), ints(1, -6), ints(2 ** 40, -1), ints(0, 1), ints(1, 2)]),
  op('Slice', [X(4, 7), ints(-1), ints(-(2 ** 40)), ints(1), ints(-2)]),
  op('Slice', [X(4, 7)], { axes: [1], starts: [2], ends: [-1] }, { opset: 9 }),
  op('Pad', [X(2, 3, 4), ints(0, 1, 0, 1, 0, 2), scalar(0.5)]),
  op('Pad', [X(2, 5), ints(0, -1, 0, 2)]),
  op('Pad', [X(2, 5), ints(1, 2), undefined, ints(1)], { mode: 'reflect' }),
  op('Pad', [X(2, 5), ints(0, 2, 1, 1)], { mode: 'edge' }),
  op('Pad', [X(2, 5), ints(0, 2, 0, 4)], { mode: 'wrap' }),
  op('Pad', [X(2, 5)], { pads: [0, 1, 0, 1], value: { float: 2 } }, { opset: 9 }),
  op('Gather', [X(4, 3), ints(0, -1, 0)]),
  op('Gather', [X(2, 5, 3), { c: [0, 4, -2, 1], shape: [2, 2], element: 'int64' }], { axis: 1 }),
  op('Gather', [X(2, 5, 3), scalar(2, 'int64')], { axis: 1 }),
  op('Gather', [W(2, 5, 3), { x: [2, 2], element: 'int64' }], { axis: 1 }, { label: 'Gather at positions' }),
  op('GatherElements', [X(3, 4), { c: [0, 3, 1, 1, 2, 0], shape: [3, 2], element: 'int64' }], { axis: 1 }),
  op('DepthToSpace', [X(2, 12, 2, 3)], { blocksize: 2 }),
  op('DepthToSpace', [X(2, 12, 2, 3)], { blocksize: 2, mode: 'CRD' }),
  op('SpaceToDepth', [X(2, 3, 4, 6)], { blocksize: 2 }),
  op('Trilu', [X(2, 4, 4), scalar(-1, 'int64')], { upper: 0 }),
];

const products = (): ImportCase[] => [
  op('MatMul', [X(2, 3, 4), W(4, 5)]),
  op('MatMul', [X(4), W(4, 5)]),
  op('MatMul', [X(2, 3, 4), W(4)]),
  op('MatMul', [X(4), W(4)]),
  op('Gemm', [X(3, 4), W(5, 4), W(5)], { transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } }),
  op('Gemm', [X(4, 3), W(4, 5)], { transA: 1 }),
  op('Conv', [X(2, 4, 6, 7), W(6, 2, 3, 2), W(6)], { strides: [2, 1], pads: [1, 0, 2, 1], group: 2 }),
  op('Conv', [X(1, 3, 7, 7), W(3, 1, 3, 3)], { dilations: [2, 2], pads: [2, 2, 2, 2], group: 3 }),
  op('Conv', [X(1, 2, 7, 6), W(3, 2, 3, 3)], { auto_pad: 'SAME_UPPER', strides: [2, 2] }),
  op('Conv', [X(1, 2, 7, 6), W(3, 2, 2, 2)], { auto_pad: 'SAME_LOWER' }),
  op('Conv', [X(1, 2, 7, 6), W(3, 2, 2, 2)], { auto_pad: 'VALID' }),
  op('Conv', [X(2, 3, 9), W(4, 3, 3), W(4)], { strides: [2], pads: [1, 1] }),
  op('ConvTranspose', [X(2, 4, 3, 4), W(4, 3, 3, 3), W(3)], {
    ...{ strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] },
  }),
  op('ConvTranspose', [X(1, 4, 3, 4), W(4, 2, 2, 2)], { strides: [2, 2], group: 2 }),
  op('ConvTranspose', [X(1, 2, 3, 4), W(2, 2, 3, 3)], { strides: [2, 2], output_shape: [6, 8] }),
  op('ConvTranspose', [X(1, 2, 3, 4), W(2, 2, 3, 3)], { strides: [2, 2], auto_pad: 'SAME_UPPER' }),
  op('ConvTranspose', [X(1, 2, 5), W(2, 3, 4)], { strides: [2], pads: [1, 1] }),
  op('Einsum', [X(2, 3, 4), W(2, 4, 5)], { equation: 'bij,bjk->bik' }),
  op('Einsum', [X(2, 3, 4), W(5, 4)], { equation: 'bij,kj->kbi' }),
  op('Einsum', [X(2, 3, 4, 2), W(2, 5, 4, 2)], { equation: 'bqhd,bkhd->bhqk' }),
  op('Einsum', [X(3), W(4)], { equation: 'i,j->ij' }),
  op('Einsum', [X(2, 3, 4)], { equation: 'ijk->kj' }),
];

const poolings = (): ImportCase[] => [
  op('AveragePool', [X(2, 3, 4, 6)], { kernel_shape: [2, 3], strides: [2, 3] }),
  op('AveragePool', [X(1, 2, 7, 6)], { kernel_shape: [3, 3], strides: [2, 1], pads: [1, 1, 1, 0] }),
  op('AveragePool', [X(1, 2, 7, 6)], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 }),
  op('AveragePool', [X(1, 2, 8, 7)], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
  op('AveragePool', [X(1, 2, 9)], { kernel_shape: [3], strides: [2] }),
  op('MaxPool', [X(2, 3, 7, 6)], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  op('MaxPool', [X(1, 2, 8, 7)], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
  op('MaxPool', [X(1, 2, 7, 6)], { kernel_shape: [2, 2], auto_pad: 'SAME_UPPER', strides: [2, 2] }),
  op('MaxPool', [X(1, 2, 9)], { kernel_shape: [3], strides: [2] }),
  op('GlobalAveragePool', [X(2, 3, 4, 5)]),
  op('GlobalMaxPool', [X(2, 3, 4, 5)]),
];

const normalizations = (): ImportCase[] => [
  op('BatchNormalization', [X(2, 3, 4, 5), W(3), W(3), W(3), POSITIVE(3)], { epsilon: { float: 0.01 } }),
  op('BatchNormalization', [X(4, 3), W(3), W(3), W(3), POSITIVE(3)], {}, { opset: 9 }),
  op('LayerNormalization', [X(2, 3, 4), W(4), W(4)]),
  op('LayerNormalization', [X(2, 3, 4), W(3, 4)], { axis: 1 }),
  op('InstanceNormalization', [X(2, 3, 4, 5), W(3), W(3)]),
  op('GroupNormalization', [X(2, 6, 3, 4), W(3), W(3)], { num_groups: 3 }, { opset: 18 }),
  op('LpNormalization', [X(2, 5)]),
  op('MeanVarianceNormalization', [X(2, 3, 4, 5)]),
];

const COORDINATES = [
  'half_pixel',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'half_pixel_symmetric',
];

const resizes = (): ImportCase[] => [
  ...COORDINATES.flatMap((coordinate_transformation_mode) => [
    ...['linear', 'cubic'].flatMap((mode) => [
      op('Resize', [X(1, 2, 4, 5), undefined, undefined, ints(1, 2, 7, 3)], {
        ...{ mode, coordinate_transformation_mode },
      }),
      op(
        'Resize',
        [X(1, 2, 4, 5), undefined, floats(1, 1, 2.6, 0.7)],
        { mode, coordinate_transformation_mode },
        { label: 'Resize by scales' },
      ),
    ]),
    ...['floor', 'ceil', 'round_prefer_floor', 'round_prefer_ceil'].map((nearest_mode) =>
      op('Resize', [X(1, 2, 4, 6), undefined, undefined, ints(1, 2, 8, 3)], {
        ...{ mode: 'nearest', coordinate_transformation_mode, nearest_mode },
      }),
    ),
  ]),
  op('Resize', [X(1, 2, 4, 5), floats(), floats(1, 1, 2, 2)], { mode: 'nearest' }, { opset: 11 }),
  op('Resize', [X(1, 1, 4, 5), floats(0, 0, 0.2, 0.1, 1, 1, 0.8, 1.3), undefined, ints(1, 1, 3, 6)], {
    mode: 'linear',
    coordinate_transformation_mode: 'tf_crop_and_resize',
    extrapolation_value: { float: 1.5 },
  }),
  op(
    'Resize',
    [X(2, 5, 3), undefined, undefined, ints(2, 8, 3)],
    { mode: 'linear' },
    { label: 'Resize of rows' },
  ),
  op('Resize', [X(1, 2, 4, 5), undefined, undefined, ints(7, 8)], { mode: 'linear', axes: [2, 3] }),
  op('Resize', [X(1, 2, 4, 5), undefined, undefined, ints(1, 2, 7, 3)], {
    ...{ mode: 'cubic', exclude_outside: 1, cubic_coeff_a: { float: -0.5 } },
  }),
  op('Resize', [X(1, 2, 4, 5), floats(1, 1, 2, 2)], { mode: 'nearest' }, { opset: 10 }),
  op('Resize', [X(1, 2, 4, 5), floats(1, 1, 2, 2)], { mode: 'linear' }, { opset: 10 }),
  op('Upsample', [X(1, 2, 4, 5), floats(1, 1, 2, 3)], { mode: 'nearest' }, { opset: 9 }),
  op('Upsample', [X(1, 2, 4, 5), floats(1, 1, 2, 2)], { mode: 'linear' }, { opset: 9 }),
];

/** Quantised and turned back, whole and by channel. */
const quantizations = (): ImportCase[] => [
  op(
    'QuantizeLinear',
    [X(2, 5), scalar(0.03), scalar(120, 'uint8')],
    {},
    {
      after: [node('DequantizeLinear', ['y', 'w1', 'w2'], ['out'])],
      gradient: false,
    },
  ),
  op(
    'QuantizeLinear',
    [X(2, 3, 4), floats(0.02, 0.03, 0.01), { c: [0, 3, -5], element: 'int8' }],
    { axis: 1 },
    { after: [node('DequantizeLinear', ['y', 'w1', 'w2'], ['out'], { axis: 1 })], gradient: false },
  ),
];

/** Operators that only ever meet shapes: of an input, through them, back into the graph. */
const arithmetic = (): ImportCase[] => [
  op(
    'Shape',
    [X(2, 3, 4)],
    { start: 1 },
    {
      after: [
        node('Constant', [], ['two'], { value_int: 2 }),
        node('Constant', [], ['zero'], { value_ints: [0] }),
        node('Gather', ['y', 'zero'], ['three'], { axis: 0 }),
        node('Mul', ['three', 'two'], ['six']),
        node('Constant', [], ['rest'], { value_ints: [-1] }),
        node('Concat', ['six', 'rest'], ['shape'], { axis: 0 }),
        node('Reshape', ['x0', 'shape'], ['out']),
      ],
      label: 'Shape arithmetic',
    },
  ),
  op(
    'Size',
    [X(2, 3)],
    {},
    {
      after: [
        node('Constant', [], ['none'], { value_ints: [0] }),
        node('Unsqueeze', ['y', 'none'], ['six']),
        node('ConstantOfShape', ['six'], ['ones'], { value: { tensor: tensor('', [1.5]) } }),
        node('Reshape', ['x0', 'six'], ['flat']),
        node('Mul', ['flat', 'ones'], ['out']),
      ],
    },
  ),
  op(
    'Shape',
    [X(5, 2)],
    { end: 1 },
    {
      after: [
        node('Constant', [], ['from'], { value_int: 0 }),
        node('Constant', [], ['step'], { value_int: 1 }),
        node('Squeeze', ['y'], ['to']),
        node('Range', ['from', 'to', 'step'], ['positions']),
        node('Constant', [], ['two'], { value_int: 2 }),
        node('Mod', ['positions', 'two'], ['odd']),
        node('Constant', [], ['zero'], { value_int: 0 }),
        node('Equal', ['odd', 'zero'], ['even']),
        node('Sub', ['positions', 'two'], ['moved']),
        node('Where', ['even', 'positions', 'moved'], ['picked']),
        node('Gather', ['x0', 'picked'], ['out'], { axis: 0 }),
      ],
      label: 'Range, Mod and Where on positions',
    },
  ),
];

/** At least one of every operator that is imported. */
export const importCases = (): ImportCase[] => [
  ...elementwise(),
  ...reductions(),
  ...movement(),
  ...products(),
  ...poolings(),
  ...normalizations(),
  ...resizes(),
  ...quantizations(),
  ...arithmetic(),
];
