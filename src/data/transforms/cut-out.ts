/** @file Random cut-out (https://arxiv.org/abs/1708.04552): rectangles of the image are blackened. */
import type { Random } from '../../base/random.js';
import type { Size, Window } from './geometry.js';

const PROBABILITY = 0.35;
/** 1 to 8 holes. */
const MOST_HOLES = 8;
/** Size of every hole as a share of the image's. */
const SHARE = { width: 0.2, height: 0.4 } as const;

/**
 * Draws the holes of a cut-out: none with probability 0.65, otherwise 1 to 8. All are a fifth of the image wide and two
 * fifths high; their upper left corners are uniform over the image, so that the border clips some.
 */
export function drawHoles(size: Size, random: Random): Window[] {
  if (!random.chance(PROBABILITY)) return [];
  const width = Math.floor(size.width * SHARE.width);
  const height = Math.floor(size.height * SHARE.height);
  return Array.from({ length: 1 + random.integer(MOST_HOLES) }, () => {
    const left = random.integer(size.width);
    const top = random.integer(size.height);
    return {
      left,
      top,
      width: Math.min(width, size.width - left),
      height: Math.min(height, size.height - top),
    };
  });
}

/** Blackens windows of an HWC image in place. */
export function cutOut(image: Uint8Array, size: Size, holes: readonly Window[]): void {
  for (const { left, top, width, height } of holes) {
    for (let y = top; y < top + height; y++) {
      const start = 3 * (y * size.width + left);
      image.fill(0, start, start + 3 * width);
    }
  }
}
