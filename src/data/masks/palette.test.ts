import { describe, expect, it } from 'vitest';
import type { Rgb } from './color-vision.js';
import { colourDistance, darkened, okLab, seenWith } from './color-vision.js';
import { defaultPalette, vocPalette } from './palette.js';

const closest = (palette: readonly Rgb[]) =>
  Math.min(...palette.flatMap((a, i) => palette.slice(i + 1).map((b) => colourDistance(a, b))));

describe('defaultPalette', () => {
  // The same of Pascal VOC: 0.026 for eight and 0.007 for twelve.
  it.each([
    [4, 0.19],
    [8, 0.15],
    [12, 0.1],
  ])('tells the first %i classes apart by %f, for the colour-blind too', (count, bound) => {
    const palette = defaultPalette(count + 1).slice(1);
    expect(closest(palette)).toBeGreaterThan(bound);
    for (const kind of ['protanopia', 'deuteranopia'] as const) {
      expect(closest(palette.map((color) => seenWith(kind, color)))).toBeGreaterThan(bound);
    }
  });

  it('is bright, and keeps 24 classes well apart', () => {
    const palette = defaultPalette(25).slice(1);
    for (const color of palette.slice(0, 12)) expect(okLab(color)[0]).toBeGreaterThan(0.54);
    expect(closest(palette)).toBeGreaterThan(0.07);
    for (const kind of ['protanopia', 'deuteranopia'] as const) {
      expect(closest(palette.map((color) => seenWith(kind, color)))).toBeGreaterThan(0.045);
    }
  });

  it('only appends, so that a class keeps its colour, and repeats nothing up to 255 classes', () => {
    const all = defaultPalette(255);
    expect(new Set(all.map(String)).size).toBe(255);
    for (const count of [0, 1, 2, 9, 10, 60]) expect(defaultPalette(count)).toEqual(all.slice(0, count));
  });
});

describe('colour vision', () => {
  it('measures distance so that black to white is 1', () => {
    expect(colourDistance([0, 0, 0], [255, 255, 255])).toBeCloseTo(1, 5);
  });

  it('leaves greys as they are and takes red and green together', () => {
    for (const kind of ['protanopia', 'deuteranopia'] as const) {
      expect(colourDistance(seenWith(kind, [128, 128, 128]), [128, 128, 128])).toBeLessThan(0.01);
    }
    const [red, green]: [Rgb, Rgb] = [
      [200, 90, 60],
      [120, 130, 60],
    ];
    expect(colourDistance(seenWith('deuteranopia', red), seenWith('deuteranopia', green))).toBeLessThan(
      colourDistance(red, green) / 3,
    );
  });

  it('darkens what is too light, and nothing else', () => {
    expect(darkened([10, 20, 30], 0.7)).toEqual([10, 20, 30]);
    const dark = darkened([231, 255, 0], 0.7);
    expect(okLab(dark)[0]).toBeCloseTo(0.7, 2);
    expect(dark[2]).toBe(0);
  });
});

describe('vocPalette', () => {
  it('gives the published colours', () => {
    const palette = vocPalette(256);
    expect(palette.slice(0, 5)).toEqual([
      [0, 0, 0],
      [128, 0, 0],
      [0, 128, 0],
      [128, 128, 0],
      [0, 0, 128],
    ]);
    expect(palette[15]).toEqual([192, 128, 128]);
    expect(palette[20]).toEqual([0, 64, 128]);
    expect(palette[255]).toEqual([224, 224, 192]);
  });
});
