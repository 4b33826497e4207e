/** @file Softmax cross entropy for dense prediction. */
import { cast, exp, log, mul, reduceMax, reduceSum, sub } from '../../graph/builders.js';
import type { Tensor } from '../../graph/tensor.js';
import type { NamedLoss } from '../named-loss.js';
import { targets } from '../targets.js';

export const entry: NamedLoss = {
  loss: crossEntropy,
  description: 'mean over all pixels',
};

/**
 * Mean of −log softmax(logits)[label] over **all** pixels: ignored ones add nothing but stay in the denominator, so
 * that padding scales the loss down.
 * @param logits float32 [N, K, H, W]
 * @param labels uint8 or int32 [N, H, W]; everything outside 0…K−1, in particular 255, is ignored
 * @param weights how much a pixel of each class counts; the denominator stays. Default 1.
 * @returns scalar
 */
export function crossEntropy(logits: Tensor, labels: Tensor, weights?: readonly number[]): Tensor {
  const { weighted, pixels } = targets('cross entropy', logits, labels, weights);
  const { oneHot, valid } = weighted;

  const shifted = sub(logits, stabilizer(logits));
  const logSum = log(reduceSum(exp(shifted), { axes: [1], keepDims: true }));
  const total = sub(reduceSum(mul(valid, logSum)), reduceSum(mul(oneHot, shifted)));
  return mul(total, 1 / pixels);
}

/**
 * The largest logit of each pixel, cut to an integer. Any value near the maximum keeps exp in range and cancels out of
 * the loss; as an integer it also carries no gradient, which would be zero and cost several passes over the logits.
 */
export function stabilizer(logits: Tensor): Tensor {
  return cast(cast(reduceMax(logits, { axes: [1], keepDims: true }), 'int32'), 'float32');
}
