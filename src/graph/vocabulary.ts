/**
 * @file The operator vocabulary: every operator that a graph can hold, with the type of its attributes.
 * Most are ONNX operators under the field's usual names. A few are *semantic* (convolution gradients, training-mode
 * batch normalisation and its gradient, resizes): a lowering table rewrites them into ONNX operators, so that each
 * execution provider can choose the form that is fastest for it.
 */
import type { DType, Shape, TensorData, TensorType } from './types.js';

// biome-ignore lint/complexity/noBannedTypes: operators without attributes carry an empty object
export type None = {};

/** Geometry of a 2-D convolution; pads are [top, left, bottom, right]. */
export interface ConvAttributes {
  readonly strides: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
  readonly group: number;
}

export interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** A value of an attribute of a raw ONNX operator. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly string: string };

export interface OpAttributes {
  // Leaves
  input: { readonly name: string; readonly type: TensorType };
  /** `unique` constants are never merged with equal ones (see batchNorm's lowering). */
  constant: { readonly data: TensorData; readonly type: TensorType; readonly unique?: boolean };

  // Elementwise, one input
  neg: None;
  exp: None;
  log: None;
  sqrt: None;
  reciprocal: None;
  abs: None;
  erf: None;
  floor: None;
  relu: None;
  sigmoid: None;
  tanh: None;
  /** Exact (erf) GELU. */
  gelu: None;
  /** (dy, x) → dy·gelu'(x). */
  geluGrad: None;
  /** 1 where the input is positive, else 0: the derivative of relu as a function of its input or output. */
  positive: None;
  not: None;
  /** The input itself, taken for a constant by `gradients`. */
  stopGradient: None;
  cast: { readonly to: DType };

  // Elementwise with broadcasting, two inputs
  add: None;
  sub: None;
  mul: None;
  div: None;
  pow: None;
  maximum: None;
  minimum: None;
  equal: None;
  less: None;
  greater: None;
  greaterOrEqual: None;
  and: None;

  /** where(condition, a, b) with broadcasting. */
  where: None;

  // Reductions
  reduceSum: ReduceAttributes;
  reduceMean: ReduceAttributes;
  reduceMax: ReduceAttributes;
  argMax: { readonly axis: number; readonly keepDims: boolean };
  softmax: { readonly axis: number };
  /** (x [n], share []) → []: the value that a share of 0…1 of x lies above, with linear interpolation between neighbours. */
  upperQuantile: None;

  // Shape and data movement
  reshape: { readonly shape: Shape };
  transpose: { readonly perm: readonly number[] };
  concat: { readonly axis: number };
  split: { readonly axis: number; readonly sizes: readonly number[] };
  slice: {
    readonly axes: readonly number[];
    readonly starts: readonly number[];
    readonly ends: readonly number[];
    readonly steps: readonly number[];
  };
  /** Zero padding (or `value`); pads are [begin..., end...] over all axes. */
  pad: { readonly pads: readonly number[]; readonly value: number };
  expand: { readonly shape: Shape };
  /** Picks constant positions along one axis. */
  take: { readonly axis: number; readonly indices: readonly number[] };

  // Linear algebra
  /** alpha · op(a) · op(b), numpy-style batch broadcasting, op = optional transposition of the last two axes. */
  matMul: { readonly transA: boolean; readonly transB: boolean; readonly alpha: number };
  conv: ConvAttributes;
  /** Gradient of conv with respect to its input: (dy, weight). */
  convInputGrad: ConvAttributes & { readonly inputSize: readonly [number, number] };
  /** Gradient of conv with respect to its weight: (x, dy). */
  convWeightGrad: ConvAttributes & { readonly kernel: readonly [number, number] };

  // Normalisation
  /** Training-mode batch norm: (x, scale, bias) → (y, batch mean, batch population variance). */
  batchNorm: { readonly epsilon: number };
  /** (dy, x, scale, mean, variance) → (dx, dscale, dbias). */
  batchNormGrad: { readonly epsilon: number };

  // Spatial resampling of NCHW maps
  /** Non-overlapping mean pooling; sizes must divide. */
  averagePool: { readonly kernel: readonly [number, number] };
  /** Nearest neighbour, source index = floor(dst·in/out). */
  resizeNearest: { readonly size: readonly [number, number] };
  resizeBilinear: { readonly size: readonly [number, number]; readonly alignCorners: boolean };

  /** A literal ONNX operator, produced by lowerings. */
  onnx: {
    readonly opType: string;
    readonly domain: string;
    readonly attributes: Readonly<Record<string, OnnxAttribute>>;
    readonly types: readonly TensorType[];
  };
}

export type OpName = keyof OpAttributes;
