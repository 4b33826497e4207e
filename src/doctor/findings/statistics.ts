/** @file Where most values of a data set lie, so that the odd ones are told from them. */

/** What more images share than this share of them, and than this number, is what the data is like. */
const FEW_SHARE = 0.05;
const FEW = 3;

/** The value that a share of the values lies below; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Whether so many of a data set are few. */
export const areFew = (count: number, images: number): boolean => count <= Math.max(FEW, FEW_SHARE * images);

/** Those that are so, where they are few, and not all; else none. */
export function fewOf<T>(items: readonly T[], isSo: (item: T) => boolean): T[] {
  const found = items.filter(isSo);
  return areFew(found.length, items.length) && 2 * found.length <= items.length ? found : [];
}
