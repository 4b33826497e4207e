/** @file Random-scale resize: how large the image is made before it is cropped. */
import type { Random } from '../../base/random.js';
import type { Size } from './geometry.js';

const SMALLEST = 0.5;
const LARGEST = 2;

/** Draws the size that an image of size `size` is resized to. @param base side at r = 1, in pixels. @param smallest r, default 0.5 */
export type DrawSize = (size: Size, base: number, random: Random, smallest?: number) => Size;

/** Draws r from U[0.5, 2] and gives the largest size of the image's aspect ratio whose long edge is at most int(base * r). */
export const drawScaledSize: DrawSize = (size, base, random, smallest) => {
  const side = drawSide(base, random, smallest);
  const long = Math.max(size.width, size.height);
  const short = Math.min(size.width, size.height);
  const factor = Math.min(side / long, side / short);
  const scaled = (edge: number) => Math.max(Math.floor(edge * factor + 0.5), 1);
  return { width: scaled(size.width), height: scaled(size.height) };
};

/** Draws r from U[0.5, 2] and gives int(base * r) in both directions: the aspect ratio is not kept. */
export const drawSquareSize: DrawSize = (_size, base, random, smallest) => {
  const side = drawSide(base, random, smallest);
  return { width: side, height: side };
};

function drawSide(base: number, random: Random, smallest = SMALLEST): number {
  return Math.max(Math.floor(base * random.range(smallest, LARGEST)), 1);
}
