import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { cropMask, drawCropWindow } from './random-crop.js';

/** Shares of class 1 in a 10x10 window; the rest is class 0. */
const share = (mask: Uint8Array) => mask.filter((label) => label === 1).length / mask.length;

/** Runs a function with a generator that counts how often it is asked. */
function drawsOf(call: (random: Random) => unknown): number {
  const random = new Random(7);
  let draws = 0;
  const uint32 = random.uint32.bind(random);
  random.uint32 = () => {
    draws++;
    return uint32();
  };
  call(random);
  return draws;
}

describe('drawCropWindow', () => {
  it('covers all positions, the last included, and nothing outside', () => {
    const mask = Uint8Array.from({ length: 8 * 7 }, (_, i) => i % 2);
    const random = new Random(1);
    const seen = new Set<string>();
    for (let i = 0; i < 2000; i++) {
      const { left, top, width, height } = drawCropWindow(mask, { width: 8, height: 7 }, 5, random);
      expect([width, height]).toEqual([5, 5]);
      seen.add(`${left},${top}`);
    }
    expect(seen.size).toBe(4 * 3);
    expect([...seen].every((s) => s <= '3,2')).toBe(true);
  });

  it('takes the whole of an image that is smaller than the crop', () => {
    const mask = Uint8Array.from({ length: 12 }, (_, i) => i % 2);
    expect(drawCropWindow(mask, { width: 4, height: 3 }, 512, new Random(1))).toEqual({
      left: 0,
      top: 0,
      width: 4,
      height: 3,
    });
  });

  it('prefers windows in which no class covers three quarters', () => {
    // Class 1 fills the right half of a wide image: most windows see one class only.
    const size = { width: 100, height: 10 };
    const mask = Uint8Array.from({ length: 1000 }, (_, i) => (i % 100 < 50 ? 0 : 1));
    const random = new Random(3);
    let varied = 0;
    for (let i = 0; i < 500; i++) {
      const part = share(cropMask(mask, size, drawCropWindow(mask, size, 20, random)));
      if (part > 0.25 && part < 0.75) varied++;
    }
    // 9 of 81 positions pass, so 10 tries find one in 1 - (72/81)^10 = 69 % of the cases; a single try in 11 %.
    expect(varied / 500).toBeGreaterThan(0.62);
    expect(varied / 500).toBeLessThan(0.78);
  });

  it.each([
    ['two classes below 0.75', (i: number) => (i < 26 ? 1 : 0), 1],
    ['a dominant share of exactly 0.75', (i: number) => (i < 25 ? 1 : 0), 11],
    ['one class', () => 3, 11],
    ['one class and ignored pixels', (i: number) => (i < 50 ? 3 : 255), 11],
    ['two classes that balance only without the ignored pixels', (i: number) => (i < 90 ? 255 : i % 2), 1],
    ['ignored pixels alone', () => 255, 11],
  ])('tests windows with %s', (_, label, windows) => {
    const mask = Uint8Array.from({ length: 100 }, (_, i) => label(i));
    expect(drawsOf((random) => drawCropWindow(mask, { width: 10, height: 10 }, 10, random))).toBe(
      2 * windows,
    );
  });
});
