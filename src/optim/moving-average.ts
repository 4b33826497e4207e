/**
 * @file Averages of weights over the steps of a training: exponential, as of a mean teacher (https://arxiv.org/abs/1703.01780), and
 * uniform over the last steps, stochastic weight averaging (Izmailov et al. 2018, https://arxiv.org/abs/1803.05407).
 */
import { add, mul, sub } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';

/** keep · average + (1 − keep) · value, for a scalar `keep`. */
export function movingAverage(average: Tensor, value: Tensor, keep: Tensor): Tensor {
  return add(mul(sub(average, value), keep), value);
}

/**
 * What an average keeps of itself in one update. Until `momentum` takes over it looks back on about a tenth of the updates so
 * far: the first values are worth nothing, and are to be forgotten as fast as the average can afford.
 * @param update number of the update, from 1; the average starts as a copy of the value before it
 */
export function averageKeep(momentum: number, update: number): number {
  return Math.min(momentum, (1 + update) / (10 + update));
}

/**
 * What an average keeps of itself in one update so that the values of all updates after the first `skipped` count alike. Until then
 * it is the newest value.
 * @param update number of the update, from 1
 */
export function uniformKeep(skipped: number, update: number): number {
  const averaged = update - skipped;
  return averaged > 1 ? 1 - 1 / averaged : 0;
}
