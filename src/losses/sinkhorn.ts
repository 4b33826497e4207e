/** @file Equal shares of prototypes by the Sinkhorn-Knopp iteration (https://arxiv.org/abs/2006.09882), as one static expression. */
import { div, exp, full, maximum, mul, reduceSum, type Tensor } from '../graph/index.js';

/** Sharpness of the assignment. */
const EPSILON = 0.05;
const ITERATIONS = 3;
const TINY = 1e-30;

/**
 * Distributes the pixels of each class over the prototypes of that class, so that all prototypes get about the same number
 * and each pixel's shares add up to 1. How many pixels a class has is known only at run time: the others are in the tensor
 * too, with share 0.
 *
 * @param scores float32 [N, K, M, H, W], cosines of pixels and the M prototypes of each of K classes
 * @param members float32 [N, K, 1, H, W], 1 where a pixel is of the class, else 0; a pixel is of one class at most
 * @returns shares, [N, K, M, H, W]
 */
export function sinkhorn(scores: Tensor, members: Tensor): Tensor {
  const prototypes = scores.shape[2]!;
  const perPrototype = { axes: [0, 3, 4], keepDims: true };
  const perPixel = { axes: [2], keepDims: true };
  const normalised = (x: Tensor, total: Tensor): Tensor => div(x, maximum(total, TINY));

  const pixels = maximum(reduceSum(members, { axes: [0, 2, 3, 4], keepDims: true }), full([], 1));
  let shares = mul(exp(mul(scores, 1 / EPSILON)), members);
  shares = normalised(shares, reduceSum(shares, { axes: [0, 2, 3, 4], keepDims: true }));
  for (let i = 0; i < ITERATIONS; i++) {
    shares = mul(normalised(shares, reduceSum(shares, perPrototype)), 1 / prototypes);
    shares = div(normalised(shares, reduceSum(shares, perPixel)), pixels);
  }
  return mul(shares, pixels);
}
