/**
 * @file The operator vocabulary: every operator that a graph can hold, with the type of its attributes.
 * Most are ONNX operators under the field's usual names. A few are *semantic* (convolution gradients, training-mode
 * batch normalisation and its gradient, resizes): a lowering table rewrites them into ONNX operators, so that each
 * execution provider can choose the form that is fastest for it.
 */
import type { DType, Shape, TensorData, TensorType } from './types.js';

/** Attributes of an operator that has none. */
// biome-ignore lint/complexity/noBannedTypes: operators without attributes carry an empty object
export type None = {};

/** Geometry of a 2-D convolution. */
export interface ConvAttributes {
  /** Step of the window in pixels, [vertical, horizontal]. */
  readonly strides: readonly [number, number];
  /** Zeros around the image in pixels, [top, left, bottom, right]. */
  readonly pads: readonly [number, number, number, number];
  /** Distance between the taps of the window in pixels, [vertical, horizontal]. */
  readonly dilations: readonly [number, number];
  /** Groups of channels that do not see each other. */
  readonly group: number;
}

/** Windows of a pooling. */
export interface PoolAttributes extends Omit<ConvAttributes, 'group'> {
  /** Size of the window in taps, [vertical, horizontal]. */
  readonly kernel: readonly [number, number];
}

/** What a reduction goes over. */
export interface ReduceAttributes {
  /** Axes that are reduced, 0 and up. */
  readonly axes: readonly number[];
  /** Whether reduced axes stay, with size 1. */
  readonly keepDims: boolean;
}

/** How a cross entropy counts. */
export interface CrossEntropyAttributes {
  /** Of the classes; empty for 1 each. */
  readonly weights: readonly number[];
}

/** A value of an attribute of a raw ONNX operator. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly string: string };

/** Every operator of the vocabulary with its attributes. Those that lowerings alone create are among them. */
export interface OpAttributes {
  // Leaves
  /** A value that is fed at run time, by its name. */
  input: { readonly name: string; readonly type: TensorType };
  /** `unique` constants are never merged with equal ones (see batchNorm's lowering). */
  constant: { readonly data: TensorData; readonly type: TensorType; readonly unique?: boolean };

  // Elementwise, one input
  /** −x */
  neg: None;
  /** eˣ; float32. */
  exp: None;
  /** ln x; float32. */
  log: None;
  /** √x; float32. */
  sqrt: None;
  /** 1/x; float32. */
  reciprocal: None;
  /** |x| */
  abs: None;
  /** The Gauss error function; float32. */
  erf: None;
  /** The largest whole number that is not above x; float32. */
  floor: None;
  /** max(x, 0); float32. */
  relu: None;
  /** 1/(1 + e⁻ˣ); float32. */
  sigmoid: None;
  /** Hyperbolic tangent; float32. */
  tanh: None;
  /** Exact (erf) GELU. */
  gelu: None;
  /** (dy, x) → dy·gelu'(x). */
  geluGrad: None;
  /** 1 where the input is positive, else 0: the derivative of relu as a function of its input or output. */
  positive: None;
  /** Logical negation of bool. */
  not: None;
  /** The input itself, taken for a constant by `gradients`. */
  stopGradient: None;
  /** The value as another type. */
  cast: { readonly to: DType };

  // Elementwise with broadcasting, two inputs
  /** a + b */
  add: None;
  /** a − b */
  sub: None;
  /** a · b */
  mul: None;
  /** a / b */
  div: None;
  /** aᵇ */
  pow: None;
  /** The larger of a and b. */
  maximum: None;
  /** The smaller of a and b. */
  minimum: None;
  /** a = b, as bool. */
  equal: None;
  /** a < b, as bool. */
  less: None;
  /** a > b, as bool. */
  greater: None;
  /** a ≥ b, as bool. */
  greaterOrEqual: None;
  /** Logical and of bool. */
  and: None;

  /** where(condition, a, b) with broadcasting. */
  where: None;

