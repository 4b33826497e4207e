import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import {
  AUGMENTATION_NAMES,
  type AugmentationName,
  createAugmentation,
  describeAugmentation,
} from './augmentation.js';
import { type NetworkInput, PIXEL_MEAN, PIXEL_STD } from './transforms/normalize.js';
import type { LabeledImage } from './types.js';

/** A picture whose colour and label both say where a pixel came from: 4x4 blocks, label = block, red = 10 x label. */
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

function augmented(name: AugmentationName, side: number, source: LabeledImage, seed: number): NetworkInput {
  const input = { planes: new Float32Array(3 * side * side), labels: new Uint8Array(side * side), side };
  createAugmentation(name, side)(source, new Random(seed), input);
  return input;
}

const red = ({ planes }: NetworkInput, at: number) => planes[at]! * PIXEL_STD[0] + PIXEL_MEAN[0];

/** Size of the part that is not padding, of an input that is not rotated. */
function extent({ labels, side }: NetworkInput): { width: number; height: number } {
  const row = labels.subarray(0, side).indexOf(255);
  const column = Array.from({ length: side }, (_, y) => labels[y * side]!).indexOf(255);
  return { width: row < 0 ? side : row, height: column < 0 ? side : column };
}

describe.each(AUGMENTATION_NAMES)('%s augmentation', (name) => {
  it('repeats for equal seeds, differs between seeds and leaves its input alone', () => {
    const source = blocks(96, 72);
    const results = Array.from({ length: 20 }, (_, seed) => augmented(name, 64, source, seed));
    expect(augmented(name, 64, source, 5)).toEqual(results[5]);
    expect(new Set(results.map(({ labels }) => labels.join())).size).toBe(20);
    expect(source).toEqual(blocks(96, 72));
  });

  it('gives planes of the mean colour exactly where labels are padding', () => {
    const source = blocks(30, 50);
    source.image.fill(255);
    // Rotated before normalising, the fill is rounded to 8 bits.
    const isFill = (value: number) => Math.abs(value) <= (name === 'geometric' ? 0.5 / PIXEL_STD[0] : 0);
    for (let seed = 0; seed < 20; seed++) {
      const { planes, labels } = augmented(name, 64, source, seed);
      const inside = labels.findIndex((label) => label !== 255);
      expect(isFill(planes[inside]!)).toBe(false);
      let wrong = 0;
      // A rotated edge is blended with the padding, so a zero needs a neighbour outside.
      for (let at = 65; at < 63 * 64; at++) {
        const around = [at, at - 1, at + 1, at - 64, at + 64, at - 65, at - 63, at + 63, at + 65];
        if (around.every((i) => labels[i] === 255) && !isFill(planes[at]!)) wrong++;
        if (around.every((i) => labels[i] !== 255) && isFill(planes[at]!)) wrong++;
      }
      expect(wrong).toBe(0);
    }
  });

  it('takes images of one pixel and of extreme shapes', () => {
    for (const [width, height] of [
      [1, 1],
      [1, 400],
      [400, 1],
    ] as const) {
      for (let seed = 0; seed < 10; seed++) {
        const { planes } = augmented(name, 32, blocks(width, height), seed);
        expect(planes.every(Number.isFinite)).toBe(true);
      }
    }
  });

  it('has a description of one line', () => {
    expect(describeAugmentation(name)).toMatch(/^[^\n]{20,200}$/);
  });
});

describe('plain augmentation', () => {
  it('keeps image and mask aligned through scale, crop and flip', () => {
    const source = blocks(96, 72);
    for (let seed = 0; seed < 50; seed++) {
      const input = augmented('plain', 64, source, seed);
      const { width, height } = extent(input);
      let far = 0;
      input.labels.forEach((label, i) => {
        if (label !== 255 && Math.abs(red(input, i) - 10 * label) > 4) far++;
      });
      // Only where a bilinear edge blends two blocks may colour and label differ.
      expect(far / (width * height)).toBeLessThan(0.2);
    }
  });

  it('changes size and side between seeds', () => {
    const results = Array.from({ length: 40 }, (_, seed) => augmented('plain', 64, blocks(96, 72), seed));
    expect(new Set(results.map((input) => Object.values(extent(input)).join())).size).toBeGreaterThan(5);
    const flipped = results.filter(({ labels }) => labels[0]! % 4 > labels[10]! % 4).length;
    const upright = results.filter(({ labels }) => labels[0]! % 4 < labels[10]! % 4).length;
    expect(flipped).toBeGreaterThan(3);
    expect(upright).toBeGreaterThan(3);
  });

  it('scales relative to 544 per 512 of crop size and keeps the aspect ratio', () => {
    const sizes = Array.from({ length: 200 }, (_, seed) =>
      extent(augmented('plain', 256, blocks(100, 10), seed)),
    );
    const widths = sizes.map(({ width }) => width);
    expect(Math.max(...widths)).toBe(256);
    expect(Math.min(...widths)).toBeGreaterThanOrEqual(136);
    expect(Math.min(...widths)).toBeLessThan(142);
    expect(Math.max(...sizes.map(({ height }) => height))).toBeLessThanOrEqual(55);
  });
});

describe('documented augmentation', () => {
  it('keeps image and mask aligned through everything that moves pixels', () => {
    // Two labels whose colours no distortion can confuse: black stays below 33, white stays above 111.
    const source = blocks(96, 72);
    source.mask.forEach((label, i) => {
      source.mask[i] = (label + (label >> 2)) & 1;
      source.image.fill(255 * source.mask[i]!, 3 * i, 3 * i + 3);
    });
    const around = [-2, -1, 0, 1, 2].flatMap((dy) => [-2, -1, 0, 1, 2].map((dx) => 64 * dy + dx));
    let compared = 0;
    let [brightestBlack, darkestWhite] = [0, 255];
    for (let seed = 0; seed < 40; seed++) {
      const input = augmented('documented', 64, source, seed);
      for (let y = 2; y < 62; y++) {
        for (let x = 2; x < 62; x++) {
          const at = y * 64 + x;
          const label = input.labels[at]!;
          if (label === 255 || around.some((step) => input.labels[at + step] !== label)) continue;
          compared++;
          if (label === 0) brightestBlack = Math.max(brightestBlack, red(input, at));
          else darkestWhite = Math.min(darkestWhite, red(input, at));
        }
      }
    }
    expect(brightestBlack).toBeLessThan(50);
    expect(darkestWhite).toBeGreaterThan(110);
    expect(compared).toBeGreaterThan(20_000);
  });

  it('does not keep the aspect ratio', () => {
    // At scale 0.5 the shortest side would be 3 of 34; here both are equal, whatever the angle.
    for (let seed = 0; seed < 20; seed++) {
      const { labels } = augmented('documented', 64, blocks(100, 10), seed);
      const rows = new Set<number>();
      const columns = new Set<number>();
      labels.forEach((label, i) => {
        if (label === 255) return;
        rows.add(Math.floor(i / 64));
        columns.add(i % 64);
      });
      expect(rows.size).toBeGreaterThanOrEqual(33);
      expect(columns.size).toBeGreaterThanOrEqual(33);
    }
  });
});
