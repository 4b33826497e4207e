import { describe, expect, test } from 'vitest';
import { learnedSize, noticesOf, tileFor, windowStarts, windowWeights } from './tile.js';

const learned = { width: 480, height: 360 };

describe('an image is looked at in windows', () => {
  test.each([
    ['auto', learned, { width: 960, height: 720 }, { ...learned, overlap: 0.25 }],
    ['auto', learned, { width: 959, height: 4000 }, undefined],
    ['auto', undefined, { width: 12000, height: 12000 }, undefined],
    ['off', learned, { width: 12000, height: 12000 }, undefined],
    ['512x300', learned, { width: 513, height: 200 }, { width: 512, height: 300, overlap: 0.25 }],
    ['512x300', learned, { width: 512, height: 300 }, undefined],
  ])('%s, learned from %o, an image of %o: %o', (tile, learnedSize, image, expected) => {
    expect(tileFor({ tile, overlap: 0.25, learnedSize }, image)).toEqual(expected);
  });
});

test.each([
  [100, 100, 0.25, [0]],
  [60, 100, 0.25, [0]],
  [101, 100, 0.25, [0, 1]],
  [250, 100, 0.25, [0, 75, 150]],
  [251, 100, 0.25, [0, 50, 101, 151]],
  [300, 100, 0, [0, 100, 200]],
])('windows along %i pixels, each of %i, overlap %f, begin at %o', (length, window, overlap, expected) => {
  expect(windowStarts(length, window, overlap)).toEqual(expected);
});

test('windows reach both ends and leave nothing out, whatever the sizes', () => {
  for (let length = 1; length < 400; length += 7) {
    for (const overlap of [0, 0.1, 0.25, 0.5, 0.9]) {
      const starts = windowStarts(length, 32, overlap);
      expect(starts[0]).toBe(0);
      if (length > 32) expect(starts.at(-1)).toBe(length - 32);
      for (let i = 1; i < starts.length; i++) {
        const step = starts[i]! - starts[i - 1]!;
        expect(step).toBeGreaterThan(0);
        // Places are rounded to whole pixels.
        expect(step).toBeLessThanOrEqual(32 * (1 - overlap) + 1);
      }
    }
  }
});

test('weights fall from the middle to the edges, and are never none', () => {
  const weights = windowWeights(64);
  expect(weights[31]).toBeCloseTo(1, 2);
  expect(weights[0]).toBeCloseTo(0.001, 5);
  expect([...weights]).toEqual([...weights].reverse());
  for (let i = 1; i < 32; i++) expect(weights[i]!).toBeGreaterThanOrEqual(weights[i - 1]!);
});

test('what a training learned from is the median of its images, or its windows', () => {
  const images = [learned, { width: 100, height: 900 }, { width: 500, height: 300 }];
  const settings = (tile_size: string) => ({ tiling_parameters: { tile_size, tile_overlap: 0.25 } });
  expect(learnedSize(images, settings('auto'))).toEqual({ width: 480, height: 360 });
  expect(learnedSize(images, settings('512x300'))).toEqual({ width: 512, height: 300 });
});

describe('what is said', () => {
  const inputSize = { width: 544, height: 544 };
  test('of windows that were chosen', () => {
    const tiling = { tile: 'auto', overlap: 0.25, learnedSize: learned };
    expect(noticesOf({ tiling, inputSize }, [learned, { width: 2000, height: 2000 }])).toEqual([
      '1 of 2 images are looked at in windows of 480x360 pixels, the size of the images that were learned from, which overlap by ' +
        '25 % (--tile off looks at whole images)',
    ]);
    expect(noticesOf({ tiling, inputSize }, [learned])).toEqual([]);
  });

  test('of an image that shrinks much for a model of which nothing is known', () => {
    const tiling = { tile: 'auto', overlap: 0.25 };
    const large = { width: 12000, height: 9000 };
    expect(noticesOf({ tiling, inputSize }, [large])).toEqual([
      'the image of 12000x9000 is shrunk 17 times, to 544x544: what is small there vanishes; --tile 544 looks at windows',
    ]);
    expect(noticesOf({ tiling, inputSize }, [large, { width: 6000, height: 6000 }, learned])).toEqual([
      '2 of 3 images are shrunk 11 times or more, to 544x544: what is small there vanishes; --tile 544 looks at windows',
    ]);
  });
});
