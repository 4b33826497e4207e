/**
 * @file The functions that model code calls to build a graph. Each creates one node (or a short, fixed composition) and
 * returns its output. Numbers are accepted where a scalar tensor makes sense.
 */
import { constant, scalar } from './constants.js';
import { bilinearMatrix } from './resampling.js';
import { broadcastShapes, normalizeAxis } from './shape-rules.js';
import type { TensorType } from './tensor.js';
import { createNode, type DType, isFloat, type Shape, sameShape, sizeOf, Tensor } from './tensor.js';
import type { ConvAttributes, OnnxAttribute, OpAttributes, OpName } from './vocabulary.js';

export { cumSum, gatherElements, scatterElements, sort } from './order.js';
export { type MaxPoolOptions, maxPool } from './pooling.js';
export { dequantizeLinear, fakeQuantize, quantizeLinear } from './quantization.js';
export { constant, scalar };

/** A tensor, or a number that stands for a constant of the type that the other operand has (float32 beside another number). */
export type TensorLike = Tensor | number;

function single<O extends OpName>(op: O, inputs: readonly Tensor[], attributes: OpAttributes[O]): Tensor {
  return createNode(op, inputs, attributes)[0]!;
}

/**
 * A named value that is fed at run time.
 * @param name unique within a graph.
 * @param shape static: every run has arrays of this size.
 */
export function input(name: string, dtype: DType, shape: Shape): Tensor {
  return single('input', [], { name, type: { dtype, shape } });
}

/** A constant filled with one value; default float32. */
export function full(shape: Shape, value: number, dtype: DType = 'float32'): Tensor {
  const size = sizeOf(shape);
  if (size <= 1024 || !isFloat({ dtype })) return constant(new Array<number>(size).fill(value), shape, dtype);
  return expand(scalar(value, dtype), shape);
}

function lift(value: TensorLike, like: TensorLike): Tensor {
  return value instanceof Tensor ? value : scalar(value, like instanceof Tensor ? like.dtype : 'float32');
}

const unary =
  (
    op:
      | 'neg'
      | 'exp'
      | 'log'
      | 'sqrt'
      | 'reciprocal'
      | 'abs'
      | 'erf'
      | 'floor'
      | 'relu'
      | 'sigmoid'
      | 'tanh'
      | 'gelu'
      | 'positive'
      | 'not'
      | 'stopGradient',
  ) =>
  (x: Tensor): Tensor =>
    single(op, [x], {});

const binary =
  (
    op:
      | 'add'
      | 'sub'
      | 'mul'
      | 'div'
      | 'pow'
      | 'maximum'
      | 'minimum'
      | 'equal'
      | 'less'
      | 'greater'
      | 'greaterOrEqual'
      | 'and',
  ) =>
  (a: TensorLike, b: TensorLike): Tensor =>
    single(op, [lift(a, b), lift(b, a)], {});

/** −x, element by element. */
export const neg = unary('neg');
/** eˣ, element by element; float32. */
export const exp = unary('exp');
/** Natural logarithm, element by element; float32. */
export const log = unary('log');
/** Square root, element by element; float32. */
export const sqrt = unary('sqrt');
/** 1/x, element by element; float32. */
export const reciprocal = unary('reciprocal');
/** |x|, element by element; the gradient at 0 is 0. */
export const abs = unary('abs');
/** Gauss error function, element by element; float32. */
export const erf = unary('erf');
/** Largest whole number that is not above x; float32; `gradients` refuses it. */
export const floor = unary('floor');
/** max(x, 0); float32, the gradient at 0 is 0. */
export const relu = unary('relu');
/** 1/(1 + e⁻ˣ); float32. */
export const sigmoid = unary('sigmoid');
/** Hyperbolic tangent; float32. */
export const tanh = unary('tanh');
/** x·Φ(x) with the exact distribution function of the normal distribution; float32. */
export const gelu = unary('gelu');
/** 1 where x > 0, else 0, as float32; `gradients` refuses it. */
export const positive = unary('positive');
/** Logical negation; bool. */
export const not = unary('not');
/** `x` as a constant of differentiation: nothing flows back through it. */
export const stopGradient = unary('stopGradient');

