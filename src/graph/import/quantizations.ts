/**
 * @file Quantisation of a file. What is rounded and turned back into numbers is rounded in the result, while its gradient
 * passes straight through as far as the values fit (https://arxiv.org/abs/1308.3432).
 */
import {
  add,
  constant,
  dequantizeLinear,
  maximum,
  minimum,
  mul,
  quantizeLinear,
  reshape,
  stopGradient,
  sub,
} from '../builders.js';
import { normalizeAxis } from '../shape-rules.js';
import type { Tensor } from '../tensor.js';
import type { Call, Importer } from './call.js';
import { Known } from './values.js';

/** Scale and zero point as the vocabulary wants them. */
function parametersOf(call: Call, x: Tensor, dtype: 'uint8' | 'int8' | 'int32') {
  const known = call.known(1, 'the scale');
  const zero = call.has(2)
    ? call.known(2, 'the zero point')
    : new Known(dtype, known.shape, new Float64Array(known.values.length));
  const isOne = known.values.length === 1;
  const shape = isOne ? [] : [known.values.length];
  const axis = isOne ? 0 : normalizeAxis(call.int('axis', 1), x.rank);
  return {
    axis,
    scale: constant(Float32Array.from(known.list()), shape),
    zero: constant(zero.list(), shape, zero.dtype),
    /** For arithmetic beside x. */
    beside: x.shape.map((_, i) => (i === axis && !isOne ? known.values.length : 1)),
  };
}

/** Float values behind what was quantised, within the limits of the type. */
const origins = new WeakMap<Tensor, Tensor>();

const quantize: Importer = (call) => {
  const x = call.tensor(0);
  const { axis, scale, zero, beside } = parametersOf(call, x, 'uint8');
  const q = quantizeLinear(x, scale, zero, axis);
  const [lowest, highest] = zero.dtype === 'int8' ? [-128, 127] : [0, 255];
  const zeros = constant(call.has(2) ? call.known(2, 'the zero point').list() : zerosOf(zero), zero.shape);
  const limit = (of: number) => reshape(mul(scale, sub(of, zeros)), beside);
  origins.set(q, minimum(maximum(x, limit(lowest!)), limit(highest!)));
  return q;
};

const zerosOf = (zero: Tensor): number[] => new Array<number>(zero.size).fill(0);

const dequantize: Importer = (call) => {
  const q = call.tensor(0);
  const dtype = call.dtypeOf(0);
  if (dtype !== 'uint8' && dtype !== 'int8' && dtype !== 'int32')
    throw new Error(`${dtype} is not quantised`);
  const { axis, scale, zero } = parametersOf(call, q, dtype);
  const y = dequantizeLinear(q, scale, zero, axis);
  const origin = origins.get(q);
  // The value of y and the gradient of its origin.
  return origin ? add(stopGradient(y), sub(origin, stopGradient(origin))) : y;
};

export const quantizations: Readonly<Record<string, Importer>> = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
};
