/** @file Layer normalisation over channels (https://arxiv.org/abs/1607.06450). */
import type { Tensor } from '../graph/tensor.js';
import { channelAffine } from './channel-affine.js';
import type { Scope } from './scope.js';
import { standardized } from './standardized.js';

/** Normalises x [N, C, H, W] over C at every position, in place of a transposition to channels-last and back. */
export function layerNorm(scope: Scope, x: Tensor): Tensor {
  return scope.trace(() => channelAffine(scope, standardized(x, [1])));
}
