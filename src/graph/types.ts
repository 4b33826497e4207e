/** @file What is known of a tensor at compile time: the words that operators, their shape rules and tensors have in common. */

/**
 * Type of the elements. `bool` is kept as one byte a value, 0 or 1. `float16` is for values inside a graph alone: what goes in and
 * comes out has another type, and its constants are kept as float32, rounded.
 */
export type DType = 'float32' | 'float16' | 'int64' | 'int32' | 'uint8' | 'int8' | 'bool';
/** Sizes of the dimensions, outermost first; `[]` is a single number. */
export type Shape = readonly number[];
/** Values of a tensor in row-major order: the array that belongs to its type, `Uint8Array` for `uint8` and `bool`. */
export type TensorData = Float32Array | BigInt64Array | Int32Array | Uint8Array | Int8Array;

/** What is known of a tensor at compile time. Shapes are always static. */
export interface TensorType {
  /** Type of the elements. */
  readonly dtype: DType;
  /** Sizes of the dimensions, outermost first. */
  readonly shape: Shape;
}

/** Whether values are numbers with a fraction. */
export const isFloat = ({ dtype }: { readonly dtype: DType }): boolean =>
  dtype === 'float32' || dtype === 'float16';

const BYTES = { float32: 4, float16: 2, int64: 8, int32: 4, uint8: 1, int8: 1, bool: 1 } as const;

/** Bytes that the values of a tensor take. */
export const bytesOf = ({ dtype, shape }: TensorType): number => sizeOf(shape) * BYTES[dtype];

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** A type as text: `float32[8,3,64,64]`. */
export function formatType(type: TensorType): string {
  return `${type.dtype}[${type.shape.join(',')}]`;
}

/** Whether two shapes have the same dimensions; nothing is broadcast. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, i) => dimension === b[i]);
}
