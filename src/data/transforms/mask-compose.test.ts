import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { maskCompose } from './mask-compose.js';

const SIDE = 64;

const flat = {
  image: Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, i) => [180, 90, 60][i % 3]!),
  mask: Uint8Array.from({ length: SIDE * SIDE }, (_, i) => i % 5),
  width: SIDE,
  height: SIDE,
};

/** How many pixels have each colour. */
function colorsOf(image: Uint8Array): number[] {
  const counts = new Map<string, number>();
  for (let at = 0; at < image.length; at += 3) {
    const color = image.subarray(at, at + 3).join();
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  return [...counts.values()];
}

describe('maskCompose', () => {
  it('gives one distortion or two, half of the image each', () => {
    const random = new Random(2);
    const runs = 400;
    let mixed = 0;
    for (let i = 0; i < runs; i++) {
      const { image, mask } = maskCompose(flat, random);
      expect(mask).toBe(flat.mask);
      const counts = colorsOf(image);
      expect(counts.length).toBeLessThanOrEqual(2);
      if (counts.length === 2) {
        mixed++;
        expect(Math.abs(counts[0]! / (SIDE * SIDE) - 0.5)).toBeLessThan(0.003);
      }
    }
    // Mixed with probability 0.5, and seen unless both draws change nothing (1/256). Four standard deviations.
    expect(Math.abs(mixed / runs - 0.498)).toBeLessThan(0.1);
  });

  it('moves nothing: a distorted pixel depends on its own colour only', () => {
    const [stripe, width] = [16, 64];
    const mask = Uint8Array.from({ length: width * width }, (_, i) => Math.floor((i % width) / stripe));
    const image = new Uint8Array(3 * mask.length);
    mask.forEach((label, i) => {
      image.set([60 * label, 250 - 60 * label, 30 + 10 * label], 3 * i);
    });
    for (let seed = 0; seed < 20; seed++) {
      const result = maskCompose({ image, mask, width, height: width }, new Random(seed));
      for (let label = 0; label < 4; label++) {
        const colors = new Set<string>();
        mask.forEach((value, i) => {
          if (value === label) colors.add(result.image.subarray(3 * i, 3 * i + 3).join());
        });
        expect(colors.size).toBeLessThanOrEqual(2);
      }
    }
  });

  it('repeats for equal seeds and leaves its input alone', () => {
    const copy = structuredClone(flat);
    expect(maskCompose(flat, new Random(8))).toEqual(maskCompose(flat, new Random(8)));
    expect(flat).toEqual(copy);
  });
});
