/** @file Group normalisation (https://arxiv.org/abs/1803.08494). */
import { reshape } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';
import { channelAffine } from './channel-affine.js';
import type { Scope } from './scope.js';
import { standardized } from './standardized.js';

/** Normalises x [N, C, H, W] per sample over each of `groups` runs of C / groups channels. */
export function groupNorm(scope: Scope, x: Tensor, groups: number): Tensor {
  return scope.trace(() => {
    const grouped = reshape(x, [x.shape[0]!, groups, x.size / x.shape[0]! / groups]);
    return channelAffine(scope, reshape(standardized(grouped, [2]), x.shape));
  });
}
