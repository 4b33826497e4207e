/** @file Learned scale and shift per channel, the end of every normalisation. */
import { add, mul, reshape } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';
import { constantInit } from './initializers.js';
import type { Scope } from './scope.js';

/** x [N, C, H, W] · `weight` + `bias`, which start at 1 and 0. */
export function channelAffine(scope: Scope, x: Tensor): Tensor {
  const channels = x.shape[1]!;
  const weight = scope.parameter('weight', [channels], constantInit(1));
  const bias = scope.parameter('bias', [channels], constantInit(0));
  return add(mul(x, perChannel(weight)), perChannel(bias));
}

/** [C] → [1, C, 1, 1], which broadcasts over NCHW maps. */
export function perChannel(vector: Tensor): Tensor {
  return reshape(vector, [1, vector.size, 1, 1]);
}
