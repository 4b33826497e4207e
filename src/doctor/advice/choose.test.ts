import { expect, test } from 'vitest';
import { Random } from '../../base/random.js';
import { choosePictures, type MeasuredPicture, standardised } from './choose.js';

const random = new Random(7);
const picture = (entropy: number, disagreement: number, ...features: number[]): MeasuredPicture => ({
  entropy,
  disagreement,
  features: Float64Array.from(features),
  thumbnail: Uint8Array.from({ length: 768 }, () => random.integer(256)),
});
const chosen = (...args: Parameters<typeof choosePictures>) =>
  choosePictures(...args).chosen.map(({ at }) => at);

test('by uncertainty those of the highest ranks come first', () => {
  const pictures = [picture(0.1, 0.1, 0), picture(0.9, 0.2, 0), picture(0.5, 0.9, 0), picture(0.2, 0.05, 0)];
  // Ranks 0 + 1, 3 + 2, 2 + 3, 1 + 0.
  const { chosen: found } = choosePictures(pictures, 3, 'uncertainty');
  expect(found.map(({ at }) => at)).toEqual([1, 2, 0]);
  expect(found[0]!.uncertainty).toBeCloseTo(5 / 6, 12);
});

test('by coverage each takes most of the distances that are left, from the middle outwards', () => {
  const pictures = [0, 1, 5, 9, 10].map((place) => picture(0, 0, place));
  const { chosen: found } = choosePictures(pictures, 3, 'coverage');
  // Distances that are left after 5: 5, 4, 0, 4, 5. 0 and 1 take the same from their side, as do 9 and 10.
  expect(found.map(({ at }) => at)).toEqual([2, 0, 3]);
  expect(found.map(({ distance }) => distance)).toEqual([Number.NaN, 5, 4]);
});

test('by coverage an outlier comes after what stands for many', () => {
  const places = [0, 0.1, 0.2, 10, 10.1, 10.2, 30];
  expect(
    chosen(
      places.map((place) => picture(0, 0, place)),
      2,
      'coverage',
    ),
  ).toEqual([3, 1]);
});

test('no choice of as many leaves much less distance than the greedy one', () => {
  const random = new Random(3);
  const pictures = Array.from({ length: 12 }, () => picture(0, 0, random.uniform(), random.uniform()));
  const left = (at: readonly number[]) =>
    pictures.reduce(
      (sum, { features: [x, y] }) =>
        sum +
        Math.min(
          ...at.map((one) => Math.hypot(x! - pictures[one]!.features[0]!, y! - pictures[one]!.features[1]!)),
        ),
      0,
    );
  const triples = pictures.flatMap((_, a) =>
    pictures.slice(0, a).flatMap((_, b) => pictures.slice(0, b).map((_, c) => left([a, b, c]))),
  );
  const best = Math.min(...triples);
  const mean = triples.reduce((sum, value) => sum + value, 0) / triples.length;
  const greedy = left(chosen(pictures, 3, 'coverage'));
  expect(greedy).toBeGreaterThanOrEqual(best - 1e-6);
  expect(greedy).toBeLessThan(best + (mean - best) / 4);
});

test('both together: what the model is unsure of counts more, what it is sure of less', () => {
  const sure = [0, 0.1, 0.2, 0.3].map((place) => picture(0.1, 0.1, place));
  const unsure = [10, 10.1, 20].map((place) => picture(0.9, 0.9, place));
  const all = [...sure, ...unsure];
  expect(chosen(all, 1, 'coverage')).toEqual([3]);
  expect(chosen(all, 1, 'combined')).toEqual([4]);
  expect(chosen(all.toReversed(), 1, 'combined')).toEqual([2]);
});

test('of near duplicates one is chosen, the one that the model is least sure of', () => {
  const first = picture(0.2, 0.2, 1);
  const brighter = { ...picture(0.9, 0.9, 1), thumbnail: first.thumbnail };
  const found = choosePictures([first, brighter, picture(0.5, 0.5, 2)], 3, 'uncertainty');
  expect(found.chosen.map(({ at }) => at)).toEqual([1, 2]);
  expect(found.duplicates).toBe(1);
});

test('features are brought to one scale, and one that is the same everywhere does not count', () => {
  const rows = standardised([Float32Array.of(0, 5, 100), Float32Array.of(2, 5, 300)]);
  expect(rows.map((row) => [...row])).toEqual([
    [-1, 0, -1],
    [1, 0, 1],
  ]);
});

test('what is labeled counts as chosen before, and what is one picture with it is passed over', () => {
  const pictures = [0, 1, 5, 9, 10].map((place) => picture(0.5, 0.5, place));
  const labeled = [picture(0, 0, 10), picture(0, 0, 7)];
  const { chosen: found } = choosePictures(pictures, 3, 'coverage', labeled);
  // 0 and 1 lie 7 and 6 from what is labeled: 0 takes 7 + 5 of that, 1 takes 6 + 6.
  expect(found.map(({ at }) => at)).toEqual([0, 2, 1]);
  expect(found.map(({ distance }) => distance)).toEqual([7, 2, 1]);
  const brighter = { ...picture(0.9, 0.9, 1), thumbnail: labeled[0]!.thumbnail };
  const passed = choosePictures([brighter, ...pictures], 9, 'uncertainty', labeled);
  expect(passed.chosen.map(({ at }) => at)).not.toContain(0);
  expect(passed.chosen.length).toBe(5);
  expect(passed.duplicates).toBe(1);
});
