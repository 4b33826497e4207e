/** @file Builders of quantisation: a value as small integers, and back. */
import { normalizeAxis } from './shape-rules.js';
import { createNode, type Tensor } from './tensor.js';

/**
 * `x` (float32) as integers: x / scale rounded half to even, plus the zero point, saturated to its type.
 * @param scale float32 [], or [n] along `axis`.
 * @param zeroPoint uint8 or int8 of the same shape, which says what the result is.
 * @param axis of x that vectors go along; default 0.
 */
export function quantizeLinear(x: Tensor, scale: Tensor, zeroPoint: Tensor, axis = 0): Tensor {
  return createNode('quantizeLinear', [x, scale, zeroPoint], { axis: axisOf(x, scale, axis) })[0]!;
}

/**
 * (q − zero point) · scale as float32. Constants of this form stay integers in files: no pass folds them.
 * @param q uint8, int8 or int32; the zero point has its type and the shape of the scale.
 * @param axis of q that vectors go along; default 0.
 */
export function dequantizeLinear(q: Tensor, scale: Tensor, zeroPoint: Tensor, axis = 0): Tensor {
  return createNode('dequantizeLinear', [q, scale, zeroPoint], { axis: axisOf(q, scale, axis) })[0]!;
}

/**
 * `x` (float32) as {@link quantizeLinear} and {@link dequantizeLinear} tell it: rounded, but still float32, for networks that learn to be
 * rounded (Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"). The
 * gradient passes straight through where x lies within what the type can tell, ends included, and is zero beyond (Bengio et al. 2013,
 * "Estimating or Propagating Gradients Through Stochastic Neurons"). None goes to scale and zero point.
 * @param scale float32 [], or [n] along `axis`.
 * @param zeroPoint uint8 or int8 of the same shape.
 * @param axis of x that vectors go along; default 0.
 */
export function fakeQuantize(x: Tensor, scale: Tensor, zeroPoint: Tensor, axis = 0): Tensor {
  return createNode('fakeQuantize', [x, scale, zeroPoint], { axis: axisOf(x, scale, axis) })[0]!;
}

/** A scalar has no axis to be wrong about. */
const axisOf = (x: Tensor, scale: Tensor, axis: number): number =>
  scale.rank === 0 ? 0 : normalizeAxis(axis, x.rank);
