import { expect, test } from 'vitest';
import { Random } from '../../base/random.js';
import { rowsOf } from '../../data/images/rows.js';
import type { Size } from '../../data/index.js';
import { imageOfPlanes, normalizeImage } from '../../data/transforms/normalize.js';
import { resizeImage } from '../../data/transforms/resize.js';
import { classMap, classProbabilities } from '../class-map.js';
import { classifyTiles } from './classify-tiles.js';

const CLASSES = 4;
const inputSize = { width: 32, height: 32 };

/** Smooth and rough at once. */
function pictureOf({ width, height }: Size) {
  const random = new Random('picture');
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const pixel = Math.floor(i / 3);
    const wave = Math.sin((pixel % width) / 9) + Math.cos(Math.floor(pixel / width) / 7 + (i % 3));
    return 128 + 50 * wave + random.range(-20, 20);
  });
  return { data, width, height };
}

/** A network that looks at each pixel for itself: whatever window a pixel is in, the answer is the same. */
function answerTo(planes: Float32Array, { width, height }: Size): Float32Array {
  const area = width * height;
  const answer = new Float32Array(CLASSES * area);
  for (let i = 0; i < area; i++) {
    const [r, g, b] = [planes[i]!, planes[area + i]!, planes[2 * area + i]!];
    const values = [0.1, r - b, g + 0.2 * r, b - 0.3].map(Math.exp);
    const total = values.reduce((sum, value) => sum + value, 0);
    values.forEach((value, k) => {
      answer[k * area + i] = value / total;
    });
  }
  return answer;
}

const network = {
  classes: CLASSES,
  inputSize,
  threshold: undefined,
  probabilities: async (planes: Float32Array) => answerTo(planes, inputSize),
};

/** The whole image at the scale of the windows, and its answer at once. */
function wholeAnswer(picture: ReturnType<typeof pictureOf>, scaled: Size) {
  return answerTo(normalizeImage(resizeImage(picture.data, picture, scaled), scaled), scaled);
}

const same = (a: Uint8Array, b: Uint8Array) => a.filter((value, i) => value === b[i]).length / a.length;

test.each([
  ['windows of the size of the input', { width: 150, height: 101 }, { width: 32, height: 32 }],
  ['windows that are shrunk', { width: 301, height: 190 }, { width: 64, height: 64 }],
  ['windows that are enlarged, not square', { width: 75, height: 50 }, { width: 20, height: 16 }],
  ['an image of less rows than a window', { width: 200, height: 20 }, { width: 32, height: 32 }],
])(
  'merged is what the whole image gives, where a network looks at pixels alone: %s',
  async (_, size, tile) => {
    const picture = pictureOf(size);
    const scaled = {
      width: Math.round((size.width * 32) / tile.width),
      height: Math.round((size.height * 32) / tile.height),
    };
    const of = { classes: { length: CLASSES }, inputSize: scaled, scale: 'probabilities' as const };
    const whole = wholeAnswer(picture, scaled);
    for (const overlap of [0, 0.25, 0.6]) {
      const tiled = await classifyTiles(rowsOf(picture), { ...tile, overlap }, network, {
        wantsProbabilities: true,
      });
      // Sums of weights are rounded: pixels of two classes that are as good as equal may differ.
      expect(same(tiled.labels, classMap(whole, of, size))).toBeGreaterThan(0.9995);
      const expected = classProbabilities(whole, of, size);
      const worst = tiled.probabilities!.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - expected[i]!)),
        0,
      );
      expect(worst).toBeLessThan(1e-5);
    }
  },
);

test('a class that is not probable enough is background, after the merging', async () => {
  const size = { width: 100, height: 70 };
  const picture = pictureOf(size);
  const of = {
    classes: { length: CLASSES },
    inputSize: size,
    scale: 'probabilities',
    threshold: 0.5,
  } as const;
  const expected = classMap(wholeAnswer(picture, size), of, size);
  const { labels, windows } = await classifyTiles(
    rowsOf(picture),
    { width: 32, height: 32, overlap: 0.25 },
    { ...network, threshold: 0.5 },
  );
  expect(new Set(expected).size).toBeGreaterThan(2);
  expect(same(labels, expected)).toBeGreaterThan(0.999);
  expect(windows).toBe(4 * 3);
});

test('every window is shown as it lies in the image, what lies outside in the mean colour', async () => {
  const picture = pictureOf({ width: 40, height: 20 });
  const seen: Uint8Array[] = [];
  await classifyTiles(
    rowsOf(picture),
    { width: 32, height: 32, overlap: 0 },
    {
      ...network,
      probabilities: async (planes) => {
        seen.push(imageOfPlanes(planes, 32));
        return answerTo(planes, inputSize);
      },
    },
  );
  expect(seen).toHaveLength(2);
  for (const [n, left] of [0, 8].entries()) {
    const pixel = (x: number, y: number) => [...seen[n]!.subarray(3 * (y * 32 + x), 3 * (y * 32 + x) + 3)];
    const at = 3 * (5 * 40 + left + 7);
    expect(pixel(7, 5)).toEqual([...picture.data.subarray(at, at + 3)]);
    expect(pixel(7, 25)).toEqual([124, 116, 104]);
  }
});

test('stops when it is asked to', async () => {
  const picture = pictureOf({ width: 100, height: 100 });
  const signal = AbortSignal.abort();
  const tile = { width: 32, height: 32, overlap: 0 };
  await expect(classifyTiles(rowsOf(picture), tile, network, { signal })).rejects.toMatchObject({
    code: 'aborted',
  });
});
