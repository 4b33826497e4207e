/** @file Softmax cross entropy and its gradient, in operators that all have. */
import { div, exp, log, mul, reduceSum, sub } from '../builders.js';
import { classTargets, stabilizer } from '../class-targets.js';
import type { Tensor } from '../tensor.js';
import type { CrossEntropyAttributes } from '../vocabulary.js';
import type { LoweringRule } from './table.js';

/** What both have in common; of equal operators one stays. */
function parts(logits: Tensor, labels: Tensor, { weights }: CrossEntropyAttributes) {
  const shifted = sub(logits, stabilizer(logits));
  const exponentials = exp(shifted);
  const sums = reduceSum(exponentials, { axes: [1], keepDims: true });
  const { weighted } = classTargets(labels, logits.shape, weights.length > 0 ? weights : undefined);
  return { ...weighted, shifted, exponentials, sums, share: 1 / labels.size };
}

export const spelledCrossEntropy: LoweringRule<'crossEntropy'> = ({ attributes }, [logits, labels]) => {
  const { oneHot, valid, shifted, sums, share } = parts(logits!, labels!, attributes);
  const total = sub(reduceSum(mul(valid, log(sums))), reduceSum(mul(oneHot, shifted)));
  return [mul(total, share)];
};

/** (softmax − one hot) · dloss · weight / pixels */
export const crossEntropyGradient: LoweringRule<'crossEntropyGrad'> = (
  { attributes },
  [dloss, logits, labels],
) => {
  const { oneHot, valid, exponentials, sums, share } = parts(logits!, labels!, attributes);
  const scale = mul(dloss!, share);
  return [sub(mul(exponentials, div(mul(valid, scale), sums)), mul(oneHot, scale))];
};
