/** @file Linear axes: a range that ends at round numbers, and the numbers on it. */

import { nice, ticks } from 'd3-array';

export interface Axis {
  readonly min: number;
  readonly max: number;
  /** Round numbers from `min` to `max`. */
  readonly ticks: readonly number[];
  /** Position of a value between `from` and `to`. */
  readonly at: (value: number) => number;
}

export interface AxisOptions {
  /** Positions of both ends in the picture. */
  readonly from: number;
  readonly to: number;
  /** Fixed ends in place of round numbers beyond the data. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** About as many numbers. Default 5. */
  readonly count?: number;
  /** Only whole numbers are written. */
  readonly whole?: boolean;
}

/** An axis for values; those that are not finite do not count. */
export function axisFor(values: Iterable<number>, options: AxisOptions): Axis {
  const { from, to, count = 5, whole = false } = options;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) [low, high] = [options.min ?? 0, options.max ?? 1];
  let start = options.min ?? low;
  let end = options.max ?? high;
  if (end <= start) {
    // A range needs two ends; a single value stands between them.
    const room = Math.abs(start) / 10 || 1;
    if (options.min === undefined) start -= room;
    if (options.max === undefined) end = Math.max(start, high) + room;
  }
  const [roundStart, roundEnd] = nice(start, end, count);
  const min = options.min ?? roundStart;
  const max = options.max ?? roundEnd;
  return {
    min,
    max,
    ticks: ticks(min, max, count).filter((tick) => !whole || Number.isInteger(tick)),
    at: (value) => from + ((to - from) * (value - min)) / (max - min),
  };
}
