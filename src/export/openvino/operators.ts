/**
 * @file How each operator of the vocabulary is written as layers of OpenVINO. Operators without a form there are listed too, so
 * that the table is complete by type: writing one fails with a message that says what was forgotten.
 */

import { OtxError } from '../../base/errors.js';
import { formatType, type Node, type OpName } from '../../graph/index.js';
import { writeConvolution } from './convolution.js';
import type { IrBuilder } from './ir-builder.js';
import { ELEMENTS, type IrAttribute, type IrValue } from './layer.js';
import { writeDequantizeLinear, writeFakeQuantize } from './rounding.js';

/** Adds the layers of a node and gives its outputs. */
type LayerWriter<O extends OpName> = (node: Node<O>, ir: IrBuilder) => readonly IrValue[];

/** A layer of the same inputs and outputs as the node. */
const plain =
  (type: string, data: Readonly<Record<string, IrAttribute>> = {}, version = 'opset1') =>
  (node: Node, ir: IrBuilder): readonly IrValue[] =>
    ir.add({
      ...{ type, version, data, scope: node.scope },
      inputs: ir.valuesOf(node.inputs),
      outputs: ir.typesOf(node),
    });

/** The same with constants behind the inputs, and attributes of the node. */
const layer = (
  node: Node,
  ir: IrBuilder,
  type: string,
  more: {
    readonly version?: string;
    readonly data?: Readonly<Record<string, IrAttribute>>;
    readonly extra?: readonly IrValue[];
  },
): readonly IrValue[] => {
  const { version = 'opset1', data = {}, extra = [] } = more;
  const inputs = [...ir.valuesOf(node.inputs), ...extra];
  return ir.add({ type, version, data, scope: node.scope, inputs, outputs: ir.typesOf(node) });
};

const numpy = { auto_broadcast: 'numpy' };

const binary = (type: string) => plain(type, numpy);

const reduction =
  (type: string): LayerWriter<'reduceSum' | 'reduceMean' | 'reduceMax'> =>
  (node, ir) =>
    layer(node, ir, type, {
      data: { keep_dims: node.attributes.keepDims },
      extra: [ir.ints(node.attributes.axes)],
    });

const unwritten = (node: Node): never => {
  const where = node.scope ? ` in ${node.scope}` : '';
  throw new OtxError(
    'graph',
    `${node.op}(${node.inputs.map(formatType).join(', ')})${where} has no form in OpenVINO: it needs lowering before it can be written`,
  );
};

/** Values of an axis by size, the largest first, and among equal ones the first. */
const largest = (axis: number) => ({
  version: 'opset11',
  data: { axis, mode: 'max', sort: 'value', index_element_type: ELEMENTS.int64.element, stable: true },
});

const writeArgMax: LayerWriter<'argMax'> = (node, ir) => {
  const [x] = node.inputs as [(typeof node.inputs)[number]];
  const { axis, keepDims } = node.attributes;
  const { shape } = ir.typeOf(x);
  const kept = shape.map((size, i) => (i === axis ? 1 : size));
  const [, positions] = ir.add({
    ...{ type: 'TopK', ...largest(axis), scope: node.scope },
    inputs: [ir.valueOf(x), ir.scalar(1)],
    outputs: [
      { dtype: x.dtype, shape: kept },
      { dtype: 'int64', shape: kept },
    ],
  }) as [IrValue, IrValue];
  if (keepDims) return [positions];
  const inputs = [positions, ir.ints([axis])];
  return ir.add({ type: 'Squeeze', inputs, outputs: ir.typesOf(node), scope: node.scope });
};

const writeMatMul: LayerWriter<'matMul'> = (node, ir) => {
  const { transA, transB, alpha } = node.attributes;
  const product = layer(node, ir, 'MatMul', { data: { transpose_a: transA, transpose_b: transB } });
  if (alpha === 1) return product;
  const inputs = [...product, ir.scalar(alpha, 'float32')];
  return ir.add({ type: 'Multiply', data: numpy, inputs, outputs: ir.typesOf(node), scope: node.scope });
};

const interpolation =
  (
    attributesOf: (node: Node<'resizeNearest' | 'resizeBilinear'>) => Readonly<Record<string, IrAttribute>>,
  ): LayerWriter<'resizeNearest' | 'resizeBilinear'> =>
  (node, ir) =>
    layer(node, ir, 'Interpolate', {
      version: 'opset11',
      data: {
        ...attributesOf(node),
        shape_calculation_mode: 'sizes',
        antialias: false,
        pads_begin: [0, 0, 0, 0],
        pads_end: [0, 0, 0, 0],
        cube_coeff: -0.75,
      },
      extra: [ir.ints(node.attributes.size), ir.ints([2, 3])],
    });

const nearest = interpolation(() => ({
  mode: 'nearest',
  coordinate_transformation_mode: 'asymmetric',
  nearest_mode: 'floor',
}));

const bilinear = interpolation(({ attributes }) => ({
  mode: 'linear_onnx',
  coordinate_transformation_mode:
    'alignCorners' in attributes && attributes.alignCorners ? 'align_corners' : 'half_pixel',
  nearest_mode: 'round_prefer_floor',
}));

