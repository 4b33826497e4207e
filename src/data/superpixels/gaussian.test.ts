import { describe, expect, it } from 'vitest';
import { smoothImage } from './gaussian.js';

/** One gray line as an image. */
const line = (values: readonly number[]) => Uint8Array.from(values.flatMap((v) => [v, v, v]));
const red = (image: Float64Array) => Array.from(image).filter((_, i) => i % 3 === 0);

describe('smoothImage', () => {
  it('scales to 0..1 and smooths nothing for sigma 0', () => {
    const image = Uint8Array.of(0, 51, 255);
    expect(Array.from(smoothImage(image, { width: 1, height: 1 }, 0))).toEqual([0, 51 / 255, 1]);
  });

  it('is a normalised Gaussian, cut off after 4 sigma and mirrored at the border', () => {
    const weights = [0, 1, 2, 3].map((x) => Math.exp(-(x * x) / (2 * 0.64)));
    const total = weights.reduce((sum, w) => sum + 2 * w, -1);
    const [w0, w1, w2, w3] = weights.map((w) => w / total) as [number, number, number, number];
    const size = { width: 6, height: 1 };
    const found = red(smoothImage(line([255, 0, 0, 0, 0, 0]), size, 0.8));
    [w0 + w1, w1 + w2, w2 + w3, w3, 0, 0].forEach((value, x) => {
      expect(found[x]).toBeCloseTo(value, 15);
    });
  });

  it('treats rows as columns, and channels apart', () => {
    const values = [10, 200, 30, 90, 250];
    const across = smoothImage(line(values), { width: 5, height: 1 }, 1.3);
    const down = smoothImage(line(values), { width: 1, height: 5 }, 1.3);
    across.forEach((value, i) => {
      expect(down[i]).toBeCloseTo(value, 14);
    });
    const onlyGreen = smoothImage(Uint8Array.of(0, 255, 0, 0, 0, 0), { width: 2, height: 1 }, 1);
    expect(onlyGreen.filter((_, i) => i % 3 !== 1)).toEqual(new Float64Array(4));
  });

  it('keeps a flat image flat, however small', () => {
    for (const [width, height] of [
      [1, 1],
      [2, 3],
    ] as const) {
      const flat = new Uint8Array(3 * width * height).fill(100);
      for (const value of smoothImage(flat, { width, height }, 2.5)) expect(value).toBeCloseTo(100 / 255, 14);
    }
  });
});
