/** @file Class indices of pixels as they are compared with logits. */
import { abs, cast, constant, equal, less, mul, reduceMax, reduceSum, reshape, sub } from './builders.js';
import type { Shape, Tensor } from './tensor.js';

/** What pixels should be. */
export interface ClassTargets {
  /** float32 [N, K, H, W], 1 for the class of a pixel; all 0 for ignored ones. */
  readonly oneHot: Tensor;
  /** float32 [N, 1, H, W], 1 where a pixel counts. */
  readonly valid: Tensor;
  /** `oneHot` and `valid` times the weight of the class of a pixel; without weights these themselves. */
  readonly weighted: { readonly oneHot: Tensor; readonly valid: Tensor };
}

/**
 * @param labels float32 [N, H, W]; everything outside 0…K−1 is ignored
 * @param shape of the logits, [N, K, H, W]
 * @param weights of the classes; default 1
 */
export function classTargets(labels: Tensor, shape: Shape, weights?: readonly number[]): ClassTargets {
  const [n, classes, h, w] = shape as [number, number, number, number];
  const label = reshape(labels, [n, 1, h, w]);
  const classIndices = constant(
    Array.from({ length: classes }, (_, k) => k),
    [1, classes, 1, 1],
  );
  const oneHot = cast(equal(label, classIndices), 'float32');
  // |label − (K−1)/2| < K/2 exactly for the labels 0…K−1.
  const valid = cast(less(abs(sub(label, (classes - 1) / 2)), classes / 2), 'float32');
  return { oneHot, valid, weighted: weighted({ oneHot, valid }, weights) };
}

/** Without weights nothing is computed that was not before. */
function weighted(
  plain: Pick<ClassTargets, 'oneHot' | 'valid'>,
  weights: readonly number[] | undefined,
): ClassTargets['weighted'] {
  if (!weights) return plain;
  const oneHot = mul(plain.oneHot, constant(weights, [1, weights.length, 1, 1]));
  return { oneHot, valid: reduceSum(oneHot, { axes: [1], keepDims: true }) };
}

/**
 * The largest logit of each pixel, cut to an integer. Any value near the maximum keeps exp in range and cancels out of
 * the loss; as an integer it also carries no gradient, which would be zero and cost several passes over the logits.
 */
export function stabilizer(logits: Tensor): Tensor {
  return cast(cast(reduceMax(logits, { axes: [1], keepDims: true }), 'int32'), 'float32');
}
