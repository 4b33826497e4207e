import { expect, test } from 'vitest';
import { Random } from '../../base/random.js';
import { imageOfPlanes } from '../transforms/normalize.js';
import type { LabeledImage } from '../types.js';
import { writeWhole } from './whole-view.js';

const SIDE = 24;

/** Red tells the column, green the row; the mask has three columns and two rows of classes. */
function sample(width: number, height: number): LabeledImage {
  const random = new Random('whole view');
  const at = (i: number) => [(i % width) / width, Math.floor(i / width) / height] as const;
  const mask = Uint8Array.from({ length: width * height }, (_, i) => {
    const [x, y] = at(i);
    return Math.floor(3 * x) + 3 * Math.floor(2 * y);
  });
  const image = Uint8Array.from({ length: 3 * mask.length }, (_, i) => {
    const [x, y] = at(Math.floor(i / 3));
    return [255 * x, 255 * y, random.integer(256)][i % 3]!;
  });
  return { image, mask, width, height };
}

function wholeOf(source: LabeledImage, seed: string) {
  const input = {
    planes: new Float32Array(3 * SIDE * SIDE),
    labels: new Uint8Array(SIDE * SIDE).fill(77),
    side: SIDE,
  };
  writeWhole(source, new Random(seed), input);
  return { pixels: imageOfPlanes(input.planes, SIDE), labels: input.labels };
}

test.each([
  [SIDE, SIDE],
  [72, 36],
  [10, 60],
])(
  'an image of %i x %i is seen from edge to edge, its mask with it, half of the time mirrored',
  (width, height) => {
    const source = sample(width, height);
    const copy = structuredClone(source);
    let mirrored = 0;
    for (let seed = 0; seed < 400; seed++) {
      const { pixels, labels } = wholeOf(source, `${seed}`);
      const isMirrored = labels[0] === 2;
      if (isMirrored) mirrored += 1;
      if (seed >= 20) continue;
      for (let y = 0; y < SIDE; y++)
        for (let x = 0; x < SIDE; x++) {
          const column = isMirrored ? SIDE - 1 - x : x;
          const at = y * SIDE + x;
          // A pixel of the input or of the image lies between what is expected and what is found.
          const tolerance = 255 * Math.max(1 / SIDE, 1 / width, 1 / height) + 1;
          expect(Math.abs(pixels[3 * at]! - (255 * column) / SIDE)).toBeLessThan(tolerance);
          expect(Math.abs(pixels[3 * at + 1]! - (255 * y) / SIDE)).toBeLessThan(tolerance);
          const class_ = Math.floor((3 * Math.floor((column * width) / SIDE)) / width);
          const row = Math.floor((2 * Math.floor((y * height) / SIDE)) / height);
          expect(labels[at]).toBe(class_ + 3 * row);
        }
    }
    // Four standard deviations.
    expect(Math.abs(mirrored - 200)).toBeLessThan(40);
    expect(source).toEqual(copy);
  },
);

test('nothing is blurred, no colour changes: of an image of the size of the input every pixel stays', () => {
  const source = sample(SIDE, SIDE);
  const seed = ['a', 'b', 'c', 'd', 'e', 'f'].find((name) => wholeOf(source, name).labels[0] === 0)!;
  const { pixels, labels } = wholeOf(source, seed);
  expect(pixels).toEqual(source.image);
  expect(labels).toEqual(source.mask);
});
