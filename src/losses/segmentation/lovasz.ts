/**
 * @file Cross entropy with the Lovász-softmax loss (https://arxiv.org/abs/1705.08790), a surrogate of the mean IoU that a
 * gradient can follow.
 */

import {
  add,
  cumSum,
  div,
  exp,
  full,
  gatherElements,
  greater,
  maximum,
  minimum,
  mul,
  reduceSum,
  reshape,
  scatterElements,
  slice,
  sort,
  stopGradient,
  sub,
  transpose,
  where,
} from '../../graph/builders.js';
import { stabilizer } from '../../graph/class-targets.js';
import type { Shape, Tensor } from '../../graph/tensor.js';
import type { NamedLoss } from '../named-loss.js';
import { targets } from '../targets.js';
import { crossEntropy } from './cross-entropy.js';

export const entry: NamedLoss = {
  loss: lovaszCrossEntropy,
  description: 'cross entropy and the Lovász-softmax loss, which follows the mean IoU of the classes',
};

/** Most values that a step sorts: beyond, sorting would take longer than small networks do. About a second on one core. */
const MOST_SORTED = 2 ** 22;

/**
 * {@link crossEntropy} + {@link lovaszSoftmax}, one to one, as most use it. Alone the latter learns slowly from the beginning: its
 * gradient in the logits has the factor p(1 − p), which is near 0 where a class is hardly predicted yet.
 *
 * @param logits float32 [N, K, H, W]
 * @param labels uint8 or int32 [N, H, W]; everything outside 0…K−1, in particular 255, is ignored
 * @param weights how much a pixel of each class counts in the cross entropy. Default 1.
 * @returns scalar
 */
export function lovaszCrossEntropy(logits: Tensor, labels: Tensor, weights?: readonly number[]): Tensor {
  return add(crossEntropy(logits, labels, weights), lovaszSoftmax(logits, labels));
}

/**
 * Mean over the classes that the labels of the batch show of the Lovász extension of 1 − IoU: the errors of a class, 1 − p where it
 * is true and p elsewhere, times what each adds to 1 − IoU if the pixels are taken for wrong one after the other, the worst
 * first. Over the whole batch without ignored pixels; 0 where all are ignored.
 *
 * Where N·K·H·W is more than 4.2 million values, it looks at every second pixel in both directions, at every third, and so on:
 * neighbours say nearly the same, since networks tell classes at a part of the size of the image.
 *
 * @param logits float32 [N, K, H, W]
 * @param labels uint8 or int32 [N, H, W]; everything outside 0…K−1, in particular 255, is ignored
 * @returns scalar
 */
export function lovaszSoftmax(logits: Tensor, labels: Tensor): Tensor {
  const all = targets('Lovász loss', logits, labels);
  const step = thinning(logits.shape);
  const thinned = (x: Tensor) => slice(slice(x, 2, 0, x.shape[2]!, step), 3, 0, x.shape[3]!, step);
  const [scores, oneHot, valid] = [thinned(logits), thinned(all.oneHot), thinned(all.valid)];
  const byClass = (x: Tensor) => reshape(transpose(x, [1, 0, 2, 3]), [x.shape[1]!, -1]);

  const exponentials = exp(sub(scores, stabilizer(scores)));
  const probabilities = div(exponentials, reduceSum(exponentials, { axes: [1], keepDims: true }));
  // 1 − p where the class is true, p where another one is, 0 of an ignored pixel.
  const truth = byClass(oneHot);
  const signed = mul(sub(valid, mul(oneHot, 2)), probabilities);
  const errors = add(truth, byClass(signed));

  const perClass = reduceSum(truth, { axes: [1], keepDims: true });
  const present = reduceSum(minimum(perClass, 1));
  const total = reduceSum(mul(errors, jaccardSteps(errors, truth, byClass(valid), perClass)));
  return div(total, maximum(present, 1));
}

/** Every how manieth pixel in both directions leaves few enough to sort, for logits of a shape [N, K, H, W]. */
function thinning([n, classes, h, w]: Shape): number {
  const sorted = (step: number) => n! * classes! * Math.ceil(h! / step) * Math.ceil(w! / step);
  let step = 1;
  while (sorted(step) > MOST_SORTED && step < Math.max(h!, w!)) step += 1;
  return step;
}

/**
 * What each pixel adds to 1 − IoU of a class as the pixels turn wrong in the order of their errors, [K, P], without a gradient. With
 * F true and B other pixels so far, the pixel itself included, and T true ones in all, 1 − IoU is 1 − (T − F) / (T + B): it grows by
 * 1 / (T + B) with a true pixel and by (T − F) / ((T + B)(T + B − 1)) with another. Differences of the quotients themselves would
 * be lost in rounding where there are many pixels. Of a class without true pixels all is 0.
 */
function jaccardSteps(errors: Tensor, truth: Tensor, valid: Tensor, perClass: Tensor): Tensor {
  // Ignored pixels come last. A step whose loss is not a number is undone, but NaN must not get into the sorting.
  const key = where(greater(errors, 0), errors, sub(valid, 1));
  const { positions } = sort(stopGradient(key), 1);
  const isTrue = gatherElements(truth, positions, 1);
  const found = cumSum(isTrue, 1);
  const rank = cumSum(full([1, truth.shape[1]!], 1), 1);
  const union = add(perClass, sub(rank, found));
  const ofOthers = div(sub(perClass, found), maximum(sub(union, 1), 1));
  const steps = div(where(greater(isTrue, 0), 1, ofOthers), union);
  return scatterElements(full(truth.shape, 0), positions, steps, 1);
}
