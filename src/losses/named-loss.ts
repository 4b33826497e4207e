/** @file What a loss of a segmentation is. */

import type { Tensor } from '../graph/tensor.js';

/**
 * A loss: how wrong logits are.
 *
 * @param logits float32 [N, K, H, W], K classes, background first.
 * @param labels uint8 [N, H, W], class indices; 255 is ignored.
 * @returns a float32 scalar that falls as the logits get better.
 */
export type SegmentationLoss = (logits: Tensor, labels: Tensor) => Tensor;

/** A loss in which pixels of some classes may count more than others. @param weights of the classes; default 1 */
export type WeightedLoss = (logits: Tensor, labels: Tensor, weights?: readonly number[]) => Tensor;

/** A choice of the setting `loss`: what a file of `segmentation` exports as `entry`. The name is that of the file. */
export interface NamedLoss {
  readonly loss: WeightedLoss;
  /** Part of a sentence, for the help of the setting. */
  readonly description: string;
}
