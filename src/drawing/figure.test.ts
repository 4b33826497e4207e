import { describe, expect, it } from 'vitest';
import { renderFigure, renderLegend } from './figure.js';
import type { RgbImage } from './overlay.js';

const flat = (width: number, height: number, color: readonly number[]): RgbImage => ({
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => color[i % 3]!),
  width,
  height,
});

const pixel = (image: RgbImage, x: number, y: number) => [
  ...image.data.subarray(3 * (y * image.width + x), 3 * (y * image.width + x) + 3),
];

const count = (image: RgbImage, color: readonly number[]) => {
  let found = 0;
  for (let i = 0; i < image.data.length; i += 3) {
    if (color.every((value, channel) => image.data[i + channel] === value)) found++;
  }
  return found;
};

const classes = [
  { name: 'a & <b>', color: [10, 20, 30] },
  { name: 'tree', color: [0, 200, 0] },
] as const;

describe('renderFigure', () => {
  it('shows every picture whole and unchanged, under captions, above the legend', async () => {
    const figure = await renderFigure(
      [
        { caption: 'image', image: flat(60, 40, [255, 0, 0]) },
        { caption: 'a caption much too long for its picture', image: flat(60, 40, [0, 0, 255]) },
      ],
      classes,
    );
    expect(figure.width).toBe(2 * 60 + 3 * 8);
    expect(count(figure, [255, 0, 0])).toBe(60 * 40);
    expect(count(figure, [0, 0, 255])).toBe(60 * 40);
    expect(pixel(figure, 8, 24)).toEqual([255, 0, 0]);
    expect(pixel(figure, 76 + 59, 24 + 39)).toEqual([0, 0, 255]);
    // Swatches have rounded corners, so a little less than 12 x 12.
    for (const { color } of classes) expect(count(figure, color)).toBeGreaterThan(120);
    expect(figure.data).toHaveLength(figure.width * figure.height * 3);
  });

  it('refuses pictures of different size and an empty list', async () => {
    const panels = [
      { caption: 'one', image: flat(6, 4, [0, 0, 0]) },
      { caption: 'two', image: flat(4, 6, [0, 0, 0]) },
    ];
    await expect(renderFigure(panels)).rejects.toThrow('Picture "two" is 4x6, expected 6x4 like "one".');
    await expect(renderFigure([])).rejects.toThrow(/at least one/);
  });
});

describe('renderFigure in rows', () => {
  it('fills rows from the left, each picture under its own caption bar', async () => {
    const colors = [0, 1, 2, 3, 4].map((n) => [200, 20 * n, 10]);
    const panels = colors.map((color, n) => ({ caption: `p${n}`, image: flat(60, 40, color) }));
    const figure = await renderFigure(panels, [], 3);
    expect([figure.width, figure.height]).toEqual([3 * 60 + 4 * 8, 2 * (40 + 24) + 8]);
    colors.forEach((color, n) => {
      const [left, top] = [8 + (n % 3) * 68, 24 + Math.floor(n / 3) * 64];
      expect(count(figure, color)).toBe(60 * 40);
      expect(pixel(figure, left, top)).toEqual(color);
      expect(pixel(figure, left + 59, top + 39)).toEqual(color);
    });
  });
});

describe('renderLegend', () => {
  it('wraps to the width', async () => {
    const many = Array.from({ length: 8 }, (_, i) => ({
      name: `class ${i}`,
      color: [i * 30, 9, 9] as const,
    }));
    const wide = await renderLegend(many, 1200, 12);
    const narrow = await renderLegend(many, 200, 12);
    expect(narrow.height).toBeGreaterThan(2 * wide.height);
    for (const { color } of many) expect(count(narrow, color)).toBe(count(wide, color));
  });
});