/** a + b with numpy broadcasting; both of one type, a number takes that of the other. */
export const add = binary('add');
/** a − b with numpy broadcasting. */
export const sub = binary('sub');
/** a · b with numpy broadcasting. */
export const mul = binary('mul');
/** a / b with numpy broadcasting. */
export const div = binary('div');
/** aᵇ with numpy broadcasting; the gradient in b needs a > 0. */
export const pow = binary('pow');
/** The larger of a and b with numpy broadcasting; the gradient of equal ones goes to a. */
export const maximum = binary('maximum');
/** The smaller of a and b with numpy broadcasting; the gradient of equal ones goes to a. */
export const minimum = binary('minimum');
/** Whether a = b, as bool, with numpy broadcasting. */
export const equal = binary('equal');
/** Whether a < b, as bool, with numpy broadcasting. */
export const less = binary('less');
/** Whether a > b, as bool, with numpy broadcasting. */
export const greater = binary('greater');
/** Whether a ≥ b, as bool, with numpy broadcasting. */
export const greaterOrEqual = binary('greaterOrEqual');
/** Logical and of two bool tensors, with numpy broadcasting. */
export const and = binary('and');

/** `x` as another type; float to integer cuts off the fraction, to bool it is "not zero". */
export function cast(x: Tensor, to: DType): Tensor {
  return x.dtype === to ? x : single('cast', [x], { to });
}

/** `a` where `condition` (bool) holds, else `b`, with numpy broadcasting of all three. */
export function where(condition: Tensor, a: TensorLike, b: TensorLike): Tensor {
  return single('where', [condition, lift(a, b), lift(b, a)], {});
}

/** What a reduction goes over. */
export interface ReduceOptions {
  /** Axes to reduce, negative ones count from the end; default all. */
  axes?: readonly number[];
  /** Keep reduced axes as size 1; default false. */
  keepDims?: boolean;
}

const reduce =
  (op: 'reduceSum' | 'reduceMean' | 'reduceMax') =>
  (x: Tensor, { axes, keepDims = false }: ReduceOptions = {}): Tensor => {
    const list = (axes ?? x.shape.map((_, i) => i)).map((axis) => normalizeAxis(axis, x.rank));
    return list.length === 0 ? x : single(op, [x], { axes: list, keepDims });
  };

/** Sum over some axes. */
export const reduceSum = reduce('reduceSum');
/** Mean over some axes; float32. */
export const reduceMean = reduce('reduceMean');
/** Largest value over some axes; equal ones share the gradient. */
export const reduceMax = reduce('reduceMax');

/** Index (int64) of the largest value along `axis`, the first of equal ones; `keepDims` (default false) keeps the axis as size 1. */
export function argMax(x: Tensor, axis: number, keepDims = false): Tensor {
  return single('argMax', [x], { axis: normalizeAxis(axis, x.rank), keepDims });
}

/** exp(x) / Σ exp(x) along `axis` (negative ones count from the end); float32. */
export function softmax(x: Tensor, axis: number): Tensor {
  return single('softmax', [x], { axis: normalizeAxis(axis, x.rank) });
}

/**
 * The value of x [n] that a `share` of its values, a scalar of 0 ≤ share < 1, lies above, interpolated linearly between
 * neighbours: numpy's percentile(x, 100·(1 − share)). The share may change from run to run.
 */
export function upperQuantile(x: Tensor, share: TensorLike): Tensor {
  return single('upperQuantile', [x, lift(share, x)], {});
}

/** Views the values under another shape of as many elements; one dimension may be -1. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((product, d) => (d === -1 ? product : product * d), 1);
  const resolved = shape.map((d) => (d === -1 ? x.size / known : d));
  return sameShape(resolved, x.shape) ? x : single('reshape', [x], { shape: resolved });
}

/** Reorders the axes: axis i of the result is axis `perm[i]` of `x`. */
export function transpose(x: Tensor, perm: readonly number[]): Tensor {
  return perm.every((p, i) => p === i) && perm.length === x.rank ? x : single('transpose', [x], { perm });
}

