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

test('by coverage each is the farthest from those before it, from the middle outwards', () => {
  const pictures = [0, 1, 5, 9, 10].map((place) => picture(0, 0, place));
  const { chosen: found } = choosePictures(pictures, 3, 'coverage');
  expect(found.map(({ at }) => at)).toEqual([2, 0, 4]);
  expect(found.map(({ distance }) => distance)).toEqual([Number.NaN, 5, 5]);
});

test('both together: unlike each other, and never of those that the model is sure of', () => {
  const unsure = [0.8, 0.9, 0.85].map((entropy, at) => picture(entropy, entropy, at === 2 ? 50 : at));
  const sure = Array.from({ length: 9 }, (_, at) => picture(0.1, 0.1, 1000 * at));
  expect(chosen([...sure, ...unsure], 1, 'combined')).toEqual([10]);
  expect(chosen([...unsure, ...sure.slice(0, 3)], 2, 'uncertainty')).toEqual([1, 2]);
  expect(
    chosen([...unsure, picture(0.7, 0.7, 0), picture(0.6, 0.6, 1), picture(0.5, 0.5, 2)], 2, 'combined'),
  ).toEqual([1, 2]);
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
  expect(found.map(({ at }) => at)).toEqual([0, 2, 1]);
  expect(found.map(({ distance }) => distance)).toEqual([7, 2, 1]);
  const brighter = { ...picture(0.9, 0.9, 1), thumbnail: labeled[0]!.thumbnail };
  const passed = choosePictures([brighter, ...pictures], 9, 'uncertainty', labeled);
  expect(passed.chosen.map(({ at }) => at)).not.toContain(0);
  expect(passed.chosen.length).toBe(5);
  expect(passed.duplicates).toBe(1);
});
