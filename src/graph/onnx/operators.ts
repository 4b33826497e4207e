/**
 * @file How each operator of the vocabulary is written as an ONNX node. Operators without a literal ONNX form are
 * listed too, so that the table is complete by type: writing one fails with a message that says what was forgotten.
 */
import { OtxError } from '../../base/errors.js';
import { type DType, formatType, type Node } from '../tensor.js';
import type { OnnxAttribute, OpName } from '../vocabulary.js';

/** Numbers of ONNX element types. */
export const elementTypes: { readonly [D in DType]: number } = {
  float32: 1,
  float16: 10,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
};

export const MICROSOFT = 'com.microsoft';

/** An ONNX node without its names. */
export interface OnnxCall {
  readonly opType: string;
  /** Default '' (the standard operator set). */
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  /** Inputs behind those of the node, by name; an empty name leaves an optional input out. */
  readonly extraInputs?: readonly string[];
}

/** Makes initialisers for arguments that ONNX wants as tensors. */
export interface Arguments {
  /** Version of the standard operator set that is written. */
  readonly opset: number;
  /** Name of an int64 vector. */
  ints(values: readonly number[]): string;
  /** Name of a rank-0 tensor. */
  scalar(value: number, dtype: DType): string;
  /** The same as `ints`, for a target shape of reshape (or of expand), which may have to follow the batch size. */
  shape(node: Node, shape: readonly number[]): string;
  /** Name of a vector of float32 without elements. */
  noFloats(): string;
  /** Name of the size of the value of a node, all of it, where the rows and columns of a map change. */
  mapSize(node: Node, size: readonly [number, number]): string;
}

type Writer<O extends OpName> = (node: Node<O>, args: Arguments) => OnnxCall;

const plain =
  (opType: string, attributes: Readonly<Record<string, OnnxAttribute>> = {}) =>
  (): OnnxCall => ({ opType, attributes });

/** @param since version of the operators that takes axes as an input; those before it have an attribute. */
const reduction =
  (opType: string, since: number): Writer<'reduceSum' | 'reduceMean' | 'reduceMax'> =>
  ({ attributes: { axes, keepDims } }, args): OnnxCall => {
    const keepdims = { int: keepDims ? 1 : 0 };
    return args.opset >= since
      ? { opType, attributes: { keepdims }, extraInputs: [args.ints(axes)] }
      : { opType, attributes: { axes: { ints: axes }, keepdims } };
  };

/** An operator that older versions lack, and that `lowering/opset.ts` does not rewrite for them. */
function requireOpset(node: Node, since: number, { opset }: Arguments): void {
  if (opset < since) needsLowering(node, `is not in opset ${opset} (it came with ${since})`);
}

function needsLowering(node: Node, why = 'has no ONNX form'): never {
  const where = node.scope ? ` in ${node.scope}` : '';
  throw new OtxError(
    'graph',
    `${node.op}(${node.inputs.map(formatType).join(', ')})${where} ${why}: it needs lowering before it can be written`,
  );
}

const semantic = (node: Node): OnnxCall => needsLowering(node);

/** ONNX computes source = floor(dst / (out/in)) in floats, which is exact only for these ratios. */
function isExactNearestRatio(from: number, to: number): boolean {
  const down = from / to;
  return to % from === 0 || (Number.isInteger(down) && (down & (down - 1)) === 0);
}

const resize = (
  node: Node<'resizeNearest' | 'resizeBilinear'>,
  args: Arguments,
  attributes: Readonly<Record<string, OnnxAttribute>>,
): OnnxCall => {
  // Older versions want the inputs that sizes stand in for all the same, without anything in them.
  const unused = args.opset >= 13 ? '' : args.noFloats();
  // Sizes of all axes: other programs stumble over `axes`, which came late.
  return {
    opType: 'Resize',
    attributes,
    extraInputs: [unused, unused, args.mapSize(node, node.attributes.size)],
  };
};

function quantization(
  node: Node<'quantizeLinear' | 'dequantizeLinear'>,
  args: Arguments,
  opType: string,
): OnnxCall {
  if (node.inputs[1]!.rank === 0) return { opType };
  requireOpset(node, 13, args);
  return { opType, attributes: { axis: { int: node.attributes.axis } } };
}

