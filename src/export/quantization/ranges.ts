/** @file From the values of a tensor to the range that is kept: all of it, all but the rarest, or what loses the least information. */

import type { Range } from './rounding.js';

/** Ways of choosing the range of a tensor, the default first. */
export const CALIBRATIONS = ['minmax', 'percentile', 'entropy'] as const;
/** How the range of a tensor is chosen. */
export type CalibrationMethod = (typeof CALIBRATIONS)[number];

const BINS = 2048;
/** Integers on one side of zero. */
const LEVELS = 128;
/** Share of the values that is cut off at either end, as in the reference. */
const RARE = 1e-4;
/** Between the limits that are tried by entropy, in bins. */
const STRIDE = 16;
/** What is told of a bin that holds nothing but what was cut off: one value far away must not forbid every limit below it. */
const LEAST_SHARE = 1e-9;
/** Values from which a distribution can be told. */
const FEWEST = 10 * BINS;

/** Counts of values between the least and the largest one. */
export class Histogram {
  private readonly counts = new Float64Array(BINS);
  private readonly magnitudes = new Float64Array(BINS);
  private readonly largest: number;

  /** @param range of all values that will be added. */
  constructor(private readonly range: Range) {
    this.largest = Math.max(Math.abs(range.low), Math.abs(range.high));
  }

  add(values: Float32Array): void {
    const { low, high } = this.range;
    if (!(high > low)) return;
    const [perBin, perMagnitude] = [BINS / (high - low), BINS / this.largest];
    for (const value of values) {
      this.counts[binOf((value - low) * perBin)]! += 1;
      // Zero is exact whatever the limit, and of what a ReLU gives there is so much that nothing else would count.
      if (value !== 0) this.magnitudes[binOf(Math.abs(value) * perMagnitude)]! += 1;
    }
  }

  /** All of it where too few values were seen to say which of them are rare. */
  rangeBy(method: Exclude<CalibrationMethod, 'minmax'>): Range {
    const { low, high } = this.range;
    if (!(high > low) || total(this.counts) < FEWEST) return this.range;
    if (method === 'percentile') {
      const width = (high - low) / BINS;
      const below = rareBins(this.counts);
      const above = rareBins(this.counts.slice().reverse());
      return { low: low + below * width, high: high - above * width };
    }
    const limit = (leastDivergence(this.magnitudes) * this.largest) / BINS;
    return { low: Math.max(low, -limit), high: Math.min(high, limit) };
  }
}

const binOf = (position: number): number => Math.min(Math.max(Math.floor(position), 0), BINS - 1);

/** How many bins at the start hold no more than the rare share of all. */
function rareBins(counts: Float64Array): number {
  const most = RARE * counts.reduce((sum, count) => sum + count, 0);
  let sum = 0;
  const at = counts.findIndex((count) => {
    sum += count;
    return sum > most;
  });
  return Math.max(at, 0);
}

/**
 * Of how many bins the distribution of magnitudes suffers least when it is cut off there and told in {@link LEVELS} levels: the least
 * Kullback-Leibler divergence (Migacz 2017, "8-bit Inference with TensorRT").
 */
function leastDivergence(counts: Float64Array): number {
  let best = { bins: BINS, divergence: Number.POSITIVE_INFINITY };
  for (let bins = LEVELS; bins <= BINS; bins += STRIDE) {
    const divergence = divergenceAt(counts, bins);
    // Of equal ones the wider cuts less.
    if (divergence <= best.divergence) best = { bins, divergence };
  }
  return best.bins;
}

function divergenceAt(counts: Float64Array, bins: number): number {
  const kept = counts.slice(0, bins);
  const told = inLevels(kept);
  // What is cut off counts as the last value that is kept.
  for (let i = bins; i < counts.length; i++) kept[bins - 1]! += counts[i]!;
  const [all, allTold] = [total(kept), total(told)];
  if (all === 0 || allTold === 0) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (const [i, count] of kept.entries()) {
    if (count === 0) continue;
    sum += (count / all) * Math.log(count / all / Math.max(told[i]! / allTold, LEAST_SHARE));
  }
  return sum;
}

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);

/** Each level spread evenly over those of its bins that hold anything. */
function inLevels(counts: Float64Array): Float64Array {
  const told = new Float64Array(counts.length);
  for (let level = 0; level < LEVELS; level++) {
    const from = Math.floor((level * counts.length) / LEVELS);
    const to = Math.floor(((level + 1) * counts.length) / LEVELS);
    const own = counts.subarray(from, to);
    const used = own.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
    if (used === 0) continue;
    const mean = total(own) / used;
    for (let i = from; i < to; i++) told[i] = counts[i]! > 0 ? mean : 0;
  }
  return told;
}
