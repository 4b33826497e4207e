/** @file Softmax cross entropy for dense prediction. */
import { cast, reshape } from '../../graph/builders.js';
import { createNode, type Tensor } from '../../graph/tensor.js';
import type { NamedLoss } from '../named-loss.js';
import { checkLabels } from '../targets.js';

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
export function crossEntropy(logits: Tensor, labels: Tensor, weights: readonly number[] = []): Tensor {
  checkLabels('cross entropy', logits, labels);
  const [n, , h, w] = logits.shape as [number, number, number, number];
  const values = reshape(cast(labels, 'float32'), [n, h, w]);
  return createNode('crossEntropy', [logits, values], { weights })[0]!;
}
