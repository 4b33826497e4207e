import { expect, it } from 'vitest';
import { toGray } from './grayscale.js';

it('weighs red, green and blue, rounds, and repeats the result in every channel', () => {
  const image = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 200, 30);
  // 76.245, 149.685, 29.07, 123.81
  expect([...toGray(image)]).toEqual([76, 76, 76, 150, 150, 150, 29, 29, 29, 124, 124, 124]);
});

it('leaves gray alone and the given pixels unchanged', () => {
  const gray = Uint8Array.from({ length: 3 * 256 }, (_, i) => Math.floor(i / 3));
  const before = gray.slice();
  expect(toGray(gray)).toEqual(before);
  const color = Uint8Array.of(1, 200, 3);
  toGray(color);
  expect([...color]).toEqual([1, 200, 3]);
});
