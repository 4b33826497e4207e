/** @file Labels as a loss compares them with logits. */

import { OtxError } from '../base/errors.js';
import { cast } from '../graph/builders.js';
import { type ClassTargets, classTargets } from '../graph/class-targets.js';
import { formatType, type Tensor } from '../graph/tensor.js';

/** What pixels should be. */
export interface Targets extends ClassTargets {
  /** N·H·W, ignored ones included. */
  readonly pixels: number;
}

/** @param weights of the classes. @throws OtxError `graph` naming the loss for labels that do not belong to the logits. */
export function targets(loss: string, logits: Tensor, labels: Tensor, weights?: readonly number[]): Targets {
  checkLabels(loss, logits, labels);
  return { ...classTargets(cast(labels, 'float32'), logits.shape, weights), pixels: labels.size };
}

/** @throws OtxError `graph` naming the loss for labels that do not belong to the logits. */
export function checkLabels(loss: string, logits: Tensor, labels: Tensor): void {
  const [n, , h, w] = logits.shape as [number, number, number, number];
  if (logits.rank !== 4 || labels.rank !== 3 || labels.size !== n * h * w)
    throw new OtxError(
      'graph',
      `${loss} of logits ${formatType(logits)} needs labels [N,H,W] of the same size, got ${formatType(labels)}`,
    );
}
