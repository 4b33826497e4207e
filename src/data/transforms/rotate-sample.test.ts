import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import type { LabeledImage } from '../types.js';
import { randomRotateSample, rotateSample } from './rotate-sample.js';

/** Mask of `of(x, y)`; the three channels are 1, 2 and 3 times the mask. */
function sample(width: number, height: number, of: (x: number, y: number) => number): LabeledImage {
  const mask = Uint8Array.from({ length: width * height }, (_, i) => of(i % width, Math.floor(i / width)));
  const image = Uint8Array.from(
    { length: 3 * mask.length },
    (_, i) => ((i % 3) + 1) * mask[Math.floor(i / 3)]!,
  );
  return { image, mask, width, height };
}

describe('rotateSample', () => {
  it('turns clockwise: a quarter turn moves every pixel, exactly', () => {
    const side = 7;
    const turned = rotateSample(
      sample(side, side, (x, y) => 10 * y + x),
      90,
    );
    const wanted = sample(side, side, (x, y) => 10 * (side - 1 - x) + y);
    expect(turned.mask).toEqual(wanted.mask);
    expect(turned.image).toEqual(wanted.image);
  });

  it('fills with the mean colour and 255 from outside, on a canvas of the same size', () => {
    const turned = rotateSample(
      sample(20, 10, () => 50),
      90,
    );
    expect([turned.width, turned.height]).toEqual([20, 10]);
    for (let y = 0; y < 10; y++) {
      expect(turned.mask[20 * y]).toBe(255);
      expect([...turned.image.subarray(3 * 20 * y, 3 * 20 * y + 3)]).toEqual([124, 116, 104]);
      expect(turned.mask[20 * y + 10]).toBe(50);
      expect(turned.image[3 * (20 * y + 10) + 1]).toBe(100);
    }
  });

  it('keeps image and mask together: only next to an edge may they disagree', () => {
    const side = 96;
    const turned = rotateSample(
      sample(side, side, (x, y) => 1 + Math.floor(x / 24) + 4 * Math.floor(y / 24)),
      -23,
    );
    let compared = 0;
    for (let y = 1; y < side - 1; y++) {
      for (let x = 1; x < side - 1; x++) {
        const at = y * side + x;
        const label = turned.mask[at]!;
        const around = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => turned.mask[at + dy * side + dx]!));
        if (label === 255 || around.some((other) => other !== label)) continue;
        expect(turned.image[3 * at]).toBe(label);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(4000);
  });
});

it('rotates half of the time and never changes what it is given', () => {
  const given = sample(9, 9, (x, y) => (x + y) % 3);
  const copy = { image: given.image.slice(), mask: given.mask.slice() };
  const changed = Array.from({ length: 400 }, (_, i) => randomRotateSample(given, new Random(`rotate ${i}`)));
  expect(changed.filter((result) => result !== given).length / 400).toBeCloseTo(0.5, 1);
  expect(given.image).toEqual(copy.image);
  expect(given.mask).toEqual(copy.mask);
});
