/** @file The edges of a pixel grid, 8 neighbours each, in the order of their weight. */
import type { Size } from '../transforms/geometry.js';

/** An edge goes from a pixel to one of four neighbours; its number is 4 * pixel + direction. */
export const RIGHT = 0;
export const DOWN = 1;
export const DOWN_RIGHT = 2;
export const UP_RIGHT = 3;
const DIRECTIONS = [RIGHT, DOWN, DOWN_RIGHT, UP_RIGHT] as const;

export interface SortedEdges {
  /** Edge numbers, lightest first to 63 binary places; edges of equal weight by direction, then by pixel. */
  readonly order: Int32Array;
  /** Weight by edge number. */
  readonly weights: Float64Array;
  /** What to add to a pixel to get its neighbour, by direction. */
  readonly neighbour: Int32Array;
}

/**
 * Measures and sorts the edges of an image.
 * @param image HWC, three channels of 0..1; a weight is the Euclidean distance of two pixels in them.
 */
export function sortEdges(image: Float64Array, { width, height }: Size): SortedEdges {
  const neighbour = Int32Array.of(1, width, width + 1, 1 - width);
  const weights = new Float64Array(4 * width * height);
  const count = 4 * width * height - 3 * (width + height) + 2;
  const order = new Int32Array(count);
  const keys = new Uint32Array(count);
  let next = 0;
  for (const direction of DIRECTIONS) {
    const columns = direction === DOWN ? width : width - 1;
    const firstRow = direction === UP_RIGHT ? 1 : 0;
    const rows = direction === DOWN || direction === DOWN_RIGHT ? height - 1 : height;
    const step = 3 * neighbour[direction]!;
    for (let y = firstRow; y < rows; y++) {
      for (let x = 0, at = 3 * y * width, edge = 4 * y * width + direction; x < columns; x++) {
        const red = image[at + step]! - image[at]!;
        const green = image[at + step + 1]! - image[at + 1]!;
        const blue = image[at + step + 2]! - image[at + 2]!;
        const weight = Math.sqrt(red * red + green * green + blue * blue);
        weights[edge] = weight;
        order[next] = edge;
        keys[next] = weight * KEYS_PER_UNIT;
        next++;
        at += 3;
        edge += 4;
      }
    }
  }
  return { order: sortByWeight(order, keys, weights), weights, neighbour };
}

/** The longest distance is √3, so that keys stay below 2^32. */
const KEYS_PER_UNIT = 2 ** 31;
/** Keys of the second sort per key of the first. */
const KEYS_PER_KEY = 2 ** 32;
/** Radix sorting fewer edges takes longer than comparing them. */
const FEW = 64;

/**
 * Sorts edges, stably: by their keys, which are weights cut to 31 binary places, then those of equal key by their weights.
 * `keys` is used up.
 */
function sortByWeight(order: Int32Array, keys: Uint32Array, weights: Float64Array): Int32Array {
  const sorted = radixSort(order, keys);
  const keyOf = (i: number) => Math.floor(weights[sorted[i]!]! * KEYS_PER_UNIT);
  for (let start = 0; start < sorted.length; ) {
    const key = keyOf(start);
    let end = start + 1;
    while (end < sorted.length && keyOf(end) === key) end++;
    if (end - start > FEW) {
      const run = sorted.subarray(start, end);
      const rest = new Uint32Array(run.length);
      for (let i = 0; i < run.length; i++) {
        rest[i] = (weights[run[i]!]! * KEYS_PER_UNIT - key) * KEYS_PER_KEY;
      }
      run.set(radixSort(run.slice(), rest));
    } else if (end - start > 1) {
      insertionSort(sorted, start, end, weights);
    }
    start = end;
  }
  return sorted;
}

const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const PASSES = 3;

/** `items` in the order of their keys, stably. Both arrays are used up. */
function radixSort(items: Int32Array, keys: Uint32Array): Int32Array {
  let from = items;
  let to: Int32Array = new Int32Array(items.length);
  let fromKeys = keys;
  let toKeys: Uint32Array = new Uint32Array(keys.length);
  for (let pass = 0; pass < PASSES; pass++) {
    const shift = pass * DIGIT_BITS;
    const places = new Int32Array(DIGITS + 1);
    for (let i = 0; i < fromKeys.length; i++) places[((fromKeys[i]! >>> shift) & (DIGITS - 1)) + 1]!++;
    for (let digit = 1; digit < DIGITS; digit++) places[digit]! += places[digit - 1]!;
    for (let i = 0; i < fromKeys.length; i++) {
      const key = fromKeys[i]!;
      const digit = (key >>> shift) & (DIGITS - 1);
      const place = places[digit]!;
      places[digit] = place + 1;
      to[place] = from[i]!;
      toKeys[place] = key;
    }
    [from, to] = [to, from];
    [fromKeys, toKeys] = [toKeys, fromKeys];
  }
  return from;
}

function insertionSort(order: Int32Array, start: number, end: number, weights: Float64Array): void {
  for (let i = start + 1; i < end; i++) {
    const edge = order[i]!;
    const weight = weights[edge]!;
    let at = i;
    while (at > start && weights[order[at - 1]!]! > weight) {
      order[at] = order[at - 1]!;
      at--;
    }
    order[at] = edge;
  }
}
