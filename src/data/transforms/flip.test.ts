import { expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { flipHorizontal, randomFlip } from './flip.js';

const sample = {
  image: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19]),
  mask: Uint8Array.from([0, 1, 2, 3, 4, 5]),
  width: 3,
  height: 2,
};

it('mirrors image and mask alike and leaves its input alone', () => {
  expect(flipHorizontal(sample)).toEqual({
    image: Uint8Array.from([7, 8, 9, 4, 5, 6, 1, 2, 3, 17, 18, 19, 14, 15, 16, 11, 12, 13]),
    mask: Uint8Array.from([2, 1, 0, 5, 4, 3]),
    width: 3,
    height: 2,
  });
  expect(sample.mask[0]).toBe(0);
});

it('flips half of the time', () => {
  const random = new Random(1);
  const flipped = Array.from({ length: 1000 }, () => randomFlip(sample, random)).filter(
    (s) => s.mask[0] === 2,
  ).length;
  expect(flipped).toBeGreaterThan(450);
  expect(flipped).toBeLessThan(550);
});
