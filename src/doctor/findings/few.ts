/** @file How many images of a data set may be odd, before that is what the data set is like. */

/** What more images share than this share of them, and than this number, is what the data is like. */
const FEW_SHARE = 0.05;
const FEW = 3;

/** Whether so many of a data set are few. */
export const areFew = (count: number, images: number): boolean => count <= Math.max(FEW, FEW_SHARE * images);

/** Those that are so, where they are few, and not all; else none. */
export function fewOf<T>(items: readonly T[], isSo: (item: T) => boolean): T[] {
  const found = items.filter(isSo);
  return areFew(found.length, items.length) && 2 * found.length <= items.length ? found : [];
}
