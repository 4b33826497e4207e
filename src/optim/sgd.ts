/** @file Stochastic gradient descent with momentum and L2 decay on one flat vector of parameters. */
import { add, mul, sub } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';

export interface SgdOptions {
  /** Default 0.9. */
  readonly momentum?: number;
  /** L2 penalty, added to the gradient; default 0. */
  readonly weightDecay?: number;
}

/** What one update reads; both vectors have the same length. */
export interface SgdState {
  readonly parameters: Tensor;
  /** Running sum of gradients, zero before the first update. */
  readonly velocity: Tensor;
}

/**
 * v ← momentum · v + g + weightDecay · p, p ← p − lr · v: the learning rate is outside of the velocity, so that a change
 * of it acts at once, as in PyTorch.
 * @param learningRate scalar
 */
export function sgd(
  { parameters, velocity }: SgdState,
  gradient: Tensor,
  learningRate: Tensor,
  { momentum = 0.9, weightDecay = 0 }: SgdOptions = {},
): SgdState {
  const penalized = weightDecay === 0 ? gradient : add(gradient, mul(parameters, weightDecay));
  const next = add(mul(velocity, momentum), penalized);
  return { parameters: sub(parameters, mul(next, learningRate)), velocity: next };
}
