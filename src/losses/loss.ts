/** @file The losses of a segmentation by name: a new one is a new file in `segmentation`. */

import type { NamedLoss, SegmentationLoss } from './named-loss.js';
import { entries } from './segmentation/index.js';

/** Name of a loss. */
export type LossName = keyof typeof entries;

const LOSSES: Readonly<Record<LossName, NamedLoss>> = entries;

/** Names of all losses. */
export const LOSS_NAMES = Object.keys(LOSSES) as [LossName, ...LossName[]];

/** Every loss with what it does, for the help of the setting. */
export const LOSS_WORDS = LOSS_NAMES.map((name) => `${name}: ${LOSSES[name].description}`).join('; ');

/** The loss of a name. @param weights how much a pixel of each class counts; default 1 */
export const lossOf =
  (name: LossName, weights?: readonly number[]): SegmentationLoss =>
  (logits, labels) =>
    LOSSES[name].loss(logits, labels, weights);
