/** @file How unsure a model is of each pixel. */

import type { Size } from '../../data/index.js';
import type { GrayMap } from './activation.js';

/**
 * The entropy of each pixel's probabilities as a share of the largest there is: 0 where one class is certain, 1 where all are equally
 * probable.
 *
 * @param probabilities [classes, H, W].
 */
export function entropyMap(probabilities: Float32Array, classes: number, { width, height }: Size): GrayMap {
  const area = width * height;
  const data = new Float32Array(area);
  if (classes < 2) return { width, height, data };
  for (let k = 0; k < classes; k++) {
    for (let i = 0, at = k * area; i < area; i++, at++) {
      const p = probabilities[at]!;
      if (p > 0) data[i]! -= p * Math.log(p);
    }
  }
  const most = Math.log(classes);
  for (let i = 0; i < area; i++) data[i] = Math.min(Math.max(data[i]! / most, 0), 1);
  return { width, height, data };
}
