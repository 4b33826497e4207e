import { describe, expect, it } from 'vitest';
import { colourDistance, defaultPalette, vocPalette } from './palette.js';

describe('defaultPalette', () => {
  it('keeps 24 classes well apart and starts with a dark neutral', () => {
    const palette = defaultPalette(24);
    expect(Math.max(...palette[0]!)).toBeLessThan(70);
    const pairs = palette.flatMap((a, i) => palette.slice(i + 1).map((b) => colourDistance(a, b)));
    expect(Math.min(...pairs)).toBeGreaterThan(0.09);
  });

  it('only appends, so that a class keeps its colour, and repeats nothing up to 255 classes', () => {
    const all = defaultPalette(255);
    expect(new Set(all.map(String)).size).toBe(255);
    for (const count of [0, 1, 2, 9, 10, 60]) expect(defaultPalette(count)).toEqual(all.slice(0, count));
  });

  it('measures distance so that black to white is 1', () => {
    expect(colourDistance([0, 0, 0], [255, 255, 255])).toBeCloseTo(1, 5);
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
