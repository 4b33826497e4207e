import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import type { LabeledImage } from '../types.js';
import { drawPart, randomResizedCrop, resizePart } from './resized-crop.js';

/** Gray image whose mask has the same values. */
function sample(width: number, height: number, of: (x: number, y: number) => number): LabeledImage {
  const mask = Uint8Array.from({ length: width * height }, (_, i) => of(i % width, Math.floor(i / width)));
  return {
    image: Uint8Array.from({ length: 3 * mask.length }, (_, i) => mask[Math.floor(i / 3)]!),
    mask,
    width,
    height,
  };
}

const whole = ({ width, height }: LabeledImage) => ({ left: 0, top: 0, width, height });

describe('drawPart', () => {
  it('draws area and aspect ratio from their whole ranges, and any place', () => {
    const size = { width: 640, height: 480 };
    const parts = Array.from({ length: 4000 }, (_, seed) => drawPart(size, new Random(seed)));
    const areas = parts.map(({ width, height }) => (width * height) / (640 * 480));
    const ratios = parts.map(({ width, height }) => Math.log(width / height) / Math.log(4 / 3));
    // Rounding to whole pixels may leave the ranges by a little.
    expect(Math.min(...areas)).toBeGreaterThan(0.079);
    expect(Math.min(...areas)).toBeLessThan(0.09);
    expect(Math.max(...areas)).toBeGreaterThan(0.97);
    expect(Math.min(...ratios)).toBeGreaterThan(-1.03);
    expect(Math.max(...ratios)).toBeLessThan(1.03);
    expect(Math.min(...ratios)).toBeLessThan(-0.97);
    expect(Math.max(...ratios)).toBeGreaterThan(0.97);
    for (const { left, top, width, height } of parts) {
      expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
      expect(left + width).toBeLessThanOrEqual(640);
      expect(top + height).toBeLessThanOrEqual(480);
    }
    const small = parts.filter(({ width }) => width < 320);
    const place = small.map(({ left, width }) => left / (640 - width));
    expect(place.reduce((sum, x) => sum + x, 0) / small.length).toBeCloseTo(0.5, 1);
    expect(Math.max(...place)).toBeGreaterThan(0.99);
  });

  it.each([
    [1000, 10, { left: 493, top: 0, width: 13, height: 10 }],
    [10, 1000, { left: 0, top: 493, width: 10, height: 13 }],
    [1, 1, { left: 0, top: 0, width: 1, height: 1 }],
  ])('falls back to the middle of %ix%i, where no part fits', (width, height, expected) => {
    expect(drawPart({ width, height }, new Random(3))).toEqual(expected);
  });
});

describe('resizePart', () => {
  it('copies a part of the same size', () => {
    const source = sample(9, 7, (x, y) => 20 * y + x);
    const part = resizePart(source, { left: 2, top: 3, width: 4, height: 4 }, 4);
    const expected = sample(4, 4, (x, y) => 20 * (y + 3) + x + 2);
    expect(part).toEqual(expected);
  });

  it('averages over all pixels where it shrinks', () => {
    // Triangles of 2 pixels either side of the centres 1 and 3: weights 3 3 1 out of 7, mirrored for the second.
    const source = sample(4, 4, (x) => [70, 140, 210, 0][x]!);
    const { image } = resizePart(source, whole(source), 2);
    const [left, right] = [(3 * 70 + 3 * 140 + 210) / 7, (140 + 3 * 210) / 7];
    expect([image[0], image[3]]).toEqual([Math.round(left), Math.round(right)]);
    expect([image[6], image[9]]).toEqual([Math.round(left), Math.round(right)]);
  });

  it('interpolates between pixel centres where it grows', () => {
    const source = sample(2, 2, (x) => 100 * x);
    const { image, mask } = resizePart(source, whole(source), 4);
    expect([0, 1, 2, 3].map((x) => image[3 * x])).toEqual([0, 25, 75, 100]);
    expect([...mask.subarray(0, 4)]).toEqual([0, 0, 100, 100]);
  });

  it('keeps image and mask together, and makes up no region', () => {
    const source = sample(300, 200, (x, y) => 40 * (1 + Math.floor(x / 60)) + 5 * Math.floor(y / 50));
    const ids = new Set(source.mask);
    for (let seed = 0; seed < 20; seed++) {
      const { image, mask } = randomResizedCrop(source, 64, new Random(seed));
      let compared = 0;
      for (let y = 4; y < 60; y++) {
        for (let x = 4; x < 60; x++) {
          const id = mask[64 * y + x]!;
          expect(ids.has(id)).toBe(true);
          // Away from borders the image still shows the number of its region.
          const around = [-4, 0, 4].flatMap((dy) => [-4, 0, 4].map((dx) => mask[64 * (y + dy) + x + dx]));
          if (around.some((other) => other !== id)) continue;
          expect(image[3 * (64 * y + x)]).toBe(id);
          compared++;
        }
      }
      expect(compared).toBeGreaterThan(500);
    }
  });

  it('repeats for equal seeds and leaves its input alone', () => {
    const source = sample(50, 40, (x, y) => x + y);
    const copy = structuredClone(source);
    expect(randomResizedCrop(source, 32, new Random(8))).toEqual(
      randomResizedCrop(source, 32, new Random(8)),
    );
    expect(source).toEqual(copy);
  });
});
