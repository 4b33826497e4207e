/** @file What a loss of a segmentation is, and the losses by name: a new one is a new entry of the record. */

import type { Tensor } from '../graph/tensor.js';
import { crossEntropy } from './cross-entropy.js';
import { diceCrossEntropy } from './dice.js';
import { focal } from './focal.js';
import { lovaszCrossEntropy } from './lovasz.js';

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

/** By the names of the setting `loss`. */
const LOSSES = {
  cross_entropy: crossEntropy,
  focal,
  dice: diceCrossEntropy,
  lovasz: lovaszCrossEntropy,
} as const satisfies Readonly<Record<string, WeightedLoss>>;

/** Name of a loss. */
export type LossName = keyof typeof LOSSES;

/** Names of all losses; the first is the default. */
export const LOSS_NAMES = Object.keys(LOSSES) as [LossName, ...LossName[]];

/** The loss of a name. @param weights how much a pixel of each class counts; default 1 */
export const lossOf =
  (name: LossName, weights?: readonly number[]): SegmentationLoss =>
  (logits, labels) =>
    LOSSES[name](logits, labels, weights);
