/** @file Cross entropy with soft Dice (https://arxiv.org/abs/1606.04797), which weighs small classes like large ones. */

import { add, div, exp, mul, reduceSum, sub } from '../../graph/builders.js';
import { stabilizer } from '../../graph/class-targets.js';
import type { Tensor } from '../../graph/tensor.js';
import type { NamedLoss } from '../named-loss.js';
import { targets } from '../targets.js';
import { crossEntropy } from './cross-entropy.js';

export const entry: NamedLoss = {
  loss: diceCrossEntropy,
  description: 'cross entropy and soft Dice, which weighs small classes like large ones',
};

/** Pixels added above and below, so that a class that neither truth nor prediction shows counts as right. */
const SMOOTH = 1;

/**
 * {@link crossEntropy} + 1 − the mean over the classes of 2·Σpy / (Σp + Σy), p the probability of the class and y 1 where it is
 * true, summed over the whole batch without ignored pixels.
 *
 * @param logits float32 [N, K, H, W]
 * @param labels uint8 or int32 [N, H, W]; everything outside 0…K−1, in particular 255, is ignored
 * @param weights how much a pixel of each class counts in the cross entropy. Default 1.
 * @returns scalar
 */
export function diceCrossEntropy(logits: Tensor, labels: Tensor, weights?: readonly number[]): Tensor {
  const { oneHot, valid } = targets('Dice loss', logits, labels);
  const exponentials = exp(sub(logits, stabilizer(logits)));
  const sums = reduceSum(exponentials, { axes: [1], keepDims: true });
  const probabilities = mul(valid, div(exponentials, sums));
  const ofClass = (values: Tensor) => reduceSum(values, { axes: [0, 2, 3] });
  const both = add(mul(ofClass(mul(probabilities, oneHot)), 2), SMOOTH);
  const either = add(add(ofClass(probabilities), ofClass(oneHot)), SMOOTH);
  const dice = reduceSum(div(both, either));
  const classes = logits.shape[1] as number;
  return add(crossEntropy(logits, labels, weights), sub(1, mul(dice, 1 / classes)));
}
