/** @file Gaussian smoothing in double precision, with the conventions of scipy's `gaussian_filter`. */
import type { Size } from '../transforms/geometry.js';

const CHANNELS = 3;
/** The Gaussian is cut off here, in standard deviations. */
const TRUNCATE = 4;

/**
 * Smooths an HWC RGB image, channel by channel, and scales it to 0..1.
 *
 * First along columns, then along rows; the border is mirrored with its pixel repeated (`c b a | a b c`). The order of
 * additions is scipy's as well, so that the result is the same to the last bit.
 * @param sigma standard deviation in pixels; 0 smooths nothing.
 * @returns HWC, 0..1.
 */
export function smoothImage(image: Uint8Array, size: Size, sigma: number): Float64Array {
  const { width, height } = size;
  const stride = CHANNELS * width;
  const kernel = halfKernel(sigma);
  const radius = kernel.length - 1;
  const unit = Float64Array.from({ length: 256 }, (_, value) => value * (1 / 255));
  const result = new Float64Array(stride * height);
  const line = new Float64Array(stride);
  const padded = new Float64Array(stride + 2 * CHANNELS * radius);

  for (let y = 0; y < height; y++) {
    const row = y * stride;
    for (let x = 0; x < stride; x++) line[x] = unit[image[row + x]!]! * kernel[0]!;
    for (let k = radius; k > 0; k--) {
      const above = mirrored(y - k, height) * stride;
      const below = mirrored(y + k, height) * stride;
      const weight = kernel[k]!;
      for (let x = 0; x < stride; x++) {
        line[x]! += (unit[image[above + x]!]! + unit[image[below + x]!]!) * weight;
      }
    }

    padded.set(line, CHANNELS * radius);
    for (let k = 1; k <= radius; k++) {
      for (let channel = 0; channel < CHANNELS; channel++) {
        padded[CHANNELS * (radius - k) + channel] = line[CHANNELS * mirrored(-k, width) + channel]!;
        padded[CHANNELS * (radius + width - 1 + k) + channel] =
          line[CHANNELS * mirrored(width - 1 + k, width) + channel]!;
      }
    }
    const out = result.subarray(row, row + stride);
    const middle = CHANNELS * radius;
    for (let x = 0; x < stride; x++) out[x] = padded[middle + x]! * kernel[0]!;
    for (let k = radius; k > 0; k--) {
      const left = middle - CHANNELS * k;
      const right = middle + CHANNELS * k;
      const weight = kernel[k]!;
      for (let x = 0; x < stride; x++) out[x]! += (padded[left + x]! + padded[right + x]!) * weight;
    }
  }
  return result;
}

/** Weights from the centre outwards; the whole kernel, both sides, sums to 1. */
function halfKernel(sigma: number): Float64Array {
  if (sigma === 0) return Float64Array.of(1);
  const radius = Math.floor(TRUNCATE * sigma + 0.5);
  const whole = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp((-0.5 / (sigma * sigma)) * (i - radius) ** 2),
  );
  const total = whole.reduce((sum, weight) => sum + weight, 0);
  return whole.subarray(radius).map((weight) => weight / total);
}

/** The position inside 0..length-1 that a position outside reflects; small images can need more than one reflection. */
function mirrored(position: number, length: number): number {
  const period = 2 * length;
  const inside = ((position % period) + period) % period;
  return inside < length ? inside : period - 1 - inside;
}
