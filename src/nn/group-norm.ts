/** @file Group normalisation (https://arxiv.org/abs/1803.08494). */
import { add, div, mul, reduceMean, reshape, sqrt, sub } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';
import { constantInit } from './initializers.js';
import type { Scope } from './scope.js';

const EPSILON = 1e-5;

/**
 * Normalises x [N, C, H, W] per sample over each of `groups` runs of C / groups channels. Statistics and affine part meet
 * in one factor and one offset per channel and sample, so that only a product and a sum pass over the map.
 */
export function groupNorm(scope: Scope, x: Tensor, groups: number): Tensor {
  return scope.trace(() => {
    const [n, channels, ...space] = x.shape as [number, number, ...number[]];
    const perGroup = channels / groups;
    const affine = (name: string, start: number): Tensor =>
      reshape(scope.parameter(name, [channels], constantInit(start)), [1, groups, perGroup]);
    const [weight, bias] = [affine('weight', 1), affine('bias', 0)];

    const grouped = reshape(x, [n, groups, x.size / n / groups]);
    const mean = reduceMean(grouped, { axes: [2], keepDims: true });
    const centred = sub(grouped, mean);
    const variance = reduceMean(mul(centred, centred), { axes: [2], keepDims: true });
    const factor = mul(weight, div(1, sqrt(add(variance, EPSILON))));
    const offset = sub(bias, mul(mean, factor));

    const perChannel = (values: Tensor): Tensor => reshape(values, [n, channels, ...space.map(() => 1)]);
    return add(mul(x, perChannel(factor)), perChannel(offset));
  });
}
