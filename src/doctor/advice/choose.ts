/** @file Which pictures of many to label next: those that a model is unsure of, and that are unlike each other. */

import { alikeGroups } from '../findings/alike.js';
import { nearestOf, type Placed, representatives } from './representatives.js';

/** Ways to choose. */
export const ADVICE_STRATEGIES = ['combined', 'uncertainty', 'coverage'] as const;
/**
 * What counts. `coverage`: that every picture has a chosen or labeled one near it, in the features of the model; `combined`: the
 * same, where pictures count the more the less the model is sure of them; `uncertainty`: how unsure the model is, and nothing else.
 */
export type AdviceStrategy = (typeof ADVICE_STRATEGIES)[number];

/** What a model makes of a picture. */
export interface MeasuredPicture {
  /** Mean entropy of the classes of a pixel, as a share of the largest there is. */
  readonly entropy: number;
  /** Mean share of the probability that another class has in the mirrored picture. */
  readonly disagreement: number;
  /** Means of the maps of the network, each with mean 0 and deviation 1 over all pictures. */
  readonly features: Float64Array;
  /** RGB of 16x16 patches. */
  readonly thumbnail: Uint8Array;
}

/** What is known of a picture that has its labels. */
export type LabeledPicture = Pick<MeasuredPicture, 'features' | 'thumbnail'>;

/** A picture that was chosen. */
export interface ChosenPicture {
  /** Which of those that were given. */
  readonly at: number;
  /** From 0 to 1: the mean of its ranks by entropy and by disagreement. */
  readonly uncertainty: number;
  /** Distance of its features from the nearest that is labeled or was chosen before it; NaN where there is none. */
  readonly distance: number;
}

/** What is chosen, and what was passed over. */
export interface Choice {
  /** The first is the most useful. */
  readonly chosen: readonly ChosenPicture[];
  /** Near duplicates of others, or of labeled pictures. */
  readonly duplicates: number;
}

/** Chooses up to `count` pictures, of near duplicates one, and none that is labeled. */
export function choosePictures(
  pictures: readonly MeasuredPicture[],
  count: number,
  strategy: AdviceStrategy,
  labeled: readonly LabeledPicture[] = [],
): Choice {
  const byEntropy = ranksOf(pictures.map(({ entropy }) => entropy));
  const byDisagreement = ranksOf(pictures.map(({ disagreement }) => disagreement));
  const uncertainty = byEntropy.map((rank, at) => (rank + byDisagreement[at]!) / 2);
  const left = withoutDuplicates(pictures, uncertainty, labeled);
  const features = pictures.map((picture) => picture.features);
  const known = labeled.map((picture) => picture.features);
  const sorted = [...left].sort((a, b) => uncertainty[b]! - uncertainty[a]! || a - b);
  const order =
    strategy === 'uncertainty'
      ? inOrder(sorted.slice(0, count), features, known)
      : representatives(left, count, {
          features,
          known,
          weights: strategy === 'combined' ? uncertainty : uncertainty.map(() => 1),
        });
  return {
    chosen: order.map(({ at, distance }) => ({ at, uncertainty: uncertainty[at]!, distance })),
    duplicates: pictures.length - left.length,
  };
}

/** From 0 for the least to 1 for the most; equal values have equal ranks. */
function ranksOf(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const last = Math.max(values.length - 1, 1);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2 / last);
}

/** Of each group that is one picture, the one that the model is least sure of; none where one of the group is labeled. */
function withoutDuplicates(
  pictures: readonly MeasuredPicture[],
  uncertainty: readonly number[],
  labeled: readonly LabeledPicture[],
): number[] {
  const passed = new Set<number>();
  for (const group of alikeGroups([...pictures, ...labeled].map(({ thumbnail }) => thumbnail))) {
    const isLabeled = group.some(({ at }) => at >= pictures.length);
    const sorted = group
      .map(({ at }) => at)
      .filter((at) => at < pictures.length)
      .sort((a, b) => uncertainty[b]! - uncertainty[a]! || a - b);
    for (const at of isLabeled ? sorted : sorted.slice(1)) passed.add(at);
  }
  return pictures.map((_, at) => at).filter((at) => !passed.has(at));
}

/** As they come, with their distances. */
function inOrder(
  pool: readonly number[],
  features: readonly Float64Array[],
  known: readonly Float64Array[],
): Placed[] {
  return pool.map((at, index) => {
    const before = [...known, ...pool.slice(0, index).map((other) => features[other]!)];
    return { at, distance: before.length === 0 ? Number.NaN : nearestOf(features[at]!, before) };
  });
}

/** Each axis with mean 0 and deviation 1; one that is the same everywhere is 0. */
export function standardised(rows: readonly Float32Array[]): Float64Array[] {
  const [first] = rows;
  if (!first) return [];
  const means = Float64Array.from(
    first,
    (_, axis) => rows.reduce((sum, row) => sum + row[axis]!, 0) / rows.length,
  );
  const deviations = means.map((mean, axis) =>
    Math.sqrt(rows.reduce((sum, row) => sum + (row[axis]! - mean) ** 2, 0) / rows.length),
  );
  return rows.map((row) =>
    Float64Array.from(row, (value, axis) =>
      deviations[axis]! > 0 ? (value - means[axis]!) / deviations[axis]! : 0,
    ),
  );
}
