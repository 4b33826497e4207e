/** @file Random rotation of a finished network input. */
import type { Random } from '../../base/random.js';
import { IGNORE_INDEX } from '../types.js';
import type { NetworkInput } from './normalize.js';

const PROBABILITY = 0.5;
/** Angles come from U(-30, 30) degrees. */
const LARGEST_ANGLE = 30;

/** Rotates by U(-30, 30) degrees with probability 0.5; see {@link rotate}. */
export function randomRotate(input: NetworkInput, random: Random): void {
  if (random.chance(PROBABILITY)) rotate(input, random.range(-LARGEST_ANGLE, LARGEST_ANGLE));
}

/**
 * Turns the planes and labels in place about their centre. Planes are interpolated bilinearly, labels take the nearest.
 * What comes from outside is 0 in the planes, which after normalisation is the mean colour, and 255 in the labels.
 * @param degrees clockwise as seen on the screen.
 */
export function rotate({ planes, labels, side }: NetworkInput, degrees: number): void {
  const { framed, stride } = withFrame(planes, side);
  const sourceLabels = labels.slice();
  const area = side * side;
  const framedArea = stride * stride;
  const cos = Math.cos((degrees * Math.PI) / 180);
  const sin = Math.sin((degrees * Math.PI) / 180);
  const centre = (side - 1) / 2;

  planes.fill(0);
  labels.fill(IGNORE_INDEX);
  for (let y = 0, at = 0; y < side; y++) {
    const rowX = centre + sin * (y - centre) - cos * centre;
    const rowY = centre + cos * (y - centre) + sin * centre;
    for (let x = 0; x < side; x++, at++) {
      // Where this pixel comes from.
      const fromX = rowX + cos * x;
      const fromY = rowY - sin * x;
      if (fromX <= -1 || fromY <= -1 || fromX >= side || fromY >= side) continue;

      // Both are positive after the shift by the frame, so cutting off the fraction rounds down.
      const left = (fromX + 1) | 0;
      const top = (fromY + 1) | 0;
      const right = fromX + 1 - left;
      const bottom = fromY + 1 - top;
      const bottomRight = right * bottom;
      const bottomLeft = bottom - bottomRight;
      const topRight = right - bottomRight;
      const topLeft = 1 - right - bottomLeft;
      for (let plane = 0, from = top * stride + left, to = at; plane < 3; plane++) {
        planes[to] =
          framed[from]! * topLeft +
          framed[from + 1]! * topRight +
          framed[from + stride]! * bottomLeft +
          framed[from + stride + 1]! * bottomRight;
        from += framedArea;
        to += area;
      }

      const nearX = (fromX + 1.5) | 0;
      const nearY = (fromY + 1.5) | 0;
      if (nearX > 0 && nearY > 0 && nearX <= side && nearY <= side) {
        labels[at] = sourceLabels[(nearY - 1) * side + nearX - 1]!;
      }
    }
  }
}

/** The three planes with a frame of zeros one pixel wide, so that interpolating at the border needs no special case. */
function withFrame(planes: Float32Array, side: number): { framed: Float32Array; stride: number } {
  const stride = side + 2;
  const framed = new Float32Array(3 * stride * stride);
  for (let plane = 0, from = 0; plane < 3; plane++) {
    for (let y = 0; y < side; y++, from += side) {
      framed.set(planes.subarray(from, from + side), (plane * stride + y + 1) * stride + 1);
    }
  }
  return { framed, stride };
}
