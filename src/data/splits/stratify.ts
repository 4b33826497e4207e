/** @file Deals groups of images out to parts so that each part has its share of every class. */
import { Random } from '../../base/random.js';

/** A group that must not be divided: for each class how many of its images show it. */
export interface Group {
  readonly images: number;
  readonly shown: ReadonlyMap<number, number>;
}

/**
 * The part of each group. Classes are dealt out one after the other, the one that fewest images show first, each group to the part
 * that lacks most of it (iterative stratification); what decides between equals is drawn by the seed.
 *
 * @param shares of the images, by part; their sum is 1.
 */
export function stratify(groups: readonly Group[], shares: readonly number[], seed: number): number[] {
  const order = new Random(`${seed}:split`).shuffle(groups.map((_, i) => i));
  // Of those that are drawn, large groups come first: small ones even out what they leave.
  order.sort((a, b) => groups[b]!.images - groups[a]!.images);
  const total = groups.reduce((sum, { images }) => sum + images, 0);
  const lacking = shares.map((share) => share * total);
  const lackingOf = new Map<number, number[]>();
  for (const [cls, count] of countsOf(groups))
    lackingOf.set(
      cls,
      shares.map((share) => share * count),
    );
  const parts = new Array<number>(groups.length).fill(-1);
  const put = (at: number, part: number) => {
    parts[at] = part;
    lacking[part]! -= groups[at]!.images;
    for (const [cls, count] of groups[at]!.shown) lackingOf.get(cls)![part]! -= count;
  };
  for (;;) {
    const left = order.filter((at) => parts[at] === -1);
    const counts = [...countsOf(left.map((at) => groups[at]!))].sort(([a, m], [b, n]) => m - n || a - b);
    const rarest = counts[0]?.[0];
    if (rarest === undefined) {
      for (const at of left) put(at, mostOf(lacking, lacking));
      return parts;
    }
    for (const at of left.filter((each) => groups[each]!.shown.has(rarest))) {
      put(at, mostOf(lackingOf.get(rarest)!, lacking));
    }
  }
}

function countsOf(groups: readonly Group[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { shown } of groups) {
    for (const [cls, count] of shown) counts.set(cls, (counts.get(cls) ?? 0) + count);
  }
  return counts;
}

/** Position of the largest number; of equal ones, that whose other number is larger. */
function mostOf(numbers: readonly number[], others: readonly number[]): number {
  let best = 0;
  for (let i = 1; i < numbers.length; i++) {
    const difference = numbers[i]! - numbers[best]!;
    if (difference > 1e-9 || (difference > -1e-9 && others[i]! > others[best]! + 1e-9)) best = i;
  }
  return best;
}
