/** @file A tensor that lies in a file: where its values are, whether that can be true, and how they become an array. */

import type { ByteFile } from './byte-file.js';
import { bytesPerElement, decodeElements, type ElementType } from './element-types.js';
import { quoted, unusable } from './unusable.js';
import type { ZipEntry } from './zip-directory.js';

/** Values in memory, row-major; BigInt64Array for int64, which only counters have. */
export interface WeightTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** A tensor that has been described, but not read. */
export interface StoredTensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** In elements, one per axis; 0 repeats. */
  readonly strides: readonly number[];
  /** Byte of the file where the element at index 0, 0, … is. */
  readonly position: number;
  /** The part of a zip file that holds it, whose bytes can be checked. */
  readonly entry?: ZipEntry | undefined;
}

/** Axes; networks have five at most. */
export const HIGHEST_RANK = 16;
/** Values that a file of any size may expand to, for scalars and small repeated tensors. */
const FREE_ELEMENTS = 2 ** 20;

/** Number of values; 1 for a scalar `[]`. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** Strides of a row-major tensor without gaps. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  return shape.map((_, axis) => countOf(shape.slice(axis + 1)));
}

/**
 * Number of elements from the first to the last of a tensor in its storage; 0 for one without values.
 *
 * @throws Unusable for shapes and strides that no tensor has.
 */
export function spanOf(shape: readonly number[], strides: readonly number[]): number {
  if (shape.length > HIGHEST_RANK) return unusable(`a tensor of ${shape.length} axes`);
  if (strides.length !== shape.length) {
    return unusable(`a tensor of shape [${shape}] with strides [${strides}]`);
  }
  if (![...shape, ...strides].every((value) => Number.isSafeInteger(value) && value >= 0)) {
    return unusable(`a tensor of shape [${shape}] with strides [${strides}]`);
  }
  const count = countOf(shape);
  if (count === 0) return 0;
  const last = shape.reduce((sum, side, axis) => sum + (side - 1) * (strides[axis] as number), 0);
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(last)) {
    return unusable(`a tensor of shape [${shape}] with strides [${strides}]`);
  }
  return last + 1;
}

/**
 * Refuses tensors that are small in the file and huge in memory: repeated axes, and many views of one storage.
 * Weights that are shared a few times (tied layers) pass.
 *
 * @throws Unusable
 */
export function checkExpansion(tensors: Iterable<readonly [string, StoredTensor]>, fileBytes: number): void {
  let count = 0;
  let spans = 0;
  for (const [name, { type, shape, strides }] of tensors) {
    count += countOf(shape);
    spans += spanOf(shape, strides) * bytesPerElement[type];
    if (count > FREE_ELEMENTS + fileBytes || spans > FREE_ELEMENTS + 4 * fileBytes) {
      unusable(
        `with tensor ${quoted(name)} of shape [${shape}] it expands to ${count} values, far more than ${fileBytes} bytes hold`,
      );
    }
  }
}

/** Reads and converts one tensor; it takes the memory of its span for a moment and that of its values to keep. */
export async function readStoredTensor(file: ByteFile, tensor: StoredTensor): Promise<WeightTensor> {
  const { type, shape, strides, position } = tensor;
  const span = spanOf(shape, strides);
  const bytes = await file.read(position, span * bytesPerElement[type]);
  const values = decodeElements(type, bytes.buffer as ArrayBuffer);
  return { shape, data: isRowMajor(shape, strides) ? values : gather(values, shape, strides) };
}

/** Axes of one value have any stride. */
function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  const expected = rowMajorStrides(shape);
  return countOf(shape) === 0 || shape.every((side, axis) => side === 1 || strides[axis] === expected[axis]);
}

function gather(
  values: Float32Array | BigInt64Array,
  shape: readonly number[],
  strides: readonly number[],
): Float32Array | BigInt64Array {
  const count = countOf(shape);
  const result = values instanceof BigInt64Array ? new BigInt64Array(count) : new Float32Array(count);
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < count; to++) {
    result[to] = values[from] as number & bigint;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] as number;
      from += stride;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      from -= stride * (shape[axis] as number);
      index[axis] = 0;
    }
  }
  return result;
}
