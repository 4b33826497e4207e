/** @file Softmax cross entropy for dense prediction. */
import { OtxError } from '../base/errors.js';
import {
  abs,
  cast,
  constant,
  equal,
  exp,
  less,
  log,
  mul,
  reduceMax,
  reduceSum,
  reshape,
  sub,
} from '../graph/builders.js';
import { formatType, type Tensor } from '../graph/tensor.js';

/**
 * Mean of −log softmax(logits)[label] over **all** pixels: ignored ones add nothing but stay in the denominator, so
 * that padding scales the loss down.
 * @param logits float32 [N, K, H, W]
 * @param labels uint8 or int32 [N, H, W]; everything outside 0…K−1, in particular 255, is ignored
 * @returns scalar
 */
export function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const [n, classes, h, w] = logits.shape as [number, number, number, number];
  if (logits.rank !== 4 || labels.rank !== 3 || labels.size !== n * h * w)
    throw new OtxError(
      'graph',
      `cross entropy of logits ${formatType(logits)} needs labels [N,H,W] of the same size, got ${formatType(labels)}`,
    );
  const label = reshape(cast(labels, 'float32'), [n, 1, h, w]);
  const classIndices = constant(
    Array.from({ length: classes }, (_, k) => k),
    [1, classes, 1, 1],
  );
  const oneHot = cast(equal(label, classIndices), 'float32');
  // |label − (K−1)/2| < K/2 exactly for the labels 0…K−1.
  const valid = cast(less(abs(sub(label, (classes - 1) / 2)), classes / 2), 'float32');

  const shifted = sub(logits, stabilizer(logits));
  const logSum = log(reduceSum(exp(shifted), { axes: [1], keepDims: true }));
  const total = sub(reduceSum(mul(valid, logSum)), reduceSum(mul(oneHot, shifted)));
  return mul(total, 1 / (n * h * w));
}

/**
 * The largest logit of each pixel, cut to an integer. Any value near the maximum keeps exp in range and cancels out of
 * the loss; as an integer it also carries no gradient, which would be zero and cost several passes over the logits.
 */
function stabilizer(logits: Tensor): Tensor {
  return cast(cast(reduceMax(logits, { axes: [1], keepDims: true }), 'int32'), 'float32');
}
