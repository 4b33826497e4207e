/** @file Blurs and blobs that are parts of the crop: sharper and finer in a smaller one, with the same draws otherwise. */
import { expect, test } from 'vitest';
import { Random } from '../base/random.js';
import { sigmaScaleOf } from './augmentation.js';
import { blur, randomBlur } from './transforms/gaussian-blur.js';
import { maskCompose } from './transforms/mask-compose.js';
import { makeTwoStrong } from './views/two-strong.js';
import { writeView } from './views/two-views.js';

const SIDE = 64;
const AREA = SIDE * SIDE;
const size = { width: SIDE, height: SIDE };
/** A board of 4x4 pixels a field. */
const image = Uint8Array.from({ length: 3 * AREA }, (_, i) => {
  const at = Math.floor(i / 3);
  return (Math.floor((at % SIDE) / 4) + Math.floor(at / SIDE / 4)) % 2 === 0 ? 40 : 200;
});
const sample = { image, mask: new Uint8Array(AREA), ...size };

/** How much neighbours in a row differ. */
function steps(values: ArrayLike<number>, stride: number): number {
  let sum = 0;
  for (let i = stride; i < values.length; i++) sum += Math.abs(values[i]! - values[i - stride]!);
  return sum;
}

test('fixed is the reference at any crop, crop is relative to its 512', () => {
  expect(sigmaScaleOf('fixed', 128)).toBe(1);
  expect([128, 512, 1024].map((side) => sigmaScaleOf('crop', side))).toEqual([0.25, 1, 2]);
});

test('the sigma of a blur is scaled', () => {
  const drawn = new Random('blur').range(0.1, 2);
  expect(randomBlur(image, size, new Random('blur'))).toEqual(blur(image, size, drawn));
  expect(randomBlur(image, size, new Random('blur'), 0.5)).toEqual(blur(image, size, 0.5 * drawn));
});

test('blobs of mixed copies are finer in smaller crops, as far as they can be drawn', () => {
  const flat = { ...sample, image: new Uint8Array(3 * AREA).fill(128) };
  const borders = (scale: number) => {
    let sum = 0;
    for (let seed = 0; seed < 20; seed++) {
      const { image: mixed } = maskCompose(flat, new Random(`mix ${seed}`), scale);
      for (let i = 3; i < mixed.length; i += 3) if (mixed[i] !== mixed[i - 3]) sum += 1;
    }
    return sum;
  };
  expect(borders(0.5)).toBeGreaterThan(1.3 * borders(1));
  expect(borders(0.01)).toBe(borders(0.001));
});

test('views are sharper by it, and nothing else changes', () => {
  let differences = 0;
  for (let seed = 0; seed < 10; seed++) {
    const view = (scale: number) => {
      const input = { planes: new Float32Array(3 * AREA), labels: new Uint8Array(AREA), side: SIDE };
      writeView(sample, 0, new Random(`view ${seed}`), input, scale);
      return input;
    };
    const [usual, sharp] = [view(1), view(0.25)];
    expect(steps(sharp.planes, 1)).toBeGreaterThanOrEqual(steps(usual.planes, 1));
    expect(sharp.labels).toEqual(usual.labels);

    const strong = (scale: number) => {
      const planes = [0, 1, 2].map(() => new Float32Array(3 * AREA)) as [
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      const [weak, first, second] = planes;
      const padding = new Uint8Array(AREA);
      const views = { weak, strong: [first, second] as const, padding, side: SIDE };
      makeTwoStrong({ data: image, ...size }, new Random(`strong ${seed}`), views, scale);
      return views;
    };
    const [soft, clear] = [strong(1), strong(0.25)];
    expect(clear.weak).toEqual(soft.weak);
    for (const n of [0, 1] as const) {
      const gain = steps(clear.strong[n], 1) - steps(soft.strong[n], 1);
      expect(gain).toBeGreaterThanOrEqual(0);
      if (gain > 0) differences += 1;
    }
  }
  // Half of the strong views are blurred.
  expect(differences).toBeGreaterThan(3);
  expect(differences).toBeLessThan(17);
});
