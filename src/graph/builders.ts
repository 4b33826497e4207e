/**
 * @file The functions that model code calls to build a graph. Each creates one node (or a short, fixed composition) and
 * returns its output. Numbers are accepted where a scalar tensor makes sense.
 */
import { constant, scalar } from './constants.js';
import { bilinearMatrix } from './resampling.js';
import { broadcastShapes, normalizeAxis } from './shape-rules.js';
import type { TensorType } from './tensor.js';
import { createNode, type DType, type Shape, sameShape, sizeOf, Tensor } from './tensor.js';
import type { ConvAttributes, OnnxAttribute, OpAttributes, OpName } from './vocabulary.js';

export { constant, scalar };

export type TensorLike = Tensor | number;

function single<O extends OpName>(op: O, inputs: readonly Tensor[], attributes: OpAttributes[O]): Tensor {
  return createNode(op, inputs, attributes)[0]!;
}

/** A named value that is fed at run time. */
export function input(name: string, dtype: DType, shape: Shape): Tensor {
  return single('input', [], { name, type: { dtype, shape } });
}

/** A constant filled with one value. */
export function full(shape: Shape, value: number, dtype: DType = 'float32'): Tensor {
  const size = sizeOf(shape);
  if (size <= 1024 || dtype !== 'float32') return constant(new Array<number>(size).fill(value), shape, dtype);
  return expand(scalar(value), shape);
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

export const neg = unary('neg');
export const exp = unary('exp');
export const log = unary('log');
export const sqrt = unary('sqrt');
export const reciprocal = unary('reciprocal');
export const abs = unary('abs');
export const erf = unary('erf');
export const floor = unary('floor');
export const relu = unary('relu');
export const sigmoid = unary('sigmoid');
export const tanh = unary('tanh');
export const gelu = unary('gelu');
export const positive = unary('positive');
export const not = unary('not');
/** `x` as a constant of differentiation: nothing flows back through it. */
export const stopGradient = unary('stopGradient');

export const add = binary('add');
export const sub = binary('sub');
export const mul = binary('mul');
export const div = binary('div');
export const pow = binary('pow');
export const maximum = binary('maximum');
export const minimum = binary('minimum');
export const equal = binary('equal');
export const less = binary('less');
export const greater = binary('greater');
export const greaterOrEqual = binary('greaterOrEqual');
export const and = binary('and');

export function cast(x: Tensor, to: DType): Tensor {
  return x.dtype === to ? x : single('cast', [x], { to });
}

export function where(condition: Tensor, a: TensorLike, b: TensorLike): Tensor {
  return single('where', [condition, lift(a, b), lift(b, a)], {});
}

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

export const reduceSum = reduce('reduceSum');
export const reduceMean = reduce('reduceMean');
export const reduceMax = reduce('reduceMax');

/** Index (int64) of the largest value along `axis`. */
export function argMax(x: Tensor, axis: number, keepDims = false): Tensor {
  return single('argMax', [x], { axis: normalizeAxis(axis, x.rank), keepDims });
}

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

/** Views the values under another shape; one dimension may be -1. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((product, d) => (d === -1 ? product : product * d), 1);
  const resolved = shape.map((d) => (d === -1 ? x.size / known : d));
  return sameShape(resolved, x.shape) ? x : single('reshape', [x], { shape: resolved });
}

export function transpose(x: Tensor, perm: readonly number[]): Tensor {
  return perm.every((p, i) => p === i) && perm.length === x.rank ? x : single('transpose', [x], { perm });
}

export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  if (tensors.length === 1) return tensors[0]!;
  return single('concat', tensors, { axis: tensors[0] ? normalizeAxis(axis, tensors[0].rank) : axis });
}

/** Cuts `x` into consecutive parts of the given sizes along `axis`. */
export function split(x: Tensor, sizes: readonly number[], axis: number): readonly Tensor[] {
  const along = normalizeAxis(axis, x.rank);
  const whole = sizes.length === 1 && sizes[0] === x.shape[along];
  return whole ? [x] : createNode('split', [x], { axis: along, sizes });
}

/** x[start:end:step] along one axis. */
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

/** Pads with `value`; `pads` are [begin..., end...] over all axes. */
export function pad(x: Tensor, pads: readonly number[], value = 0): Tensor {
  return pads.every((p) => p === 0) ? x : single('pad', [x], { pads, value });
}

export function expand(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : single('expand', [x], { shape });
}

/** Picks constant positions along one axis. */
export function take(x: Tensor, axis: number, indices: readonly number[]): Tensor {
  return single('take', [x], { axis: normalizeAxis(axis, x.rank), indices });
}

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

export interface ConvOptions {
  /** Default 1. */
  stride?: number | readonly [number, number];
  /** Symmetric zero padding [vertical, horizontal]; default 0. */
  padding?: number | readonly [number, number];
  /** Default 1. */
  dilation?: number | readonly [number, number];
  /** Default 1. */
  groups?: number;
  /** [out] */
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

/** Means of non-overlapping windows. */
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

/** Adaptive average pooling: window i is [floor(i·in/out), ceil((i+1)·in/out)). */
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

/** A literal ONNX operator; for lowerings. */
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
