/** @file Typed arrays for tensor types. */
import { type DType, type Shape, sizeOf, type TensorData } from '../graph/tensor.js';

/** A new zero-filled array for a tensor type. */
export function allocate(dtype: DType, shape: Shape): TensorData {
  const size = sizeOf(shape);
  switch (dtype) {
    case 'float32':
      return new Float32Array(size);
    case 'int64':
      return new BigInt64Array(size);
    case 'int32':
      return new Int32Array(size);
    case 'int8':
      return new Int8Array(size);
    default:
      return new Uint8Array(size);
  }
}