/** Joins tensors along `axis`; all other dimensions must agree. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  if (tensors.length === 1) return tensors[0]!;
  return single('concat', tensors, { axis: tensors[0] ? normalizeAxis(axis, tensors[0].rank) : axis });
}

/** Cuts `x` into consecutive parts of the given sizes along `axis`; the sizes add up to that of the axis. */
export function split(x: Tensor, sizes: readonly number[], axis: number): readonly Tensor[] {
  const along = normalizeAxis(axis, x.rank);
  const whole = sizes.length === 1 && sizes[0] === x.shape[along];
  return whole ? [x] : createNode('split', [x], { axis: along, sizes });
}

/** x[start:end:step] along one axis, as in numpy; `step` is 1 by default. */
export function slice(x: Tensor, axis: number, start: number, end: number, step = 1): Tensor {
  const along = normalizeAxis(axis, x.rank);
  if (start === 0 && end === x.shape[along] && step === 1) return x;
  return single('slice', [x], { axes: [along], starts: [start], ends: [end], steps: [step] });
}

/** Slices several axes at once; negative axes count from the end. */
export function sliceAxes(x: Tensor, attributes: OpAttributes['slice']): Tensor {
  const axes = attributes.axes.map((axis) => normalizeAxis(axis, x.rank));
  return single('slice', [x], { ...attributes, axes });
}

/** Pads with `value` (default 0); `pads` are [begin..., end...] over all axes, in elements. */
export function pad(x: Tensor, pads: readonly number[], value = 0): Tensor {
  return pads.every((p) => p === 0) ? x : single('pad', [x], { pads, value });
}

/** Repeats `x` to a larger shape, as numpy's broadcast_to. */
export function expand(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : single('expand', [x], { shape });
}

/** Picks constant positions along one axis; an index may occur several times. */
export function take(x: Tensor, axis: number, indices: readonly number[]): Tensor {
  return single('take', [x], { axis: normalizeAxis(axis, x.rank), indices });
}

/** Transpositions and a factor of a product of matrices. */
export interface MatMulOptions {
  /** Transpose the last two axes of a; default false. */
  transA?: boolean;
  /** Transpose the last two axes of b; default false. */
  transB?: boolean;
  /** Factor on the product; default 1. */
  alpha?: number;
}

/** alpha · op(a) · op(b) over the last two axes with numpy batch broadcasting. */
export function matMul(
  a: Tensor,
  b: Tensor,
  { transA = false, transB = false, alpha = 1 }: MatMulOptions = {},
): Tensor {
  return single('matMul', [a, b], { transA, transB, alpha });
}

/** Geometry of a convolution; a number stands for both directions. */
export interface ConvOptions {
  /** Step of the window in pixels, [vertical, horizontal]; default 1. */
  stride?: number | readonly [number, number];
  /** Zeros on either side in pixels, [vertical, horizontal]; default 0. */
  padding?: number | readonly [number, number];
  /** Distance between the taps of the window in pixels, [vertical, horizontal]; default 1. */
  dilation?: number | readonly [number, number];
  /** Groups of channels that do not see each other; default 1, as many as channels for a depthwise convolution. */
  groups?: number;
  /** float32 [O], added to every pixel; default none. */
  bias?: Tensor | undefined;
}

const pair = (value: number | readonly [number, number]): readonly [number, number] =>
  typeof value === 'number' ? [value, value] : value;

/** 2-D convolution: x [N, C, H, W], weight [O, C/groups, kh, kw] → [N, O, H', W']. */
export function conv(x: Tensor, weight: Tensor, options: ConvOptions = {}): Tensor {
  const [ph, pw] = pair(options.padding ?? 0);
  const attributes: ConvAttributes = {
    strides: pair(options.stride ?? 1),
    pads: [ph, pw, ph, pw],
    dilations: pair(options.dilation ?? 1),
    group: options.groups ?? 1,
  };
  return single('conv', options.bias ? [x, weight, options.bias] : [x, weight], attributes);
}

/** Training-mode batch normalisation of [N, C, ...]; `mean` and `variance` (population) are those of the batch. */
export function batchNorm(
  x: Tensor,
  scale: Tensor,
  bias: Tensor,
  epsilon: number,
): { y: Tensor; mean: Tensor; variance: Tensor } {
  const [y, mean, variance] = createNode('batchNorm', [x, scale, bias], { epsilon });
  return { y: y!, mean: mean!, variance: variance! };
}

