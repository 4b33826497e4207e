/** @file Random-scale resize: how large the image is made before it is cropped. */
import type { Random } from '../../base/random.js';
import type { Size } from './geometry.js';

const SMALLEST = 0.5;
const LARGEST = 2;

/**
 * Draws r from U[0.5, 2] and gives the largest size of the image's aspect ratio whose long edge is at most int(base * r).
 * @param base long edge at r = 1, in pixels.
 */
export function drawScaledSize(size: Size, base: number, random: Random): Size {
  const side = Math.max(Math.floor(base * random.range(SMALLEST, LARGEST)), 1);
  const long = Math.max(size.width, size.height);
  const short = Math.min(size.width, size.height);
  const factor = Math.min(side / long, side / short);
  const scaled = (edge: number) => Math.max(Math.floor(edge * factor + 0.5), 1);
  return { width: scaled(size.width), height: scaled(size.height) };
}
