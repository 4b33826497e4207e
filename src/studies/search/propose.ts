/**
 * @file What to try next, as places from 0 to 1 on each dimension. At first spread evenly, as a Latin hypercube; then where the good
 * trials lie rather than the others, by a tree-structured Parzen estimator (Bergstra et al., "Algorithms for Hyper-Parameter
 * Optimization", NeurIPS 2011), with the scores of the longest training of which there are enough (Falkner et al., "BOHB", ICML 2018).
 */

import type { Random } from '../../base/random.js';
import type { Dimension } from './space.js';

/** A trial that has been scored. */
export interface Observation {
  /** On each dimension; undefined where its value is none of the search. */
  readonly places: readonly (number | undefined)[];
  /** Higher is better. */
  readonly score: number;
}

/** Share of the trials that count as good. */
const GOOD = 0.25;
/** Of which the one that is most like the good ones is tried. */
const CANDIDATES = 24;
/** Narrowest kernel, so that a search does not end at one point. */
const NARROWEST = 0.08;

/** So many places, of which each dimension has one in each of as many equal parts. */
export function spreadPlaces(count: number, dimensions: number, random: Random): number[][] {
  const columns = Array.from({ length: dimensions }, () => {
    const parts = random.shuffle(Array.from({ length: count }, (_, at) => at));
    return parts.map((part) => (part + random.uniform()) / count);
  });
  return Array.from({ length: count }, (_, at) => columns.map((column) => column[at]!));
}

/** Trials that are needed before anything can be concluded from them. */
export const enoughFor = (dimensions: readonly Dimension[]): number => dimensions.length + 3;

/**
 * A place that looks good.
 *
 * @param seen at least {@link enoughFor}.
 */
export function proposePlaces(
  dimensions: readonly Dimension[],
  seen: readonly Observation[],
  random: Random,
): number[] {
  const sorted = [...seen].sort((a, b) => b.score - a.score);
  const count = Math.max(1, Math.ceil(GOOD * sorted.length));
  const [good, others] = [sorted.slice(0, count), sorted.slice(count)];
  return dimensions.map((dimension, at) => {
    const of = (trials: readonly Observation[]) =>
      trials.map(({ places }) => places[at]).filter((place) => place !== undefined);
    const [like, unlike] = [densityOf(dimension, of(good)), densityOf(dimension, of(others))];
    const drawn = Array.from({ length: CANDIDATES }, () => like.draw(random));
    const merit = (place: number) => like.at(place) / unlike.at(place);
    return drawn.reduce((best, place) => (merit(place) > merit(best) ? place : best));
  });
}

interface Density {
  readonly at: (place: number) => number;
  readonly draw: (random: Random) => number;
}

/** Kernels around the places and one part of an even distribution, so that nothing is ruled out. */
function densityOf({ range }: Dimension, places: readonly number[]): Density {
  if (Array.isArray(range)) {
    const weights = range.map(
      (_, at) => 1 + places.filter((place) => Math.floor(place * range.length) === at).length,
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const partOf = (place: number) => Math.min(Math.floor(place * range.length), range.length - 1);
    return {
      at: (place) => weights[partOf(place)]! / total,
      draw: (random) => {
        let left = random.uniform() * total;
        const part = weights.findIndex((weight) => {
          left -= weight;
          return left < 0;
        });
        return (Math.max(part, 0) + 0.5) / range.length;
      },
    };
  }
  // The rule of Scott for a normal distribution over the whole interval.
  const width = Math.max(NARROWEST, 0.3 * Math.max(places.length, 1) ** -0.2);
  const kernel = (distance: number) =>
    Math.exp(-0.5 * (distance / width) ** 2) / (width * Math.sqrt(2 * Math.PI));
  return {
    at: (place) => places.reduce((sum, center) => sum + kernel(place - center), 1) / (places.length + 1),
    draw: (random) => {
      const center = places[random.integer(places.length + 1)];
      if (center === undefined) return random.uniform();
      const place = center + width * random.normal();
      // Mirrored at the ends.
      const folded = Math.abs(place) % 2;
      return Math.min(folded > 1 ? 2 - folded : folded, 1 - Number.EPSILON);
    },
  };
}
