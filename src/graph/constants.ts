/** @file Constants: the leaves that builders and the matrices of resampling are made from. */
import { fromHalves, toHalves } from '../base/half.js';
import { createNode, type DType, type Shape, type Tensor, type TensorData } from './tensor.js';
import type { OpAttributes } from './vocabulary.js';

const constantNode = (attributes: OpAttributes['constant']): Tensor =>
  createNode('constant', [], attributes)[0]!;

/**
 * A constant tensor. A typed array is not copied and must not change afterwards.
 * @param data values in row-major order.
 * @param dtype default the type of the array (uint8 for `Uint8Array`, which may also hold bool), float32 for numbers; as float16 the
 * values are rounded.
 */
export function constant(data: TensorData | readonly number[], shape: Shape, dtype?: DType): Tensor {
  if (data instanceof Float32Array) {
    if (dtype !== 'float16') return constantNode({ data, type: { dtype: 'float32', shape } });
    return constantNode({ data: fromHalves(toHalves(data)), type: { dtype, shape } });
  }
  if (data instanceof BigInt64Array) return constantNode({ data, type: { dtype: 'int64', shape } });
  if (data instanceof Int32Array) return constantNode({ data, type: { dtype: 'int32', shape } });
  if (data instanceof Uint8Array) return constantNode({ data, type: { dtype: dtype ?? 'uint8', shape } });
  if (data instanceof Int8Array) return constantNode({ data, type: { dtype: 'int8', shape } });
  const to = dtype ?? 'float32';
  const values = data as readonly number[];
  if (to === 'int64')
    return constant(
      BigInt64Array.from(values, (v) => BigInt(v)),
      shape,
    );
  if (to === 'int32') return constant(Int32Array.from(values), shape);
  if (to === 'int8') return constant(Int8Array.from(values), shape);
  if (to === 'float32' || to === 'float16') return constant(Float32Array.from(values), shape, to);
  return constant(Uint8Array.from(values), shape, to);
}

/** A constant of shape []; default float32. */
export function scalar(value: number, dtype: DType = 'float32'): Tensor {
  return constant([value], [], dtype);
}
