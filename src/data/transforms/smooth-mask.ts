/** @file Random masks of smooth blobs that cover half of an image. */
import type { Random } from '../../base/random.js';
import type { Size } from './geometry.js';

/**
 * The field is made at half resolution: a blur of 1.8 pixels or more leaves next to nothing that the coarser grid cannot
 * carry, and it costs an eighth.
 */
const STEP = 2;
/** Variance, in pixels, that linear interpolation between points `STEP` pixels apart adds to the blur. */
const INTERPOLATION_VARIANCE = (STEP * STEP) / 6;
/** The Gaussian is cut off here, in standard deviations. */
const TRUNCATE = 4;
const BINS = 4096;
/** Of what can be drawn, in pixels: finer blobs would fall between the points of the field. */
export const SMALLEST_SIGMA = 1.2;

/**
 * White noise, blurred by a Gaussian of `sigma` pixels and cut at its median: 1 above, 0 below, row-major.
 *
 * Differences from filtering N(0, 1) noise of full resolution exactly: the field is computed at half resolution and
 * interpolated linearly, with the blur reduced by what the interpolation adds; each noise value is the sum of four bytes
 * instead of a normal deviate, which blurring makes normal; noise goes on beyond the border instead of being mirrored;
 * the median is found to 1/4096 of the range of values. For
 * images of 64x64 or more the share of ones stays within 0.5 +- 0.003, and the correlation of pixels d apart within 0.03
 * of the exact filter's, (2 / pi) asin(exp(-d^2 / (4 sigma^2))).
 * @param sigma in pixels, at least {@link SMALLEST_SIGMA}.
 */
export function smoothMask({ width, height }: Size, sigma: number, random: Random): Uint8Array {
  const columns = Math.ceil(width / STEP) + 1;
  const rows = Math.ceil(height / STEP) + 1;
  const field = smoothField(columns, rows, Math.sqrt(sigma * sigma - INTERPOLATION_VARIANCE) / STEP, random);
  const values = enlarge(field, columns, { width, height });
  const threshold = approximateMedian(values);
  const mask = new Uint8Array(values.length);
  for (let i = 0; i < mask.length; i++) mask[i] = values[i]! > threshold ? 1 : 0;
  return mask;
}

/** Linear interpolation of a field with a point between every two pixels, beginning before the first. */
function enlarge(field: Float32Array, columns: number, { width, height }: Size): Float32Array {
  const values = new Float32Array(width * height);
  const line = new Float32Array(columns);
  for (let y = 0; y < height; y++) {
    // Pixels lie a quarter of a cell from their nearest point of the field, so no pixel is blurred more than another.
    const near = y % STEP === 0 ? 0.75 : 0.25;
    const from = (y >> 1) * columns;
    for (let x = 0; x < columns; x++) {
      line[x] = near * field[from + x]! + (1 - near) * field[from + columns + x]!;
    }
    for (let x = 0, at = y * width, end = at + width; at < end; x++, at += STEP) {
      values[at] = 0.75 * line[x]! + 0.25 * line[x + 1]!;
      if (at + 1 < end) values[at + 1] = 0.25 * line[x]! + 0.75 * line[x + 1]!;
    }
  }
  return values;
}

/** White noise under a Gaussian of `sigma` points; the noise extends past the border as far as the Gaussian. */
function smoothField(width: number, height: number, sigma: number, random: Random): Float32Array {
  const kernel = halfGaussian(sigma);
  const radius = kernel.length - 1;
  const margin = 2 * radius;
  const noiseWidth = width + margin;
  const line = new Float32Array(noiseWidth);
  const blurred = new Float32Array(width * (height + margin));
  for (let y = 0, at = 0; y < height + margin; y++) {
    for (let x = 0; x < noiseWidth; x++) {
      const bits = random.uint32();
      line[x] = (bits & 255) + ((bits >> 8) & 255) + ((bits >> 16) & 255) + (bits >>> 24) - 510;
    }
    for (let x = 0; x < width; x++, at++) {
      let sum = kernel[0]! * line[x + radius]!;
      for (let k = 1; k <= radius; k++) sum += kernel[k]! * (line[x + radius - k]! + line[x + radius + k]!);
      blurred[at] = sum;
    }
  }
  const field = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = field.subarray(y * width, (y + 1) * width);
    for (let k = 0; k <= radius; k++) {
      // The middle row meets itself, at half of its weight.
      const weight = k === 0 ? kernel[0]! / 2 : kernel[k]!;
      const above = (y + radius - k) * width;
      const below = (y + radius + k) * width;
      for (let x = 0; x < width; x++) row[x]! += weight * (blurred[above + x]! + blurred[below + x]!);
    }
  }
  return field;
}

/** Weights of a Gaussian from its centre outwards; the whole of it, both sides, sums to 1. */
function halfGaussian(sigma: number): Float64Array {
  const radius = Math.floor(TRUNCATE * sigma + 0.5);
  const weights = Float64Array.from({ length: radius + 1 }, (_, i) =>
    Math.exp((-i * i) / (2 * sigma * sigma)),
  );
  const total = weights.reduce((sum, weight) => sum + 2 * weight, -weights[0]!);
  return weights.map((weight) => weight / total);
}

/** The value that halves the others, to 1/4096 of their range; sorting would take longer than making them. */
function approximateMedian(values: Float32Array): number {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const perUnit = BINS / (high - low);
  const counts = new Uint32Array(BINS + 1);
  for (let i = 0; i < values.length; i++) counts[((values[i]! - low) * perUnit) | 0]!++;
  let below = 0;
  let bin = 0;
  while (below + counts[bin]! < values.length / 2) below += counts[bin++]!;
  return low + (bin + 0.5) / perUnit;
}
