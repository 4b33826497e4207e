import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { noise } from '../datasets/fixtures.cases.js';
import { resizeImage, resizeMask } from './resize.js';

/** The textbook definition, in floating point. */
function bilinear(image: Uint8Array, from: Size, to: Size): number[] {
  const at = (x: number, y: number, c: number) => {
    const column = Math.min(Math.max(x, 0), from.width - 1);
    const row = Math.min(Math.max(y, 0), from.height - 1);
    return image[(row * from.width + column) * 3 + c]!;
  };
  const out: number[] = [];
  for (let y = 0; y < to.height; y++) {
    for (let x = 0; x < to.width; x++) {
      const sx = ((x + 0.5) * from.width) / to.width - 0.5;
      const sy = ((y + 0.5) * from.height) / to.height - 0.5;
      const [x0, y0] = [Math.floor(sx), Math.floor(sy)];
      const [fx, fy] = [sx - x0, sy - y0];
      for (let c = 0; c < 3; c++) {
        const above = at(x0, y0, c) * (1 - fx) + at(x0 + 1, y0, c) * fx;
        const below = at(x0, y0 + 1, c) * (1 - fx) + at(x0 + 1, y0 + 1, c) * fx;
        out.push(above * (1 - fy) + below * fy);
      }
    }
  }
  return out;
}

interface Size {
  width: number;
  height: number;
}
const FROM = { width: 17, height: 11 };
const SIZES = [
  { width: 17, height: 11 },
  { width: 40, height: 23 },
  { width: 6, height: 5 },
  { width: 34, height: 7 },
  { width: 1, height: 1 },
];

describe('resizeImage', () => {
  it.each(SIZES)('rounds the bilinear value to $width x $height', (to) => {
    const image = noise(FROM.width, FROM.height, 1);
    const expected = bilinear(image, FROM, to);
    const worst = Math.max(
      ...[...resizeImage(image, FROM, to)].map((value, i) => Math.abs(value - expected[i]!)),
    );
    // Half a level of rounding and what the 11-bit weights lose.
    expect(worst).toBeLessThan(0.75);
  });

  it('keeps the image at its own size', () => {
    const image = noise(17, 11, 2);
    expect(resizeImage(image, FROM, FROM)).toEqual(image);
  });

  it('gives a window exactly as it would be cut out of the whole', () => {
    const image = noise(FROM.width, FROM.height, 3);
    const to = { width: 40, height: 23 };
    const window = { left: 5, top: 9, width: 20, height: 14 };
    const whole = resizeImage(image, FROM, to);
    const cut = [];
    for (let y = 9; y < 23; y++) cut.push(...whole.subarray((y * 40 + 5) * 3, (y * 40 + 25) * 3));
    expect([...resizeImage(image, FROM, to, window)]).toEqual(cut);
  });
});

describe('resizeMask', () => {
  it.each(SIZES)('reads input floor(x * from / to) at $width x $height', (to) => {
    const random = new Random(4);
    const mask = Uint8Array.from({ length: 17 * 11 }, () => random.integer(256));
    const out = resizeMask(mask, FROM, to);
    for (let y = 0; y < to.height; y++) {
      for (let x = 0; x < to.width; x++) {
        const source = Math.floor((y * 11) / to.height) * 17 + Math.floor((x * 17) / to.width);
        expect(out[y * to.width + x]).toBe(mask[source]);
      }
    }
  });

  it('gives a window exactly as it would be cut out of the whole', () => {
    const mask = Uint8Array.from({ length: 17 * 11 }, (_, i) => i);
    const to = { width: 40, height: 23 };
    const whole = resizeMask(mask, FROM, to);
    const cut = [];
    for (let y = 2; y < 12; y++) cut.push(...whole.subarray(y * 40 + 3, y * 40 + 33));
    expect([...resizeMask(mask, FROM, to, { left: 3, top: 2, width: 30, height: 10 })]).toEqual(cut);
  });
});
