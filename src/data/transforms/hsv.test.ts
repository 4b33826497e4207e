import { describe, expect, it } from 'vitest';
import { hsvToRgb, rgbToHsv } from './hsv.js';

const LEVELS = Array.from({ length: 18 }, (_, i) => 15 * i);
const COLORS = LEVELS.flatMap((r) => LEVELS.flatMap((g) => LEVELS.map((b) => [r, g, b] as const)));

const bytes = (packed: number) => [packed >> 16, (packed >> 8) & 255, packed & 255] as const;

/** Textbook conversion in floating point; hue in steps of two degrees. */
function reference(r: number, g: number, b: number): [number, number, number] {
  const value = Math.max(r, g, b);
  const chroma = value - Math.min(r, g, b);
  if (chroma === 0) return [0, 0, value];
  const sextant = value === r ? (g - b) / chroma : value === g ? 2 + (b - r) / chroma : 4 + (r - g) / chroma;
  return [((sextant + 6) % 6) * 30, (255 * chroma) / value, value];
}

function inverse(h: number, s: number, v: number): number[] {
  return [5, 3, 1].map((n) => {
    const k = (n + h / 30) % 6;
    return v - (v * s * Math.max(0, Math.min(k, 4 - k, 1))) / 255;
  });
}

describe('rgbToHsv', () => {
  it('is the textbook conversion, rounded in 12-bit fixed point as OpenCV does', () => {
    const worst = { hue: 0, saturation: 0, value: 0 };
    for (const [r, g, b] of COLORS) {
      const [h, s, v] = bytes(rgbToHsv(r, g, b));
      const [exactH, exactS, exactV] = reference(r, g, b);
      const turn = Math.abs(h - exactH);
      worst.hue = Math.max(worst.hue, Math.min(turn, 180 - turn));
      worst.saturation = Math.max(worst.saturation, Math.abs(s - exactS));
      worst.value = Math.max(worst.value, Math.abs(v - exactV));
      expect(h).toBeLessThan(180);
    }
    // Half a step, and half a step of the 12-bit scale times the 5 * 255 or 255 that it multiplies.
    expect(worst.hue).toBeLessThanOrEqual(0.5 + (5 * 255 * 0.5) / 4096);
    expect(worst.saturation).toBeLessThanOrEqual(0.5 + (255 * 0.5) / 4096);
    expect(worst.value).toBe(0);
  });

  it.each([
    ['red', [255, 0, 0], [0, 255, 255]],
    ['green', [0, 255, 0], [60, 255, 255]],
    ['blue', [0, 0, 200], [120, 255, 200]],
    ['magenta', [255, 0, 255], [150, 255, 255]],
    ['nearly red from the blue side', [255, 0, 4], [0, 255, 255]],
    ['gray', [77, 77, 77], [0, 0, 77]],
    ['black', [0, 0, 0], [0, 0, 0]],
  ] as const)('maps %s', (_, [r, g, b], hsv) => {
    expect(bytes(rgbToHsv(r, g, b))).toEqual(hsv);
  });
});

describe('hsvToRgb', () => {
  it('is the rounded textbook conversion for every hue', () => {
    let worst = 0;
    for (let h = 0; h < 180; h++) {
      for (const s of LEVELS) {
        for (const v of [0, 1, 64, 200, 255]) {
          const found = bytes(hsvToRgb(h, s, v));
          inverse(h, s, v).forEach((exact, channel) => {
            worst = Math.max(worst, Math.abs(found[channel]! - exact));
          });
        }
      }
    }
    expect(worst).toBeLessThanOrEqual(0.5001);
  });

  it('gives back colours as well as 8-bit hue and saturation allow', () => {
    let [total, worst] = [0, 0];
    for (const [r, g, b] of COLORS) {
      const hsv = rgbToHsv(r, g, b);
      const found = bytes(hsvToRgb(hsv >> 16, (hsv >> 8) & 255, hsv & 255));
      [r, g, b].forEach((level, channel) => {
        const error = Math.abs(found[channel]! - level);
        worst = Math.max(worst, error);
        total += error;
      });
    }
    // Half a hue step is 255 / 60 levels.
    expect(worst).toBeLessThanOrEqual(5);
    expect(total / COLORS.length / 3).toBeLessThan(1);
  });
});
