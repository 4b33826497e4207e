import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { cutOut, drawHoles } from './cut-out.js';

const size = { width: 50, height: 30 };

describe('drawHoles', () => {
  const draws = Array.from({ length: 4000 }, (_, i) => drawHoles(size, new Random(`holes ${i}`)));
  const holes = draws.flat();

  it('cuts in 35 of 100 draws, 1 to 8 holes alike', () => {
    const counts = draws.map(({ length }) => length);
    expect(counts.filter((count) => count > 0).length / draws.length).toBeCloseTo(0.35, 1);
    for (let n = 1; n <= 8; n++) {
      const share = counts.filter((count) => count === n).length / counts.filter((count) => count > 0).length;
      expect(share).toBeGreaterThan(0.09);
      expect(share).toBeLessThan(0.16);
    }
  });

  it('makes holes of a fifth by two fifths, clipped at the right and lower border only', () => {
    for (const { left, top, width, height } of holes) {
      expect(width).toBe(Math.min(10, size.width - left));
      expect(height).toBe(Math.min(12, size.height - top));
      expect(width * height).toBeGreaterThan(0);
    }
    expect(Math.max(...holes.map(({ left }) => left))).toBe(size.width - 1);
    expect(Math.min(...holes.map(({ top }) => top))).toBe(0);
  });
});

describe('cutOut', () => {
  it('blackens exactly the holes', () => {
    const image = new Uint8Array(3 * size.width * size.height).fill(7);
    const window = { left: 45, top: 28, width: 5, height: 2 };
    cutOut(image, size, [window, { left: 0, top: 0, width: 1, height: 1 }]);
    image.forEach((value, i) => {
      const x = Math.floor(i / 3) % size.width;
      const y = Math.floor(i / 3 / size.width);
      const inside = (x >= 45 && y >= 28) || (x === 0 && y === 0);
      expect(value).toBe(inside ? 0 : 7);
    });
  });
});
