/** @file Where most of some numbers lie. */

/** The value that a share of the values lies below; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] ?? Number.NaN;
}

/** The upper one of the two in the middle, where their number is even. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);
