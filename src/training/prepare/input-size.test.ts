import { expect, test } from 'vitest';
import { chooseInputSize } from './input-size.js';

const samples = (...sizes: [width: number, height: number, count?: number][]) =>
  sizes.flatMap(([width, height, count = 1]) =>
    Array.from({ length: count }, (_, index) => ({
      id: `${index}`,
      imagePath: '',
      maskPath: '',
      width,
      height,
    })),
  );

test.each<[string, ReturnType<typeof samples>, string]>([
  ['large images', samples([1920, 1080]), 'Default'],
  ['just 512 squared', samples([1024, 256]), 'Default'],
  ['small images', samples([480, 360]), '384x384'],
  ['tiny images', samples([32, 32]), '64x64'],
  ['images between presets, in log scale', samples([310, 310]), '256x256'],
  ['the largest of different images', samples([100, 100], [250, 250]), '256x256'],
  [
    'one odd large image among many, which counts as three deviations',
    samples([128, 128, 400], [4000, 4000]),
    '224x224',
  ],
])('Auto for %s', (_, images, size) => {
  expect(chooseInputSize(images, 42)).toBe(size);
});
