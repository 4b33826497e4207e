/** @file A crop around something rare, which a crop at a random place would mostly miss. */

import type { Random } from '../../base/random.js';
import { IGNORE_INDEX } from '../types.js';
import type { Size, Window } from './geometry.js';

/** How often crops are laid around rare classes. */
export interface RareCrops {
  /** Share of all crops, 0 to 1. */
  readonly share: number;
  /** Share of the pixels of the data set that each class has; the rarer a class, the more often it is drawn. */
  readonly classShares: readonly number[];
}

/** A crop around something rare is never smaller than the whole image at scale 1: what is small must not get smaller. */
export const SMALLEST_RARE_SCALE = 1;

/**
 * A window of at most `cropSize` x `cropSize` that shows a class of the mask, drawn by the inverse of its share of the data set, around
 * one of its pixels, which may lie anywhere in the window.
 *
 * @returns undefined for a mask of ignored pixels alone.
 */
export function drawRareWindow(
  mask: Uint8Array,
  size: Size,
  cropSize: number,
  { classShares }: RareCrops,
  random: Random,
): Window | undefined {
  const counts = new Uint32Array(256);
  for (const label of mask) counts[label]!++;
  const chances = Array.from(counts, (count, label) =>
    label === IGNORE_INDEX || count === 0 ? 0 : 1 / Math.max(classShares[label] ?? 0, LEAST_SHARE),
  );
  const label = drawIndex(chances, random);
  if (label === undefined) return undefined;
  const at = nth(mask, label, random.integer(counts[label]!));
  const place = (position: number, length: number) => {
    const first = position - random.integer(cropSize);
    return Math.min(Math.max(first, 0), Math.max(length - cropSize, 0));
  };
  const left = place(at % size.width, size.width);
  const top = place(Math.floor(at / size.width), size.height);
  return { left, top, width: Math.min(size.width, cropSize), height: Math.min(size.height, cropSize) };
}

/** A class that a resized mask shows has a share, however small. */
const LEAST_SHARE = 1e-6;

function drawIndex(chances: readonly number[], random: Random): number | undefined {
  const total = chances.reduce((sum, chance) => sum + chance, 0);
  if (total === 0) return undefined;
  let rest = random.uniform() * total;
  const index = chances.findIndex((chance) => {
    rest -= chance;
    return chance > 0 && rest < 0;
  });
  // Where rounding leaves something over.
  return index >= 0 ? index : chances.findLastIndex((chance) => chance > 0);
}

/** Position of the n-th pixel of a class, from 0. */
function nth(mask: Uint8Array, label: number, n: number): number {
  let at = mask.indexOf(label);
  for (let i = 0; i < n; i++) at = mask.indexOf(label, at + 1);
  return at;
}
