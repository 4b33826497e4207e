import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import { createRecipe } from './recipes.js';
import type { LabeledImage } from './types.js';

/** A picture whose colour and label both say where a pixel came from: 8x8 blocks, label = block, red = 10 x label. */
function blocks(width: number, height: number): LabeledImage {
  const mask = Uint8Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return Math.floor((4 * x) / width) + 4 * Math.floor((4 * y) / height);
  });
  const image = new Uint8Array(3 * mask.length);
  mask.forEach((label, i) => {
    image.set([10 * label, 255 - 10 * label, 7], 3 * i);
  });
  return { image, mask, width, height };
}

describe('plain recipe', () => {
  it('keeps image and mask aligned through scale, crop and flip', () => {
    const recipe = createRecipe('plain', 64);
    const source = blocks(96, 72);
    for (let seed = 0; seed < 50; seed++) {
      const { image, mask, width, height } = recipe(source, new Random(seed));
      expect(width).toBeLessThanOrEqual(64);
      expect(height).toBeLessThanOrEqual(64);
      expect(mask).toHaveLength(width * height);
      expect(image).toHaveLength(3 * width * height);
      let far = 0;
      mask.forEach((label, i) => {
        if (Math.abs(image[3 * i]! - 10 * label) > 4) far++;
      });
      // Only where a bilinear edge blends two blocks may colour and label differ.
      expect(far / mask.length).toBeLessThan(0.2);
    }
  });

  it('changes size, position and side between seeds, and nothing for equal seeds', () => {
    const recipe = createRecipe('plain', 64);
    const source = blocks(96, 72);
    const results = Array.from({ length: 40 }, (_, seed) => recipe(source, new Random(seed)));
    expect(new Set(results.map((r) => `${r.width}x${r.height}`)).size).toBeGreaterThan(5);
    const flipped = results.filter((r) => r.mask[0]! % 4 > r.mask[r.width - 1]! % 4).length;
    expect(flipped).toBeGreaterThan(8);
    expect(flipped).toBeLessThan(32);
    expect(recipe(source, new Random(5))).toEqual(results[5]);
    expect(source).toEqual(blocks(96, 72));
  });

  it('scales relative to 544 per 512 of crop size', () => {
    const recipe = createRecipe('plain', 256);
    const source = blocks(100, 10);
    const widths = Array.from({ length: 200 }, (_, seed) => recipe(source, new Random(seed)).width);
    expect(Math.max(...widths)).toBe(256);
    expect(Math.min(...widths)).toBeGreaterThanOrEqual(136);
    expect(Math.min(...widths)).toBeLessThan(142);
  });
});
