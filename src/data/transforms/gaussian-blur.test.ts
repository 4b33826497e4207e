import { expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { blur, randomBlur } from './gaussian-blur.js';

it('is a Gaussian: a dot becomes its product along rows and columns', () => {
  const side = 31;
  const image = new Uint8Array(3 * side * side);
  image[3 * (15 * side + 15) + 1] = 255;
  const sigma = 1.5;
  const blurred = blur(image, { width: side, height: side }, sigma);
  const weight = (x: number) => Math.exp(-0.5 * (x / sigma) ** 2);
  let total = 0;
  for (let x = -11; x <= 11; x++) total += weight(x);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const at = 3 * (y * side + x);
      const expected = (255 * weight(x - 15) * weight(y - 15)) / total ** 2;
      expect(Math.abs(blurred[at + 1]! - expected)).toBeLessThanOrEqual(0.52);
      expect(blurred[at]! + blurred[at + 2]!).toBe(0);
    }
  }
});

it('ends after 11 pixels, however large sigma', () => {
  const line = new Uint8Array(3 * 41).fill(255, 0, 3 * 20);
  const blurred = blur(line, { width: 41, height: 1 }, 50);
  expect([blurred[3 * 8], blurred[3 * 31]]).toEqual([255, 0]);
  expect(blurred[3 * 9]).toBeLessThan(255);
  expect(blurred[3 * 30]).toBeGreaterThan(0);
});

it('mirrors at the border without repeating it', () => {
  // c b | a b c: the left neighbour of 0 is 90, that of 90 is 0.
  const line = Uint8Array.of(0, 0, 0, 90, 90, 90, 200, 200, 200);
  const sigma = 0.4;
  const [near, next] = [Math.exp(-0.5 / sigma ** 2), Math.exp(-2 / sigma ** 2)];
  const total = 1 + 2 * near + 2 * next;
  const blurred = blur(line, { width: 3, height: 1 }, sigma);
  expect(blurred[0]).toBe(Math.round((2 * near * 90 + 2 * next * 200) / total));
  expect(blurred[6]).toBe(Math.round((200 + 2 * near * 90) / total));
});

it('keeps flat images flat, takes images smaller than the kernel, changes nothing at the smallest sigma', () => {
  const flat = new Uint8Array(3 * 6).fill(255);
  expect(blur(flat, { width: 2, height: 3 }, 2)).toEqual(flat);
  const noise = Uint8Array.from({ length: 75 }, (_, i) => (i * 91) % 256);
  expect(blur(noise, { width: 5, height: 5 }, 0.1)).toEqual(noise);
});

it('draws sigma from U(0.1, 2), repeatably', () => {
  const image = Uint8Array.from({ length: 3 * 400 }, (_, i) => (i * i * 7) % 256);
  const size = { width: 20, height: 20 };
  const draws = Array.from({ length: 50 }, (_, seed) => randomBlur(image, size, new Random(seed)).join());
  expect(new Set(draws).size).toBeGreaterThan(40);
  expect(randomBlur(image, size, new Random(7)).join()).toBe(draws[7]);
});
