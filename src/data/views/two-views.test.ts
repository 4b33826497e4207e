import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { imageOfPlanes } from '../transforms/normalize.js';
import type { LabeledImage } from '../types.js';
import { type View, writeView } from './two-views.js';

const SIDE = 48;

/** A photograph-like sample: six areas, each with its own colour and a little noise. */
function sample(width: number, height: number): LabeledImage {
  const random = new Random('two views');
  const mask = Uint8Array.from(
    { length: width * height },
    (_, i) =>
      1 + Math.floor((3 * (i % width)) / width) + 3 * Math.floor((2 * Math.floor(i / width)) / height),
  );
  const image = Uint8Array.from({ length: 3 * mask.length }, (_, i) => {
    const id = mask[Math.floor(i / 3)]!;
    return ((70 * id * ((i % 3) + 1)) % 220) + random.integer(20);
  });
  return { image, mask, width, height };
}

const source = sample(120, 90);

function viewOf(view: View, seed: number | string, from: LabeledImage = source) {
  const input = {
    planes: new Float32Array(3 * SIDE * SIDE),
    labels: new Uint8Array(SIDE * SIDE),
    side: SIDE,
  };
  writeView(from, view, new Random(seed), input);
  return input;
}

describe('writeView', () => {
  it.each([0, 1] as const)(
    'repeats view %i for equal seeds, differs for others, and leaves the sample alone',
    (view) => {
      const copy = structuredClone(source);
      expect(viewOf(view, 5)).toEqual(viewOf(view, 5));
      expect(viewOf(view, 5).planes).not.toEqual(viewOf(view, 6).planes);
      expect(source).toEqual(copy);
    },
  );

  it('fills the whole input: no padding, no region that the mask does not have', () => {
    for (let seed = 0; seed < 50; seed++) {
      for (const view of [0, 1] as const) {
        for (const id of viewOf(view, seed).labels) {
          expect(id).toBeGreaterThanOrEqual(1);
          expect(id).toBeLessThanOrEqual(6);
        }
      }
    }
  });

  it.each([0, 1] as const)('keeps image and mask of view %i aligned through crop and flip', (view) => {
    // Brightness rises with the number of the region; no colour change of a view can turn that round, but solarisation.
    const [width, height] = [90, 90];
    const mask = Uint8Array.from({ length: width * height }, (_, i) => 1 + Math.floor((i % width) / 30));
    const image = Uint8Array.from({ length: 3 * mask.length }, (_, i) => 30 * mask[Math.floor(i / 3)]!);
    let compared = 0;
    for (let seed = 0; seed < 60; seed++) {
      const { planes, labels } = viewOf(view, seed, { image, mask, width, height });
      const pixels = imageOfPlanes(planes, SIDE);
      const sums = new Float64Array(4);
      const counts = new Float64Array(4);
      labels.forEach((id, i) => {
        sums[id]! += pixels[3 * i]!;
        counts[id]!++;
      });
      for (const id of [2, 3]) {
        if (counts[id]! < 100 || counts[id - 1]! < 100) continue;
        compared++;
        expect(sums[id]! / counts[id]!).toBeGreaterThan(sums[id - 1]! / counts[id - 1]! + 2);
      }
    }
    expect(compared).toBeGreaterThan(30);
  });

  it('makes 2 views of 10 gray, flips 5, solarises 2 of 10 second views, blurs the first view more', () => {
    const count = 1000;
    const bright = sample(40, 40);
    bright.image.fill(250);
    for (const view of [0, 1] as const) {
      let [gray, flipped, solarized] = [0, 0, 0];
      for (let seed = 0; seed < count; seed++) {
        const { planes, labels } = viewOf(view, `share ${seed}`);
        const pixels = imageOfPlanes(planes, SIDE);
        if (pixels.every((value, i) => i % 3 === 0 || value === pixels[i - 1])) gray += 1 / count;
        // Regions are numbered from left to right.
        if (labels[0]! > labels[SIDE - 1]!) flipped += 1 / count;
        if (labels[0] === labels[SIDE - 1]) flipped += 0.5 / count;
        const level = imageOfPlanes(viewOf(view, `level ${seed}`, bright).planes, SIDE)[0]!;
        if (level < 106) solarized += 1 / count;
      }
      // Four standard deviations.
      expect(Math.abs(gray - 0.2)).toBeLessThan(0.05);
      expect(Math.abs(flipped - 0.5)).toBeLessThan(0.065);
      expect(Math.abs(solarized - [0, 0.2][view]!)).toBeLessThanOrEqual(view * 0.05);
    }
    const roughness = (view: View) => {
      let sum = 0;
      for (let seed = 0; seed < 200; seed++) {
        const { planes } = viewOf(view, seed);
        for (let i = 1; i < SIDE * SIDE; i++) sum += Math.abs(planes[i]! - planes[i - 1]!);
      }
      return sum;
    };
    expect(roughness(0)).toBeLessThan(0.85 * roughness(1));
  });
});
