/** @file Focal loss (https://arxiv.org/abs/1708.02002): cross entropy that leaves out what is right already. */

import { exp, log, mul, reduceSum, sub } from '../../graph/builders.js';
import { stabilizer } from '../../graph/class-targets.js';
import type { Tensor } from '../../graph/tensor.js';
import type { NamedLoss } from '../named-loss.js';
import { targets } from '../targets.js';

export const entry: NamedLoss = {
  loss: focal,
  description: 'leaves out pixels that are right already',
};

/**
 * Mean of −(1 − p)² log p over all pixels, p the probability of the true class; ignored pixels add nothing but stay in the
 * denominator. The exponent 2 is the paper's.
 *
 * @param logits float32 [N, K, H, W]
 * @param labels uint8 or int32 [N, H, W]; everything outside 0…K−1, in particular 255, is ignored
 * @param weights how much a pixel of each class counts; the denominator stays. Default 1.
 * @returns scalar
 */
export function focal(logits: Tensor, labels: Tensor, weights?: readonly number[]): Tensor {
  const { oneHot, valid, weighted, pixels } = targets('focal loss', logits, labels, weights);
  const shifted = sub(logits, stabilizer(logits));
  const logSum = log(reduceSum(exp(shifted), { axes: [1], keepDims: true }));
  const logP = sub(reduceSum(mul(oneHot, shifted), { axes: [1], keepDims: true }), mul(valid, logSum));
  // Of an ignored pixel log p is 0 and p is 1: it adds nothing.
  const rest = sub(1, exp(logP));
  const terms = mul(mul(rest, rest), logP);
  return mul(reduceSum(weights ? mul(terms, weighted.valid) : terms), -1 / pixels);
}