export const layerWriters: { readonly [O in OpName]: LayerWriter<O> } = {
  input: unwritten,
  constant: unwritten,

  neg: plain('Negative'),
  exp: plain('Exp'),
  log: plain('Log'),
  sqrt: plain('Sqrt'),
  reciprocal: (node, ir) =>
    ir.add({
      ...{ type: 'Divide', data: { ...numpy, m_pythondiv: true }, scope: node.scope },
      inputs: [ir.scalar(1, 'float32'), ...ir.valuesOf(node.inputs)],
      outputs: ir.typesOf(node),
    }),
  abs: plain('Abs'),
  erf: plain('Erf'),
  floor: plain('Floor'),
  relu: plain('ReLU'),
  sigmoid: plain('Sigmoid'),
  tanh: plain('Tanh'),
  gelu: plain('Gelu', { approximation_mode: 'ERF' }, 'opset7'),
  geluGrad: unwritten,
  crossEntropy: unwritten,
  crossEntropyGrad: unwritten,
  positive: unwritten,
  not: plain('LogicalNot'),
  stopGradient: (node, ir) => ir.valuesOf(node.inputs),
  cast: (node, ir) =>
    layer(node, ir, 'Convert', { data: { destination_type: ELEMENTS[node.attributes.to].element } }),

  add: binary('Add'),
  sub: binary('Subtract'),
  mul: binary('Multiply'),
  div: plain('Divide', { ...numpy, m_pythondiv: true }),
  pow: binary('Power'),
  maximum: binary('Maximum'),
  minimum: binary('Minimum'),
  equal: binary('Equal'),
  less: binary('Less'),
  greater: binary('Greater'),
  greaterOrEqual: binary('GreaterEqual'),
  and: binary('LogicalAnd'),
  where: binary('Select'),

  reduceSum: reduction('ReduceSum'),
  reduceMean: reduction('ReduceMean'),
  reduceMax: reduction('ReduceMax'),
  argMax: writeArgMax,
  softmax: (node, ir) =>
    layer(node, ir, 'SoftMax', { version: 'opset8', data: { axis: node.attributes.axis } }),
  upperQuantile: unwritten,

  sort: (node, ir) => {
    const { axis } = node.attributes;
    return layer(node, ir, 'TopK', { ...largest(axis), extra: [ir.scalar(node.inputs[0]!.shape[axis]!)] });
  },
  cumSum: (node, ir) => {
    const { axis, reverse } = node.attributes;
    return layer(node, ir, 'CumSum', {
      version: 'opset3',
      data: { exclusive: false, reverse },
      extra: [ir.scalar(axis)],
    });
  },
  gatherElements: (node, ir) =>
    layer(node, ir, 'GatherElements', { version: 'opset6', data: { axis: node.attributes.axis } }),
  scatterElements: (node, ir) =>
    layer(node, ir, 'ScatterElementsUpdate', {
      version: 'opset12',
      data: { reduction: 'sum', use_init_val: true },
      extra: [ir.scalar(node.attributes.axis)],
    }),

  // A size of 0 in the target is that of the input.
  reshape: (node, ir) =>
    layer(node, ir, 'Reshape', {
      data: { special_zero: true },
      extra: [ir.targetShape(node.outputs[0]!, 0)],
    }),
  transpose: (node, ir) => layer(node, ir, 'Transpose', { extra: [ir.ints(node.attributes.perm)] }),
  concat: (node, ir) => layer(node, ir, 'Concat', { data: { axis: node.attributes.axis } }),
  split: (node, ir) => {
    const { axis, sizes } = node.attributes;
    return layer(node, ir, 'VariadicSplit', { extra: [ir.scalar(axis), ir.ints(sizes)] });
  },
  slice: (node, ir) => {
    const { starts, ends, steps, axes } = node.attributes;
    const extra = [starts, ends, steps, axes].map((values) => ir.ints(values));
    return layer(node, ir, 'Slice', { version: 'opset8', extra });
  },
  pad: (node, ir) => {
    const { pads, value } = node.attributes;
    const [begin, end] = [pads.slice(0, pads.length / 2), pads.slice(pads.length / 2)];
    return layer(node, ir, 'Pad', {
      data: { pad_mode: 'constant' },
      extra: [ir.ints(begin), ir.ints(end), ir.scalar(value, node.inputs[0]!.dtype)],
    });
  },
  // Broadcasting both ways, a size of 1 in the target leaves that of the input.
  expand: (node, ir) =>
    layer(node, ir, 'Broadcast', {
      version: 'opset3',
      data: { mode: 'bidirectional' },
      extra: [ir.targetShape(node.outputs[0]!, 1)],
    }),
  take: (node, ir) => {
    const { axis, indices } = node.attributes;
    return layer(node, ir, 'Gather', {
      version: 'opset8',
      data: { batch_dims: 0 },
      extra: [ir.ints(indices), ir.scalar(axis)],
    });
  },

  matMul: writeMatMul,
  conv: writeConvolution,
  convInputGrad: unwritten,
  convWeightGrad: unwritten,

  batchNorm: unwritten,
  batchNormGrad: unwritten,

  // Integers between layers have no form; quantised-ir.ts joins the pair to a fakeQuantize.
  quantizeLinear: unwritten,
  dequantizeLinear: writeDequantizeLinear,
  fakeQuantize: writeFakeQuantize,

  averagePool: (node, ir) => {
    const { kernel } = node.attributes;
    return layer(node, ir, 'AvgPool', {
      data: {
        ...{ kernel, strides: kernel, pads_begin: [0, 0], pads_end: [0, 0] },
        ...{ 'exclude-pad': true, rounding_type: 'floor', auto_pad: 'explicit' },
      },
    });
  },
  maxPool: unwritten,
  resizeNearest: nearest,
  resizeBilinear: bilinear,

  onnx: unwritten,
};
