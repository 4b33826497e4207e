import { expect, test } from 'vitest';
import { Random } from '../../base/random.js';
import { IGNORE_INDEX } from '../types.js';
import { drawRareWindow } from './rare-crop.js';

const size = { width: 60, height: 40 };
const rare = { share: 1, classShares: [0.9, 0.095, 0.005] };
/** Mostly background, a block of class 1, one pixel of class 2. */
const mask = new Uint8Array(60 * 40);
for (let y = 5; y < 15; y++) mask.fill(1, y * 60 + 40, y * 60 + 50);
mask[33 * 60 + 7] = 2;

const isIn = (x: number, y: number, window: { left: number; top: number; width: number; height: number }) =>
  x >= window.left && x < window.left + window.width && y >= window.top && y < window.top + window.height;

test('windows show the rare classes, the rarer ones more often, and lie in the image', () => {
  const random = new Random('rare');
  let shown = 0;
  const places = new Set<string>();
  for (let draw = 0; draw < 500; draw++) {
    const window = drawRareWindow(mask, size, 16, rare, random)!;
    expect(window).toMatchObject({ width: 16, height: 16 });
    expect(Math.min(window.left, window.top, 44 - window.left, 24 - window.top)).toBeGreaterThanOrEqual(0);
    if (isIn(7, 33, window)) {
      shown += 1;
      places.add(`${window.left},${window.top}`);
    }
  }
  // 1 / 0.005 of 1 / 0.9 + 1 / 0.095 + 1 / 0.005.
  expect(shown / 500).toBeGreaterThan(0.88);
  expect(places.size).toBeGreaterThan(40);
});

test('a crop larger than the image is all of it', () => {
  expect(drawRareWindow(mask, size, 64, rare, new Random(1))).toEqual({ left: 0, top: 0, ...size });
});

test('ignored pixels are nothing to look for', () => {
  const ignored = new Uint8Array(60 * 40).fill(IGNORE_INDEX);
  expect(drawRareWindow(ignored, size, 16, rare, new Random(1))).toBeUndefined();
  ignored[100] = 1;
  const window = drawRareWindow(ignored, size, 16, rare, new Random(1))!;
  expect(isIn(40, 1, window)).toBe(true);
});