  // Reductions
  /** Sum over some axes. */
  reduceSum: ReduceAttributes;
  /** Mean over some axes. */
  reduceMean: ReduceAttributes;
  /** Largest value over some axes. */
  reduceMax: ReduceAttributes;
  /** Index (int64) of the largest value along an axis. */
  argMax: { readonly axis: number; readonly keepDims: boolean };
  /** exp(x) / Σ exp(x) along an axis. */
  softmax: { readonly axis: number };
  /** (x [n], share []) → []: the value that a share of 0…1 of x lies above, with linear interpolation between neighbours. */
  upperQuantile: None;

  // Loss
  /**
   * (logits [N, K, H, W], labels [N, H, W] as float32) → []: the mean over all pixels of −log softmax(logits)[label] times the weight of
   * the class, 1 each without any; labels outside 0…K−1 add nothing.
   */
  crossEntropy: CrossEntropyAttributes;
  /** (dloss [], logits, labels) → gradient of the logits. */
  crossEntropyGrad: CrossEntropyAttributes;

  // Order
  /** x → (values, positions): the values along an axis, largest first, and as int64 where each of them stood in x. */
  sort: { readonly axis: number };
  /** Running sums along an axis, each with its own value; `reverse` starts at the end. */
  cumSum: { readonly axis: number; readonly reverse: boolean };
  /** (x, positions) → x at these positions (int64) along an axis; on the other axes both have the same sizes. */
  gatherElements: { readonly axis: number };
  /** (x, positions, values) → x with each value added at its position along an axis: the transposed map of gatherElements. */
  scatterElements: { readonly axis: number };

  // Shape and data movement
  /** The same values under another shape. */
  reshape: { readonly shape: Shape };
  /** Axis i of the result is axis perm[i] of the input. */
  transpose: { readonly perm: readonly number[] };
  /** Inputs one after the other along an axis. */
  concat: { readonly axis: number };
  /** Consecutive parts of these sizes along an axis, one output each. */
  split: { readonly axis: number; readonly sizes: readonly number[] };
  /** x[start:end:step] along some axes. */
  slice: {
    readonly axes: readonly number[];
    readonly starts: readonly number[];
    readonly ends: readonly number[];
    readonly steps: readonly number[];
  };
  /** Zero padding (or `value`); pads are [begin..., end...] over all axes. */
  pad: { readonly pads: readonly number[]; readonly value: number };
  /** Repetition to a larger shape. */
  expand: { readonly shape: Shape };
  /** Picks constant positions along one axis. */
  take: { readonly axis: number; readonly indices: readonly number[] };

  // Linear algebra
  /** alpha · op(a) · op(b), numpy-style batch broadcasting, op = optional transposition of the last two axes. */
  matMul: { readonly transA: boolean; readonly transB: boolean; readonly alpha: number };
  /** 2-D convolution: (x [N, C, H, W], weight [O, C/group, kh, kw], bias [O] if any). */
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

  // Quantisation: scale and zero point are scalars, or vectors along an axis
  /** (x, scale, zero point) → x / scale, rounded half to even, plus zero point, saturated to the type of the zero point (uint8 or int8). */
  quantizeLinear: { readonly axis: number };
  /** (q, scale, zero point) → (q − zero point) · scale as float32; q and zero point are uint8, int8 or int32. */
  dequantizeLinear: { readonly axis: number };
  /** (x, scale, zero point) → x rounded to what the type of the zero point (uint8 or int8) can tell, as float32. */
  fakeQuantize: { readonly axis: number };

  // Spatial resampling of NCHW maps
  /** Non-overlapping mean pooling; sizes must divide. */
  averagePool: { readonly kernel: readonly [number, number] };
  /** x → (largest value of every window, position of each as int64, counted through all of x); nothing around x is the largest. */
  maxPool: PoolAttributes;
  /** Nearest neighbour, source index = floor(dst·in/out). */
  resizeNearest: { readonly size: readonly [number, number] };
  /** Bilinear interpolation without antialiasing; see the builder of the same name. */
  resizeBilinear: { readonly size: readonly [number, number]; readonly alignCorners: boolean };

  /** A literal ONNX operator, produced by lowerings. */
  onnx: {
    readonly opType: string;
    readonly domain: string;
    readonly attributes: Readonly<Record<string, OnnxAttribute>>;
    readonly types: readonly TensorType[];
  };
}

/** Name of an operator. */
export type OpName = keyof OpAttributes;
