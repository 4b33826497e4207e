import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { smoothMask } from './smooth-mask.js';

const SIDE = 512;
const SIZE = { width: SIDE, height: SIDE };
/** What lambda 4 and 16 give. */
const SIGMAS = [1.826, 3.334];

const share = (mask: Uint8Array) => mask.reduce((sum, value) => sum + value, 0) / mask.length;

/** Correlation of pixels `dx`, `dy` apart, of a mask that is half ones. */
function correlation(mask: Uint8Array, dx: number, dy: number): number {
  let sum = 0;
  let count = 0;
  for (let y = 0; y < SIDE - dy; y++) {
    for (let x = 0; x < SIDE - dx; x++, count++) {
      sum += mask[y * SIDE + x] === mask[(y + dy) * SIDE + x + dx] ? 1 : -1;
    }
  }
  return sum / count;
}

describe('smoothMask', () => {
  it.each(SIGMAS)('covers half of the image at sigma %f', (sigma) => {
    for (let seed = 0; seed < 5; seed++) {
      expect(Math.abs(share(smoothMask(SIZE, sigma, new Random(seed))) - 0.5)).toBeLessThan(0.003);
      const small = smoothMask({ width: 64, height: 64 }, sigma, new Random(seed));
      expect(Math.abs(share(small) - 0.5)).toBeLessThan(0.003);
    }
  });

  it.each(SIGMAS)('has the correlation of blurred and halved white noise at sigma %f', (sigma) => {
    const masks = [1, 2].map((seed) => smoothMask(SIZE, sigma, new Random(seed)));
    for (const distance of [1, 2, 4, 6, 10]) {
      // A Gaussian field's values correlate by exp(-d^2 / (4 sigma^2)), its signs by the arcsine law.
      const expected = (2 / Math.PI) * Math.asin(Math.exp(-(distance ** 2) / (4 * sigma ** 2)));
      const mean = (dx: number, dy: number) =>
        masks.reduce((sum, mask) => sum + correlation(mask, dx, dy), 0) / masks.length;
      expect(Math.abs(mean(distance, 0) - expected), `${distance} pixels along x`).toBeLessThan(0.03);
      expect(Math.abs(mean(0, distance) - expected), `${distance} pixels along y`).toBeLessThan(0.03);
    }
  });

  it('is as likely to be one in every column, row and corner', () => {
    const size = { width: 16, height: 16 };
    const sums = new Float64Array(256);
    const random = new Random(1);
    for (let i = 0; i < 2000; i++) {
      smoothMask(size, 2, random).forEach((value, at) => {
        sums[at]! += value;
      });
    }
    // Six standard deviations of a fair coin.
    for (const sum of sums) expect(Math.abs(sum / 2000 - 0.5)).toBeLessThan(0.067);
  });

  it.each([
    [1, 1],
    [7, 5],
    [5, 8],
    [1, 30],
  ])('takes sizes such as %ix%i', (width, height) => {
    const mask = smoothMask({ width, height }, 2, new Random(3));
    expect(mask).toHaveLength(width * height);
    expect(mask.every((value) => value <= 1)).toBe(true);
  });

  it('repeats for equal seeds and differs between seeds', () => {
    expect(smoothMask(SIZE, 3, new Random(4))).toEqual(smoothMask(SIZE, 3, new Random(4)));
    const [a, b] = [smoothMask(SIZE, 3, new Random(4)), smoothMask(SIZE, 3, new Random(5))];
    const agreeing = a.filter((value, i) => value === b[i]).length / a.length;
    expect(Math.abs(agreeing - 0.5)).toBeLessThan(0.05);
  });
});
