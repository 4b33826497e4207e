/** @file Pictures that stand for many: each lies near what nothing that was chosen before lies near. */

/** Pictures that must be near to a chosen one, evenly taken from all where there are more: as many as say where the others lie. */
const MOST_COVERED = 1000;

/** Of all pictures, in their order. */
export interface Places {
  /** Features of the pictures. */
  readonly features: readonly Float64Array[];
  /** How much it counts that something chosen is near it, from 0. */
  readonly weights: readonly number[];
  /** Features of what is labeled, which counts as chosen before. */
  readonly known: readonly Float64Array[];
}

/** One that was chosen. */
export interface Placed {
  readonly at: number;
  /** To the nearest that is labeled or was chosen before it; NaN where there is none. */
  readonly distance: number;
}

/**
 * Each the one that takes most of the weighted sum of distances from all pictures to the nearest chosen one (facility location, whose
 * greedy choice is within 1 - 1/e of the best: Nemhauser, Wolsey and Fisher, 1978). With few labels such typical pictures teach more
 * than outliers do (Hacohen, Dekel and Weinshall, "Active Learning on a Budget", ICML 2022).
 *
 * @param candidates that may be chosen.
 * @param count at most so many.
 */
export function representatives(candidates: readonly number[], count: number, places: Places): Placed[] {
  const { features, weights, known } = places;
  const step = Math.max(features.length / MOST_COVERED, 1);
  const covered = Array.from({ length: Math.min(features.length, MOST_COVERED) }, (_, at) =>
    Math.floor(at * step),
  );
  const counts = Float64Array.from(covered, (at) => weights[at]!);
  const nearest = Float64Array.from(covered, (at) => nearestOf(features[at]!, known));
  const rows = new Map(
    candidates.map((at) => [
      at,
      Float32Array.from(covered, (other) => distanceOf(features[at]!, features[other]!)),
    ]),
  );
  const chosen: Placed[] = [];
  while (chosen.length < count && rows.size > 0) {
    const isFirst = chosen.length === 0 && known.length === 0;
    let best = { at: -1, gain: Number.NEGATIVE_INFINITY };
    for (const [at, row] of rows) {
      const gain = isFirst ? -weightedSum(row, counts) : gainOf(row, nearest, counts);
      if (gain > best.gain) best = { at, gain };
    }
    const { at } = best;
    const before = [...known, ...chosen.map((one) => features[one.at]!)];
    chosen.push({ at, distance: before.length === 0 ? Number.NaN : nearestOf(features[at]!, before) });
    const row = rows.get(at)!;
    for (let i = 0; i < nearest.length; i++) nearest[i] = Math.min(nearest[i]!, row[i]!);
    rows.delete(at);
  }
  return chosen;
}

function weightedSum(row: Float32Array, counts: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += counts[i]! * row[i]!;
  return sum;
}

/** By how much the weighted sum of distances falls. */
function gainOf(row: Float32Array, nearest: Float64Array, counts: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) if (row[i]! < nearest[i]!) sum += counts[i]! * (nearest[i]! - row[i]!);
  return sum;
}

/** Infinity where there are no others. */
export const nearestOf = (one: Float64Array, others: readonly Float64Array[]): number =>
  others.reduce((least, other) => Math.min(least, distanceOf(one, other)), Number.POSITIVE_INFINITY);

function distanceOf(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}
