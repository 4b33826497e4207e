/**
 * @file Confident learning for segmentation (Northcutt, Jiang, Chuang: "Confident Learning: Estimating Uncertainty in Dataset
 * Labels", 2021, arXiv 1911.00068), with the cells of images as its examples.
 */

import { IGNORE_INDEX } from '../../data/index.js';
import { CERTAIN, type CellMap } from './cells.js';

/** What is to be expected of a model on a data set: against this its word on one image is held. */
export interface Confidence {
  /**
   * By class, how sure the model has to be of it for its word to count against a label: as sure as it is on average where the class
   * is labelled, so that a class of which it is never sure is not held to the standard of others. From 0 to 255; more for a
   * class without labels.
   */
  readonly thresholds: readonly number[];
  /**
   * Weight of a contradiction, by label and by what the model says instead: the logarithm of how rare it is among the cells of that
   * label. What a model confuses everywhere is its own fault.
   */
  readonly rarity: readonly (readonly number[])[];
}

export function confidenceOf(images: readonly CellMap[], classes: number): Confidence {
  const sums = new Array<number>(classes).fill(0);
  const counts = new Array<number>(classes).fill(0);
  for (const { label, believed } of images) {
    for (let i = 0; i < label.length; i++) {
      const own = label[i]!;
      if (own >= classes) continue;
      sums[own]! += believed[i]!;
      counts[own]! += 1;
    }
  }
  const thresholds = counts.map((count, index) => (count > 0 ? sums[index]! / count : CERTAIN + 1));
  const pairs = counts.map(() => new Array<number>(classes).fill(0));
  for (const cells of images) {
    for (let i = 0; i < cells.label.length; i++) {
      if (contradicts(cells, thresholds, i)) pairs[cells.label[i]!]![cells.guess[i]!]! += 1;
    }
  }
  const rarity = pairs.map((row, label) => row.map((count) => Math.log(counts[label]! / Math.max(count, 1))));
  return { thresholds, rarity };
}

/** Whether the model is sure that a cell is of another class than its label. */
export function contradicts(
  { label, guess, guessed }: CellMap,
  thresholds: readonly number[],
  i: number,
): boolean {
  const own = label[i]!;
  const other = guess[i]!;
  return own !== IGNORE_INDEX && other !== own && guessed[i]! >= thresholds[other]!;
}
