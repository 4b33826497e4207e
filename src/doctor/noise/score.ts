/** @file How strongly a model contradicts the labels of one image. */

import { connectedRegions } from '../../data/masks/connected-regions.js';
import { CERTAIN, type CellMap } from './cells.js';
import { type Confidence, contradicts } from './confident.js';

/** What speaks against the labels of an image. */
export interface Contradiction {
  /**
   * The larger, the more there is to look at; comparable within one data set and model only. The sum over connected regions of the
   * squared weight of their cells (how much surer the model is of its word than of the label, times how rare that confusion is),
   * so that one large region counts for more than many small ones.
   */
  readonly score: number;
  /** Share of the compared cells where the model is sure of another class. */
  readonly share: number;
  /** What it says instead, the largest part first. */
  readonly changes: readonly LabelChange[];
  /** The contradictory cells: 1 + the class that the model says, else 0; HW. */
  readonly marked: Uint8Array;
}

/** Cells of one label for which the model says one other class. */
export interface LabelChange {
  readonly label: number;
  readonly guess: number;
  /** Of the compared cells. */
  readonly share: number;
}

export function contradictionOf(cells: CellMap, { thresholds, rarity }: Confidence): Contradiction {
  const { label, guess, guessed, believed, width } = cells;
  const marked = label.map((_, i) => (contradicts(cells, thresholds, i) ? 1 + guess[i]! : 0));
  const compared = Math.max(
    label.reduce((sum, own) => sum + (own < thresholds.length ? 1 : 0), 0),
    1,
  );
  const { regions, indices } = connectedRegions(marked, width);
  const weights = new Float64Array(regions.length);
  const pairs = new Map<string, { label: number; guess: number; count: number }>();
  let count = 0;
  for (let i = 0; i < marked.length; i++) {
    if (marked[i] === 0) continue;
    const [own, other] = [label[i]!, guess[i]!];
    weights[indices[i]!]! += (rarity[own]![other]! * (guessed[i]! - believed[i]!)) / CERTAIN;
    const key = `${own} ${other}`;
    const pair = pairs.get(key) ?? { label: own, guess: other, count: 0 };
    pair.count += 1;
    pairs.set(key, pair);
    count += 1;
  }
  return {
    score: Math.sqrt(weights.reduce((sum, weight) => sum + weight * weight, 0)) / compared,
    share: count / compared,
    changes: [...pairs.values()]
      .sort((a, b) => b.count - a.count)
      .map((pair) => ({ label: pair.label, guess: pair.guess, share: pair.count / compared })),
    marked,
  };
}
