/** @file Stochastic regularisation by random factors that are zero or 1/(1 − p), so that the expectation stays. */
import { add, floor, mul } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';
import type { Scope } from './scope.js';

/**
 * Factors [N, 1, 1, 1] for stochastic depth (https://arxiv.org/abs/1603.09382): a residual branch is dropped for a whole
 * sample with probability `rate`. Undefined where nothing is dropped.
 */
export function dropPathFactors(scope: Scope, name: string, x: Tensor, rate: number): Tensor | undefined {
  return factors(scope, name, [x.shape[0]!, 1, 1, 1], rate);
}

/** Drops whole channels of x [N, C, H, W] with probability `rate` (https://arxiv.org/abs/1411.4280). */
export function dropout2d(scope: Scope, x: Tensor, rate: number): Tensor {
  const channelFactors = factors(scope, 'noise', [x.shape[0]!, x.shape[1]!, 1, 1], rate);
  return channelFactors ? scope.trace(() => mul(x, channelFactors)) : x;
}

/** ⌊keep + u⌋ / keep for uniform u. */
function factors(scope: Scope, name: string, shape: readonly number[], rate: number): Tensor | undefined {
  const uniform = rate > 0 ? scope.noise(name, shape) : undefined;
  const keep = 1 - rate;
  return uniform && scope.trace(() => mul(floor(add(uniform, keep)), 1 / keep));
}
