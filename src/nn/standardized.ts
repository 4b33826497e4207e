/** @file Standardisation along some axes, common to layer norm and group norm. */
import { add, div, mul, reduceMean, sqrt, sub } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';

const EPSILON = 1e-5;

/** (x − mean) / √(variance + 1e-5) with mean and population variance over `axes`. */
export function standardized(x: Tensor, axes: readonly number[]): Tensor {
  const centred = sub(x, reduceMean(x, { axes, keepDims: true }));
  const variance = reduceMean(mul(centred, centred), { axes, keepDims: true });
  return mul(centred, div(1, sqrt(add(variance, EPSILON))));
}