export const writers: { readonly [O in OpName]: Writer<O> } = {
  input: semantic,
  constant: semantic,

  neg: plain('Neg'),
  exp: plain('Exp'),
  log: plain('Log'),
  sqrt: plain('Sqrt'),
  reciprocal: plain('Reciprocal'),
  abs: plain('Abs'),
  erf: plain('Erf'),
  floor: plain('Floor'),
  relu: plain('Relu'),
  sigmoid: plain('Sigmoid'),
  tanh: plain('Tanh'),
  gelu: (node, args) => {
    requireOpset(node, 20, args);
    return { opType: 'Gelu' };
  },
  geluGrad: semantic,
  crossEntropy: semantic,
  crossEntropyGrad: semantic,
  positive: semantic,
  not: plain('Not'),
  stopGradient: plain('Identity'),
  cast: ({ attributes }) => ({ opType: 'Cast', attributes: { to: { int: elementTypes[attributes.to] } } }),

  add: plain('Add'),
  sub: plain('Sub'),
  mul: plain('Mul'),
  div: plain('Div'),
  pow: plain('Pow'),
  maximum: plain('Max'),
  minimum: plain('Min'),
  equal: plain('Equal'),
  less: plain('Less'),
  greater: plain('Greater'),
  greaterOrEqual: (node, args) => {
    requireOpset(node, 12, args);
    return { opType: 'GreaterOrEqual' };
  },
  and: plain('And'),
  where: plain('Where'),

  reduceSum: reduction('ReduceSum', 13),
  reduceMean: reduction('ReduceMean', 18),
  reduceMax: reduction('ReduceMax', 18),
  argMax: ({ attributes }) => ({
    opType: 'ArgMax',
    attributes: { axis: { int: attributes.axis }, keepdims: { int: attributes.keepDims ? 1 : 0 } },
  }),
  softmax: ({ attributes }) => ({ opType: 'Softmax', attributes: { axis: { int: attributes.axis } } }),
  upperQuantile: semantic,

  sort: ({ attributes: { axis }, inputs: [x] }, args) => ({
    opType: 'TopK',
    attributes: { axis: { int: axis }, largest: { int: 1 }, sorted: { int: 1 } },
    extraInputs: [args.ints([x!.shape[axis]!])],
  }),
  cumSum: ({ attributes: { axis, reverse } }, args) => ({
    opType: 'CumSum',
    attributes: { reverse: { int: reverse ? 1 : 0 } },
    extraInputs: [args.scalar(axis, 'int64')],
  }),
  gatherElements: ({ attributes: { axis } }) => ({
    opType: 'GatherElements',
    attributes: { axis: { int: axis } },
  }),
  scatterElements: (node, args) => {
    requireOpset(node, 16, args);
    const { axis } = node.attributes;
    return { opType: 'ScatterElements', attributes: { axis: { int: axis }, reduction: { string: 'add' } } };
  },

  reshape: (node, args) => ({ opType: 'Reshape', extraInputs: [args.shape(node, node.attributes.shape)] }),
  transpose: ({ attributes }) => ({ opType: 'Transpose', attributes: { perm: { ints: attributes.perm } } }),
  concat: ({ attributes }) => ({ opType: 'Concat', attributes: { axis: { int: attributes.axis } } }),
  split: ({ attributes: { axis, sizes } }, args): OnnxCall =>
    args.opset >= 13
      ? { opType: 'Split', attributes: { axis: { int: axis } }, extraInputs: [args.ints(sizes)] }
      : { opType: 'Split', attributes: { axis: { int: axis }, split: { ints: sizes } } },
  slice: ({ attributes: { starts, ends, axes, steps } }, args) => ({
    opType: 'Slice',
    extraInputs: [args.ints(starts), args.ints(ends), args.ints(axes), args.ints(steps)],
  }),
  pad: ({ attributes, inputs }, args) => ({
    opType: 'Pad',
    attributes: { mode: { string: 'constant' } },
    extraInputs: [args.ints(attributes.pads), args.scalar(attributes.value, inputs[0]!.dtype)],
  }),
  expand: (node, args) => ({ opType: 'Expand', extraInputs: [args.shape(node, node.attributes.shape)] }),
  take: ({ attributes }, args) => ({
    opType: 'Gather',
    attributes: { axis: { int: attributes.axis } },
    extraInputs: [args.ints(attributes.indices)],
  }),

  matMul: ({ attributes: { transA, transB, alpha } }) =>
    transA || transB || alpha !== 1
      ? {
          opType: 'FusedMatMul',
          domain: MICROSOFT,
          attributes: {
            transA: { int: transA ? 1 : 0 },
            transB: { int: transB ? 1 : 0 },
            alpha: { float: alpha },
          },
        }
      : { opType: 'MatMul' },
  conv: ({ attributes: { strides, pads, dilations, group }, inputs }) => ({
    opType: 'Conv',
    attributes: {
      kernel_shape: { ints: inputs[1]!.shape.slice(2) },
      strides: { ints: strides },
      pads: { ints: pads },
      dilations: { ints: dilations },
      group: { int: group },
    },
  }),
  convInputGrad: semantic,
  convWeightGrad: semantic,

  batchNorm: semantic,
  batchNormGrad: semantic,

  quantizeLinear: (node, args) => quantization(node, args, 'QuantizeLinear'),
  dequantizeLinear: (node, args) => quantization(node, args, 'DequantizeLinear'),
  fakeQuantize: semantic,

  averagePool: ({ attributes: { kernel } }) => ({
    opType: 'AveragePool',
    attributes: { kernel_shape: { ints: kernel }, strides: { ints: kernel } },
  }),
  maxPool: ({ attributes: { kernel, strides, pads, dilations } }) => ({
    opType: 'MaxPool',
    attributes: {
      kernel_shape: { ints: kernel },
      strides: { ints: strides },
      pads: { ints: pads },
      dilations: { ints: dilations },
    },
  }),
  resizeNearest: (node, args) => {
    const { shape } = node.inputs[0]!;
    if (!node.attributes.size.every((to, i) => isExactNearestRatio(shape[i + 2]!, to)))
      needsLowering(node, `to [${node.attributes.size}] has a ratio that ONNX does not compute exactly`);
    return resize(node, args, {
      mode: { string: 'nearest' },
      coordinate_transformation_mode: { string: 'asymmetric' },
      nearest_mode: { string: 'floor' },
    });
  },
  resizeBilinear: (node, args) =>
    resize(node, args, {
      mode: { string: 'linear' },
      coordinate_transformation_mode: {
        string: node.attributes.alignCorners ? 'align_corners' : 'half_pixel',
      },
    }),

  onnx: ({ attributes: { opType, domain, attributes } }) => ({ opType, domain, attributes }),
};
