import { describe, expect, test } from 'vitest';
import { classIncrementalOrder, isClassIncremental, splitByNovelty } from './class-incremental.js';

test.each<[string[], string[], boolean]>([
  [['background', 'car'], ['background', 'car'], false],
  [['background', 'car', 'tree'], ['background', 'tree', 'car'], false],
  [['background', 'car'], ['background', 'car', 'tree'], true],
  [['background', 'car', 'tree'], ['background', 'car'], true],
  [['background', 'car'], ['background', 'tree'], false],
])('from %j to %j is class-incremental: %s', (before, after, expected) => {
  expect(isClassIncremental(before, after)).toBe(expected);
});

test('images with a class that is new are told from the others by what the check has counted', () => {
  const classes = ['background', 'car', 'tree'].map((name) => ({ name, pixels: 1, share: 0.1, images: 1 }));
  const shown = [[0], [0, 2], [1], [2], []];
  expect(splitByNovelty({ classes, shown }, ['background', 'car'])).toEqual({
    fresh: [1, 3],
    old: [0, 2, 4],
  });
});

describe('the order of an epoch', () => {
  const range = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);
  const fresh = range(0, 4);
  const old = range(4, 40);
  const at = (epoch: number, split = { fresh, old }) =>
    classIncrementalOrder(split, { seed: 1, epoch, batchSize: 8 });

  test('draws one new image and k = ⌊√(old/new)⌋ old ones, and fills the last batch with repeats', () => {
    // k = ⌊√10⌋ = 3, so 44 images give 11 draws of 4, and 4 repeats make 48.
    const order = at(0);
    expect(order).toHaveLength(48);
    order.slice(0, 44).forEach((index, position) => {
      expect(position % 4 === 0 ? fresh : old).toContain(index);
    });
    for (const index of order.slice(44)) expect(order.slice(0, 44)).toContain(index);
  });

  test('shows new images more often than they occur', () => {
    const order = range(0, 50).flatMap((epoch) => at(epoch));
    const share = order.filter((index) => index < 4).length / order.length;
    expect(share).toBeGreaterThan(0.22);
    expect(share).toBeLessThan(0.28);
    expect(new Set(order).size).toBe(44);
  });

  test('depends on seed and epoch only', () => {
    expect(at(3)).toEqual(at(3));
    expect(at(3)).not.toEqual(at(4));
  });

  test('without new images all count as new', () => {
    const order = at(0, { fresh: [], old });
    expect(order).toHaveLength(40);
    expect(order.every((index) => old.includes(index))).toBe(true);
  });
});
