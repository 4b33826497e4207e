/** @file The connected regions of a class map: the objects of a mask, as far as they do not touch. */

/** A set of pixels of one value that hang together by their edges. */
export interface Region {
  /** The value of its pixels. */
  readonly label: number;
  /** In pixels. */
  readonly area: number;
  /** Of the box around it, the right and lower edge exclusive. */
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The regions of a map. */
export interface ConnectedRegions {
  /** In the order of their first pixels. */
  readonly regions: readonly Region[];
  /** Position in `regions` of each pixel's region, HW. */
  readonly indices: Int32Array;
}

/**
 * Finds the regions of 4-neighbours of equal value, in two passes over the pixels (union-find).
 *
 * @param labels any values, HW.
 */
export function connectedRegions(labels: Uint8Array, width: number): ConnectedRegions {
  const { indices, parents } = firstPass(labels, width);
  const numbers = new Int32Array(parents.length).fill(-1);
  const regions: { label: number; area: number; left: number; top: number; right: number; bottom: number }[] =
    [];
  for (let i = 0; i < labels.length; i++) {
    const root = rootOf(parents, indices[i]!);
    const x = i % width;
    const y = (i - x) / width;
    let number = numbers[root]!;
    if (number < 0) {
      number = regions.length;
      numbers[root] = number;
      regions.push({ label: labels[i]!, area: 0, left: x, top: y, right: x + 1, bottom: y + 1 });
    }
    const region = regions[number]!;
    region.area += 1;
    if (x < region.left) region.left = x;
    if (x >= region.right) region.right = x + 1;
    region.bottom = y + 1;
    indices[i] = number;
  }
  return { regions, indices };
}

/** A provisional number for each pixel, and which numbers are the same region. */
function firstPass(labels: Uint8Array, width: number): { indices: Int32Array; parents: number[] } {
  const indices = new Int32Array(labels.length);
  const parents: number[] = [];
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    const left = i % width > 0 && labels[i - 1] === label ? indices[i - 1]! : -1;
    const above = i >= width && labels[i - width] === label ? indices[i - width]! : -1;
    if (left < 0 && above < 0) {
      indices[i] = parents.length;
      parents.push(parents.length);
      continue;
    }
    indices[i] = left < 0 ? above : left;
    if (left < 0 || above < 0 || left === above) continue;
    const [a, b] = [rootOf(parents, left), rootOf(parents, above)];
    if (a < b) parents[b] = a;
    else parents[a] = b;
  }
  return { indices, parents };
}

function rootOf(parents: number[] | Int32Array, start: number): number {
  let at = start;
  while (parents[at] !== at) {
    parents[at] = parents[parents[at]!]!;
    at = parents[at]!;
  }
  return at;
}
