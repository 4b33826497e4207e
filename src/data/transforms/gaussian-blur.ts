/** @file Gaussian blur of 8-bit images (torchvision `GaussianBlur` with a kernel of 23 pixels). */
import type { Random } from '../../base/random.js';
import type { Size } from './geometry.js';

const KERNEL = 23;
/** Standard deviation in pixels: U(0.1, 2). */
const SIGMA = [0.1, 2] as const;
/** What lies further out than this many standard deviations changes no pixel by more than 0.02 levels. */
const REACH = 4;

/** Blurs with a random sigma; see {@link blur}. @param sigmaScale what sigma is multiplied with; default 1 */
export function randomBlur(image: Uint8Array, size: Size, random: Random, sigmaScale = 1): Uint8Array {
  return blur(image, size, sigmaScale * random.range(...SIGMA));
}

/**
 * Blurs an HWC RGB image with a Gaussian of 23 x 23 pixels, mirrored at the border pixel (`c b | a b c`). Values are rounded
 * once, at the end.
 * @param sigma standard deviation in pixels.
 * @returns a new image.
 */
export function blur(image: Uint8Array, { width, height }: Size, sigma: number): Uint8Array {
  const kernel = halfKernel(sigma);
  const radius = kernel.length - 1;
  const stride = 3 * width;
  const blurred = new Uint8Array(image.length);
  const line = new Float32Array(stride);
  const middle = 3 * radius;
  const padded = new Float32Array(stride + 2 * middle);
  for (let y = 0, row = 0; y < height; y++, row += stride) {
    for (let x = 0; x < stride; x++) line[x] = image[row + x]! * kernel[0]!;
    for (let k = 1; k <= radius; k++) {
      const weight = kernel[k]!;
      const above = mirrored(y - k, height) * stride;
      const below = mirrored(y + k, height) * stride;
      for (let x = 0; x < stride; x++) line[x]! += (image[above + x]! + image[below + x]!) * weight;
    }

    padded.set(line, middle);
    for (let k = 1; k <= radius; k++) {
      const left = 3 * mirrored(-k, width);
      const right = 3 * mirrored(width - 1 + k, width);
      for (let channel = 0; channel < 3; channel++) {
        padded[middle - 3 * k + channel] = line[left + channel]!;
        padded[middle + stride + 3 * (k - 1) + channel] = line[right + channel]!;
      }
    }
    for (let x = 0; x < stride; x++) line[x] = padded[middle + x]! * kernel[0]! + 0.5;
    for (let k = 1; k <= radius; k++) {
      const weight = kernel[k]!;
      const left = middle - 3 * k;
      const right = middle + 3 * k;
      for (let x = 0; x < stride; x++) line[x]! += (padded[left + x]! + padded[right + x]!) * weight;
    }
    blurred.set(line, row);
  }
  return blurred;
}

/** Weights from the centre outwards; both sides together sum to 1. */
function halfKernel(sigma: number): Float64Array {
  const radius = Math.min((KERNEL - 1) / 2, Math.ceil(REACH * sigma));
  const weights = Float64Array.from({ length: radius + 1 }, (_, x) => Math.exp(-0.5 * (x / sigma) ** 2));
  const total = weights.reduce((sum, weight) => sum + 2 * weight, -weights[0]!);
  return weights.map((weight) => weight / total);
}

/** The position inside 0..length-1 that a position outside reflects, the border pixel being the mirror. */
function mirrored(position: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const inside = ((position % period) + period) % period;
  return Math.min(inside, period - inside);
}