/** Means of non-overlapping windows [height, width] of x [N, C, H, W]; the window must divide the size. */
export function averagePool(x: Tensor, kernel: readonly [number, number]): Tensor {
  return kernel[0] === 1 && kernel[1] === 1 ? x : single('averagePool', [x], { kernel });
}

/**
 * Applies constant matrices along the two spatial axes: y = rows · x · colsᵀ, for x [N, C, H, W], rows [H', H], cols [W', W].
 */
export function separableMap(x: Tensor, rows: Tensor, cols: Tensor): Tensor {
  // The transposed constant folds away, and inference graphs stay free of contrib operators.
  return matMul(rows, matMul(x, transpose(cols, [1, 0])));
}

/** Adaptive average pooling of x [N, C, H, W] to `size` [height, width]: window i is [floor(i·in/out), ceil((i+1)·in/out)). */
export function adaptiveAveragePool(x: Tensor, size: readonly [number, number]): Tensor {
  const [h, w] = [x.shape[2]!, x.shape[3]!];
  if (size[0] === 1 && size[1] === 1) return reduceMean(x, { axes: [2, 3], keepDims: true });
  if (h % size[0] === 0 && w % size[1] === 0) return averagePool(x, [h / size[0], w / size[1]]);
  return separableMap(x, poolMatrix(h, size[0]), poolMatrix(w, size[1]));
}

function poolMatrix(from: number, to: number): Tensor {
  const data = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const start = Math.floor((i * from) / to);
    const end = Math.ceil(((i + 1) * from) / to);
    for (let j = start; j < end; j++) data[i * from + j] = 1 / (end - start);
  }
  return constant(data, [to, from]);
}

/** Nearest-neighbour resize of [N, C, H, W]; source index = floor(dst·in/out). */
export function resizeNearest(x: Tensor, size: readonly [number, number]): Tensor {
  return size[0] === x.shape[2] && size[1] === x.shape[3] ? x : single('resizeNearest', [x], { size });
}

/**
 * Bilinear resize of [N, C, H, W] without antialiasing. alignCorners false: src = (dst+0.5)·in/out − 0.5 clamped;
 * true: src = dst·(in−1)/(out−1).
 */
export function resizeBilinear(x: Tensor, size: readonly [number, number], alignCorners = false): Tensor {
  if (size[0] === x.shape[2] && size[1] === x.shape[3]) return x;
  return single('resizeBilinear', [x], { size, alignCorners });
}

/**
 * The transposed map of `resizeBilinear` (align corners false) from `size` to the size of x: Σ x · resize(f) equals
 * Σ resizeBilinearTransposed(x) · f for every f of that size.
 */
export function resizeBilinearTransposed(x: Tensor, size: readonly [number, number]): Tensor {
  const [h, w] = [x.shape[2]!, x.shape[3]!];
  if (size[0] === h && size[1] === w) return x;
  const [rows, cols] = [bilinearMatrix(size[0], h, false), bilinearMatrix(size[1], w, false)];
  return matMul(rows, matMul(x, cols), { transA: true });
}

/**
 * A literal ONNX operator, for what the vocabulary lacks; it has no gradient.
 * @param types of its outputs: they are believed, not checked.
 * @param domain default that of the ONNX standard (opset 20); others are taken at version 1.
 */
export function onnxOp(
  opType: string,
  inputs: readonly Tensor[],
  types: readonly TensorType[],
  attributes: Readonly<Record<string, OnnxAttribute>> = {},
  domain = '',
): readonly Tensor[] {
  // Tensors are accepted as types; kept as they are they would make the attributes cyclic.
  const bare = types.map(({ dtype, shape }) => ({ dtype, shape }));
  return createNode('onnx', inputs, { opType, domain, attributes, types: bare });
}

/** Sums `x` down to `shape`, the inverse of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.rank - shape.length;
  broadcastShapes(x.shape, shape);
  const axes = x.shape.flatMap((d, i) => (i < lead || (shape[i - lead] === 1 && d !== 1) ? [i] : []));
  return reshape(reduceSum(x, { axes, keepDims: true }), shape);
}
