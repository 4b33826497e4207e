/** @file CutMix (https://arxiv.org/abs/1905.04899): a rectangle of an image is replaced by that of another one. */
import type { Random } from '../../base/random.js';
import type { Window } from './geometry.js';

const PROBABILITY = 0.5;
/** Area of the rectangle as a share of the image's. */
const AREA = [0.02, 0.4] as const;
/** Its height by its width. */
const ASPECT = [0.3, 1 / 0.3] as const;

/**
 * Draws the rectangle of an image: none with probability 0.5, otherwise 2 to 40 % of its area, 0.3 to 3.3 times as high as
 * wide, anywhere inside it.
 *
 * @param side of the square image, in pixels.
 */
export function drawMixWindow(side: number, random: Random): Window | undefined {
  if (!random.chance(PROBABILITY)) return undefined;
  const area = random.range(...AREA) * side * side;
  const aspect = random.range(...ASPECT);
  const edge = (length: number) => Math.min(Math.max(Math.floor(length), 1), side);
  const [width, height] = [edge(Math.sqrt(area / aspect)), edge(Math.sqrt(area * aspect))];
  const left = random.integer(side - width + 1);
  const top = random.integer(side - height + 1);
  return { left, top, width, height };
}

/** A batch of square images whose rectangles are mixed. */
export interface MixedBatch {
  /** `[N, 3, side, side]`; changed in place. */
  readonly images: Float32Array;
  /** `[N, side, side]`, zero before: 1 where a pixel has become that of the next image. */
  readonly mixed: Uint8Array;
  readonly side: number;
}

/**
 * Puts into the rectangle of each image what the next one of the batch has there, into that of the last what the first has; all
 * as they were before. A batch of one image stays as it is.
 *
 * @param windows of the images; undefined for none.
 */
export function cutMix({ images, mixed, side }: MixedBatch, windows: readonly (Window | undefined)[]): void {
  if (windows.length < 2) return;
  const area = side * side;
  const first = images.slice(0, 3 * area);
  for (const [n, window] of windows.entries()) {
    if (!window) continue;
    const isLast = n === windows.length - 1;
    const next = isLast ? first : images.subarray(3 * (n + 1) * area, 3 * (n + 2) * area);
    for (let row = 0; row < window.height; row++) {
      const start = (window.top + row) * side + window.left;
      const end = start + window.width;
      for (let plane = 0; plane < 3; plane++) {
        images.set(next.subarray(plane * area + start, plane * area + end), (3 * n + plane) * area + start);
      }
      mixed.fill(1, n * area + start, n * area + end);
    }
  }
}
