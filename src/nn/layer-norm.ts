/** @file Layer normalisation over channels (https://arxiv.org/abs/1607.06450). */
import { add, div, mul, reduceMean, sqrt, sub } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';
import { constantInit } from './initializers.js';
import { perChannel } from './per-channel.js';
import type { Scope } from './scope.js';

const EPSILON = 1e-5;

/** Normalises x [N, C, H, W] over C at every position, without transposing to channels-last and back. */
export function layerNorm(scope: Scope, x: Tensor): Tensor {
  return scope.trace(() => {
    const channels = x.shape[1]!;
    const weight = scope.parameter('weight', [channels], constantInit(1));
    const bias = scope.parameter('bias', [channels], constantInit(0));
    const centred = sub(x, reduceMean(x, { axes: [1], keepDims: true }));
    const variance = reduceMean(mul(centred, centred), { axes: [1], keepDims: true });
    const normalized = mul(centred, div(1, sqrt(add(variance, EPSILON))));
    return add(mul(normalized, perChannel(weight)), perChannel(bias));
  });
}
