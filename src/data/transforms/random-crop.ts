/** @file Random crop that avoids windows filled by one class. */
import type { Random } from '../../base/random.js';
import { IGNORE_INDEX } from '../types.js';
import type { Size, Window } from './geometry.js';

/** A window is too uniform when its most frequent class covers this share of the labelled pixels. */
const MAX_SHARE = 0.75;
const TRIES = 10;

/**
 * Draws a window of at most `cropSize` x `cropSize`. Up to 10 windows are tested; the first with at least two classes and
 * a dominant share below 0.75 (ignored pixels not counted) is taken. If none passes, an 11th is taken untested.
 * @param mask HW labels of an image of the given size.
 */
export function drawCropWindow(mask: Uint8Array, size: Size, cropSize: number, random: Random): Window {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const window = drawWindow(size, cropSize, random);
    if (isVaried(mask, size, window)) return window;
  }
  return drawWindow(size, cropSize, random);
}

/** Copies a window out of an HW mask. */
export function cropMask(mask: Uint8Array, size: Size, window: Window): Uint8Array {
  const out = new Uint8Array(window.width * window.height);
  for (let y = 0; y < window.height; y++) {
    const start = (window.top + y) * size.width + window.left;
    out.set(mask.subarray(start, start + window.width), y * window.width);
  }
  return out;
}

/** Draws a window of at most `cropSize` x `cropSize`, all places being equally likely. */
export function drawWindow(size: Size, cropSize: number, random: Random): Window {
  const top = random.integer(Math.max(size.height - cropSize, 0) + 1);
  const left = random.integer(Math.max(size.width - cropSize, 0) + 1);
  return { left, top, width: Math.min(size.width, cropSize), height: Math.min(size.height, cropSize) };
}

function isVaried(mask: Uint8Array, size: Size, { left, top, width, height }: Window): boolean {
  const counts = new Uint32Array(256);
  for (let y = top; y < top + height; y++) {
    const end = y * size.width + left + width;
    // Neighbours mostly have the same label: counting runs is several times faster than counting pixels.
    let start = end - width;
    let label = mask[start]!;
    for (let i = start + 1; i < end; i++) {
      if (mask[i] === label) continue;
      counts[label]! += i - start;
      start = i;
      label = mask[i]!;
    }
    counts[label]! += end - start;
  }
  counts[IGNORE_INDEX] = 0;
  let total = 0;
  let largest = 0;
  for (const count of counts) {
    total += count;
    largest = Math.max(largest, count);
  }
  return largest < total && largest / total < MAX_SHARE;
}
