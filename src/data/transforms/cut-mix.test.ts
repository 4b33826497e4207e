import { expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { cutMix, drawMixWindow } from './cut-mix.js';
import type { Window } from './geometry.js';

const SIDE = 64;

it('draws a rectangle for every second image, anywhere inside it, of 2 to 40 % of its area', () => {
  const drawn = Array.from({ length: 2000 }, (_, i) => drawMixWindow(SIDE, new Random(`mix ${i}`)));
  const windows = drawn.filter((window) => window !== undefined);
  expect(windows.length / drawn.length).toBeGreaterThan(0.45);
  expect(windows.length / drawn.length).toBeLessThan(0.55);
  for (const { left, top, width, height } of windows) {
    expect(Math.min(left, top, SIDE - left - width, SIDE - top - height)).toBeGreaterThanOrEqual(0);
    // Edges are whole pixels.
    expect((width + 1) * (height + 1)).toBeGreaterThan(0.02 * SIDE * SIDE);
    expect(width * height).toBeLessThanOrEqual(0.4 * SIDE * SIDE);
  }
  expect(windows.some(({ width, height }) => width > 2 * height)).toBe(true);
  expect(windows.some(({ width, height }) => height > 2 * width)).toBe(true);
});

/** Images whose every value says which image and plane it is of. */
const images = (count: number, side: number) =>
  Float32Array.from({ length: count * 3 * side * side }, (_, i) => 10 * Math.floor(i / (side * side)));

it('takes the rectangle from the next image as it was before, in the last from the first', () => {
  const side = 4;
  const area = side * side;
  const window: Window = { left: 1, top: 2, width: 2, height: 1 };
  const whole: Window = { left: 0, top: 0, width: side, height: side };
  const windows = [window, undefined, whole, window];
  const batch = { images: images(4, side), mixed: new Uint8Array(4 * area), side };
  cutMix(batch, windows);
  const isIn = (at: number, place: Window | undefined) => {
    const [x, y] = [at % side, Math.floor(at / side)];
    if (!place) return false;
    return x >= place.left && x < place.left + place.width && y >= place.top && y < place.top + place.height;
  };
  for (let i = 0; i < batch.images.length; i++) {
    const [n, plane, at] = [Math.floor(i / (3 * area)), Math.floor(i / area) % 3, i % area];
    const isMixed = isIn(at, windows[n]);
    expect(batch.images[i]).toBe(10 * (3 * (isMixed ? (n + 1) % 4 : n) + plane));
    expect(batch.mixed[n * area + at]).toBe(isMixed ? 1 : 0);
  }
});

it('leaves a single image alone', () => {
  const batch = { images: images(1, 2), mixed: new Uint8Array(4), side: 2 };
  cutMix(batch, [{ left: 0, top: 0, width: 2, height: 2 }]);
  expect(batch).toEqual({ images: images(1, 2), mixed: new Uint8Array(4), side: 2 });
});
