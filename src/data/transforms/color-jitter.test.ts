import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import {
  changeBrightness,
  changeContrast,
  changeHue,
  changeSaturation,
  randomColorJitter,
} from './color-jitter.js';

const changed = (change: (image: Uint8Array, amount: number) => void, pixels: number[], amount: number) => {
  const image = Uint8Array.from(pixels);
  change(image, amount);
  return [...image];
};

it('multiplies the brightness, cut off at 255', () => {
  expect(changed(changeBrightness, [10, 100, 250], 1.3)).toEqual([13, 130, 255]);
  expect(changed(changeBrightness, [10, 100, 250], 0.5)).toEqual([5, 50, 125]);
});

it('moves away from the mean gray of the image', () => {
  const pixels = [100, 100, 100, 200, 200, 200];
  expect(changed(changeContrast, pixels, 0.5)).toEqual([125, 125, 125, 175, 175, 175]);
  expect(changed(changeContrast, pixels, 4)).toEqual([0, 0, 0, 255, 255, 255]);
  expect(changed(changeContrast, [255, 0, 0, 255, 0, 0], 0)).toEqual([76, 76, 76, 76, 76, 76]);
});

it('moves away from the gray of the pixel', () => {
  expect(changed(changeSaturation, [200, 100, 50], 0)).toEqual([124, 124, 124]);
  expect(changed(changeSaturation, [200, 100, 50], 1)).toEqual([200, 100, 50]);
  // Gray 124: 124 + 1.2 * 76, 124 - 1.2 * 24, 124 - 1.2 * 74.
  expect(changed(changeSaturation, [200, 100, 50], 1.2)).toEqual([215, 95, 35]);
});

it('turns the hue, and leaves gray alone', () => {
  expect(changed(changeHue, [255, 0, 0], 1 / 3)).toEqual([0, 255, 0]);
  expect(changed(changeHue, [255, 0, 0], -1 / 3)).toEqual([0, 0, 255]);
  expect(changed(changeHue, [255, 0, 0, 9, 9, 9], 1 / 6)).toEqual([255, 255, 0, 9, 9, 9]);
});

describe('randomColorJitter', () => {
  const image = Uint8Array.from({ length: 3 * 64 }, (_, i) => (i * 37) % 256);

  it('changes 8 images out of 10, each in its own way', () => {
    const results = Array.from({ length: 1000 }, (_, seed) => {
      const copy = image.slice();
      randomColorJitter(copy, new Random(seed));
      return copy.join();
    });
    const unchanged = results.filter((result) => result === image.join()).length;
    expect(Math.abs(unchanged - 200)).toBeLessThan(51);
    expect(new Set(results).size).toBeGreaterThan(790);
  });

  it('stays within its ranges: brightness and contrast 0.6 to 1.4', () => {
    // Of an image of one gray, contrast, saturation and hue change nothing.
    const levels = Array.from({ length: 2000 }, (_, seed) => {
      const gray = new Uint8Array(12).fill(100);
      randomColorJitter(gray, new Random(seed));
      expect(new Set(gray).size).toBe(1);
      return gray[0]!;
    });
    expect(Math.min(...levels)).toBe(60);
    expect(Math.max(...levels)).toBe(139);
  });
});
