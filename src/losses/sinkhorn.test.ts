import { expect, test } from 'vitest';
import { fnv1a32, Random } from '../base/random.js';
import { runGraph } from '../engine/run-graph.js';
import { input } from '../graph/index.js';
import { sinkhorn } from './sinkhorn.js';

/** Scores [N, K, M, H, W] and the class of each of the N·H·W pixels, to shares by (pixel, class, prototype). */
async function shares(shape: readonly number[], scores: Float32Array, classOf: readonly number[]) {
  const [n, k, m, h, w] = shape as [number, number, number, number, number];
  const members = new Float32Array(n * k * h * w);
  classOf.forEach((label, pixel) => {
    const [image, place] = [Math.floor(pixel / (h * w)), pixel % (h * w)];
    if (label < k) members[(image * k + label) * h * w + place] = 1;
  });
  const result = sinkhorn(input('scores', 'float32', shape), input('members', 'float32', [n, k, 1, h, w]));
  const [values] = await runGraph([result], { scores, members });
  return (pixel: number, label: number, prototype: number): number => {
    const [image, place] = [Math.floor(pixel / (h * w)), pixel % (h * w)];
    return Number(values![((image * k + label) * m + prototype) * h * w + place]);
  };
}

/** The generator of the reference's golden numbers: a linear congruential one, seeded by name. */
function golden(name: string, length: number): number[] {
  let state = fnv1a32(name);
  return Array.from({ length }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return (2 * state) / 2 ** 32 - 1;
  });
}

test('six pixels, four prototypes: the golden numbers', async () => {
  const rows = golden('sink', 24);
  // The golden scores are (pixel, prototype); here the pixels are the last axis.
  const scores = Float32Array.from({ length: 24 }, (_, i) => rows[(i % 6) * 4 + Math.floor(i / 6)]!);
  const share = await shares([1, 1, 4, 1, 6], scores, new Array(6).fill(0));
  [9.9840097e-2, 7.4294386e-5, 9.00085205e-1, 4.03865919e-7].forEach((wanted, prototype) => {
    expect(Math.abs(share(0, 0, prototype) / wanted - 1)).toBeLessThan(2e-5);
  });
  const best = [0, 1, 2, 3, 4, 5].map((pixel) => {
    const values = [0, 1, 2, 3].map((prototype) => share(pixel, 0, prototype));
    return values.indexOf(Math.max(...values));
  });
  expect(best).toEqual([2, 3, 2, 1, 1, 0]);
});

const SHAPE = [2, 3, 4, 5, 6] as const;
const PIXELS = 60;
const random = new Random('sinkhorn');
const SCORES = Float32Array.from({ length: 2 * 3 * 4 * 30 }, () => random.range(-1, 1));
/** Class 1 has no pixel; 9 is no class. */
const CLASSES = Array.from({ length: PIXELS }, () => [0, 2, 9][random.integer(3)]!);

test('every pixel distributes exactly one, within its own class, and others nothing', async () => {
  const share = await shares(SHAPE, SCORES, CLASSES);
  CLASSES.forEach((label, pixel) => {
    for (const other of [0, 1, 2]) {
      const total = [0, 1, 2, 3].reduce((sum, prototype) => sum + share(pixel, other, prototype), 0);
      expect(total).toBeCloseTo(other === label ? 1 : 0, 5);
    }
  });
});

test('a prototype that is closest to everything still gets little more than its share', async () => {
  const biased = SCORES.map((score, i) => (Math.floor(i / 30) % 4 === 0 ? score + 2 : score));
  const share = await shares(SHAPE, biased, CLASSES);
  const count = CLASSES.filter((label) => label === 2).length;
  for (const prototype of [0, 1, 2, 3]) {
    const total = CLASSES.reduce((sum, _, pixel) => sum + share(pixel, 2, prototype), 0);
    expect(Math.abs(total / (count / 4) - 1)).toBeLessThan(0.3);
  }
});

test('a class is assigned as if it were alone', async () => {
  const share = await shares(SHAPE, SCORES, CLASSES);
  const chosen = CLASSES.flatMap((label, pixel) => (label === 2 ? [pixel] : []));
  const scoreOf = (pixel: number, prototype: number): number =>
    SCORES[((Math.floor(pixel / 30) * 3 + 2) * 4 + prototype) * 30 + (pixel % 30)]!;
  const alone = Float32Array.from({ length: 4 * chosen.length }, (_, i) =>
    scoreOf(chosen[i % chosen.length]!, Math.floor(i / chosen.length)),
  );
  const single = await shares(
    [1, 1, 4, 1, chosen.length],
    alone,
    chosen.map(() => 0),
  );
  chosen.forEach((pixel, i) => {
    for (const prototype of [0, 1, 2, 3])
      expect(share(pixel, 2, prototype)).toBeCloseTo(single(i, 0, prototype), 5);
  });
});
