/** @file Gradient clipping by global norm. */
import { add, div, minimum, mul, reduceSum, sqrt } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';

/**
 * Scales all gradients by min(1, maxNorm / (norm + 1e-6)), so that their joint L2 norm is at most `maxNorm`.
 * @param gradient flat vector of all gradients
 * @returns the scaled vector, and the norm before scaling (scalar)
 */
export function clipByGlobalNorm(gradient: Tensor, maxNorm: number): { gradient: Tensor; norm: Tensor } {
  const norm = sqrt(reduceSum(mul(gradient, gradient)));
  const factor = minimum(div(maxNorm, add(norm, 1e-6)), 1);
  return { gradient: mul(gradient, factor), norm };
}
