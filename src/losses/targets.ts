/** @file Labels as a loss compares them with logits. */

import { OtxError } from '../base/errors.js';
import { abs, cast, constant, equal, less, mul, reduceSum, reshape, sub } from '../graph/builders.js';
import { formatType, type Tensor } from '../graph/tensor.js';

/** What pixels should be. */
export interface Targets {
  /** float32 [N, K, H, W], 1 for the class of a pixel; all 0 for ignored ones. */
  readonly oneHot: Tensor;
  /** float32 [N, 1, H, W], 1 where a pixel counts. */
  readonly valid: Tensor;
  /** `oneHot` and `valid` times the weight of the class of a pixel; without weights these themselves. */
  readonly weighted: { readonly oneHot: Tensor; readonly valid: Tensor };
  /** N·H·W, ignored ones included. */
  readonly pixels: number;
}

/** Without weights nothing is computed that was not before. */
function weighted(
  plain: Pick<Targets, 'oneHot' | 'valid'>,
  weights: readonly number[] | undefined,
): Targets['weighted'] {
  if (!weights) return plain;
  const oneHot = mul(plain.oneHot, constant(weights, [1, weights.length, 1, 1]));
  return { oneHot, valid: reduceSum(oneHot, { axes: [1], keepDims: true }) };
}

/** @param weights of the classes. @throws OtxError `graph` naming the loss for labels that do not belong to the logits. */
export function targets(loss: string, logits: Tensor, labels: Tensor, weights?: readonly number[]): Targets {
  const [n, classes, h, w] = logits.shape as [number, number, number, number];
  if (logits.rank !== 4 || labels.rank !== 3 || labels.size !== n * h * w)
    throw new OtxError(
      'graph',
      `${loss} of logits ${formatType(logits)} needs labels [N,H,W] of the same size, got ${formatType(labels)}`,
    );
  const label = reshape(cast(labels, 'float32'), [n, 1, h, w]);
  const classIndices = constant(
    Array.from({ length: classes }, (_, k) => k),
    [1, classes, 1, 1],
  );
  const oneHot = cast(equal(label, classIndices), 'float32');
  // |label − (K−1)/2| < K/2 exactly for the labels 0…K−1.
  const valid = cast(less(abs(sub(label, (classes - 1) / 2)), classes / 2), 'float32');
  return { oneHot, valid, weighted: weighted({ oneHot, valid }, weights), pixels: n * h * w };
}
