/**
 * @file What the names of a file stand for while it is imported: tensors, weights, and values that are known already.
 * Shapes of a file are computed by its own operators; only as known values can they become static shapes.
 */
import { constant } from '../constants.js';
import { broadcastShapes } from '../shape-rules.js';
import { type DType, type Shape, sameShape, sizeOf, type Tensor } from '../tensor.js';

/** More values than this are not computed while importing: a file of a few bytes could ask for any number. */
const MOST_KNOWN = 2 ** 22;

/** More dimensions than this no network has, and numpy knows none with more than twice as many. */
const MOST_DIMENSIONS = 32;

/** @throws Error for more dimensions than a network has. */
export function checkRank(rank: number): void {
  if (rank > MOST_DIMENSIONS)
    throw new Error(`a tensor of ${rank} dimensions is not imported, only up to ${MOST_DIMENSIONS}`);
}

/** Numbers that are known while importing. */
export class Known {
  private lifted: Tensor | undefined;

  /** @param values row-major; whole numbers for integer types, 0 and 1 for bool. */
  constructor(
    readonly dtype: DType,
    readonly shape: Shape,
    readonly values: ArrayLike<number>,
  ) {
    checkRank(shape.length);
    if (sizeOf(shape) !== values.length) throw new Error(`${values.length} values do not fill [${shape}]`);
  }

  /** The same as a constant of the graph. */
  tensor(): Tensor {
    this.lifted ??=
      this.values instanceof Float32Array
        ? constant(this.values, this.shape)
        : constant(Array.from(this.values), this.shape, this.dtype);
    return this.lifted;
  }

  /** All values as a list. */
  list(): number[] {
    return Array.from(this.values);
  }
}

/** A float32 tensor of the file, which becomes a variable where the graph computes with it. */
export class StoredWeight {
  /** The same numbers, for operators that want to know them. */
  readonly known: Known;

  constructor(
    readonly key: string,
    readonly shape: Shape,
    readonly data: Float32Array,
  ) {
    this.known = new Known('float32', shape, data);
  }
}

/** What a name of the file stands for. */
export type Value = Tensor | Known | StoredWeight;

export const dtypeOf = (value: Value): DType => (value instanceof StoredWeight ? 'float32' : value.dtype);

export const knownInts = (values: readonly number[], shape: Shape = [values.length]): Known =>
  new Known('int64', shape, Float64Array.from(values));

/** Refuses sizes that no shape arithmetic has. */
export function checkKnownSize(shape: Shape, most = MOST_KNOWN): number {
  checkRank(shape.length);
  const size = sizeOf(shape);
  if (!(shape.every((d) => d >= 0) && size <= most))
    throw new Error(`asks for ${size} values to be computed while importing, more than ${most}`);
  return size;
}

/** Values of `type`: rounded to single precision, cut to whole numbers, or 0 and 1. */
export function knownOf(dtype: DType, shape: Shape, values: Iterable<number> & ArrayLike<number>): Known {
  if (dtype === 'float32') return new Known(dtype, shape, Float32Array.from(values));
  const cut = dtype === 'bool' ? (v: number) => (v === 0 ? 0 : 1) : Math.trunc;
  return new Known(dtype, shape, Float64Array.from(values, cut));
}

function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
}

/** A known value whose element at some coordinates is the one of `source` that `indexAt` names. */
export function rearranged(
  source: Known,
  shape: Shape,
  indexAt: (coordinates: readonly number[]) => number,
): Known {
  const size = checkKnownSize(shape);
  const at = new Array<number>(shape.length).fill(0);
  const values = new Array<number>(size);
  for (let i = 0; i < size; i++) {
    values[i] = source.values[indexAt(at)]!;
    for (let axis = shape.length - 1; axis >= 0 && ++at[axis]! === shape[axis]; axis--) at[axis] = 0;
  }
  return knownOf(source.dtype, shape, values);
}

/** Flat index of coordinates in a shape that broadcasts to them. */
export function broadcastIndex(shape: Shape): (coordinates: readonly number[]) => number {
  const strides = stridesOf(shape).map((stride, axis) => (shape[axis] === 1 ? 0 : stride));
  return (at) => {
    const lead = at.length - shape.length;
    return strides.reduce((index, stride, axis) => index + stride * at[axis + lead]!, 0);
  };
}

/** Repeated to a shape that it broadcasts to. */
export const expanded = (value: Known, shape: Shape): Known =>
  rearranged(value, shape, broadcastIndex(value.shape));

/** f of values side by side, after broadcasting. */
export function zipped(dtype: DType, operands: readonly Known[], f: (...values: number[]) => number): Known {
  const shape = operands.map((x) => x.shape).reduce(broadcastShapes);
  checkKnownSize(shape);
  const columns = operands.map((x) => (sameShape(x.shape, shape) ? x : expanded(x, shape)).values);
  const values = Array.from({ length: sizeOf(shape) }, (_, i) => f(...columns.map((column) => column[i]!)));
  return knownOf(dtype, shape, values);
}

/** Whether nothing of it is left to run time. */
export const isKnown = (value: Value | undefined): value is Known => value instanceof Known;
