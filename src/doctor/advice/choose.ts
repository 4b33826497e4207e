/** @file Which pictures of many to label next: those that a model is unsure of, and that are unlike each other. */

import { alikeGroups } from '../findings/alike.js';

/** Ways to choose. */
export const ADVICE_STRATEGIES = ['combined', 'uncertainty', 'coverage'] as const;
/**
 * What counts. `uncertainty`: how unsure the model is; `coverage`: that the chosen pictures are far from each other, and from
 * those that are labeled, in its features; `combined`: of the pictures that it is least sure of, three for each that is wanted, those
 * that are so.
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

/** Candidates for each picture that is wanted. */
const POOL = 3;

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
  const sorted = [...left].sort((a, b) => uncertainty[b]! - uncertainty[a]! || a - b);
  const pool =
    strategy === 'coverage' ? left : sorted.slice(0, strategy === 'combined' ? POOL * count : count);
  const features = pictures.map((picture) => picture.features);
  const known = labeled.map((picture) => picture.features);
  const start = strategy === 'coverage' ? central(pool, features) : pool[0];
  const order =
    strategy === 'uncertainty'
      ? inOrder(pool, features, known)
      : farthestFirst(pool, features, { count, known, start });
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

interface Placed {
  readonly at: number;
  readonly distance: number;
}

interface Spreading {
  readonly count: number;
  /** Features of what is labeled. */
  readonly known: readonly Float64Array[];
  /** The first, where nothing is labeled. */
  readonly start: number | undefined;
}

/**
 * Each the one that is farthest from all before it and from all that are labeled: greedy k-center (Sener and Savarese, "Active Learning
 * for Convolutional Neural Networks: A Core-Set Approach", ICLR 2018).
 */
function farthestFirst(
  pool: readonly number[],
  features: readonly Float64Array[],
  { count, known, start }: Spreading,
): Placed[] {
  const chosen: Placed[] = [];
  const nearest = new Map(pool.map((at) => [at, nearestOf(features[at]!, known)]));
  while (chosen.length < count && nearest.size > 0) {
    const isFirst = chosen.length === 0 && known.length === 0 && start !== undefined;
    const [at, distance] = isFirst
      ? ([start, Number.NaN] as const)
      : [...nearest].reduce((best, one) => (one[1] > best[1] ? one : best));
    chosen.push({ at, distance });
    nearest.delete(at);
    for (const [other, before] of nearest) {
      nearest.set(other, Math.min(before, distanceOf(features[other]!, features[at]!)));
    }
  }
  return chosen;
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

/** Infinity where there are no others. */
const nearestOf = (one: Float64Array, others: readonly Float64Array[]): number =>
  others.reduce((least, other) => Math.min(least, distanceOf(one, other)), Number.POSITIVE_INFINITY);

/** The one that is nearest to the mean. */
function central(pool: readonly number[], features: readonly Float64Array[]): number | undefined {
  const [first] = pool;
  if (first === undefined) return undefined;
  const mean = features[first]!.map(
    (_, axis) => pool.reduce((sum, at) => sum + features[at]![axis]!, 0) / pool.length,
  );
  const distances = new Map(pool.map((at) => [at, distanceOf(features[at]!, mean)]));
  return pool.reduce((best, at) => (distances.get(at)! < distances.get(best)! ? at : best));
}

const distanceOf = (a: Float64Array, b: Float64Array): number =>
  Math.sqrt(a.reduce((sum, value, at) => sum + (value - b[at]!) ** 2, 0));

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
