/** @file Tensors in half precision, in which backbones are shipped. */

import { LARGEST_HALF, toHalves } from '../base/half.js';
import type { WrittenTensor } from './safetensors.js';
import type { WeightTensor } from './stored-tensor.js';

/** A tensor in half precision; counters, and what has values too large for it, as variances of batch norm may be, stay as they are. */
export function halfTensor({ shape, data }: WeightTensor): WrittenTensor {
  if (!(data instanceof Float32Array)) return { dtype: 'I64', shape, data };
  const fits = data.every((value) => Math.abs(value) <= LARGEST_HALF);
  return fits ? { dtype: 'F16', shape, data: toHalves(data) } : { dtype: 'F32', shape, data };
}
