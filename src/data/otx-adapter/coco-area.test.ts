import { describe, expect, it } from 'vitest';
import { cocoArea } from './coco-area.js';

const area = (...points: number[]) => cocoArea(points, 32, 32);

describe('cocoArea', () => {
  it('is width times height for rectangles, whichever way round and however closed', () => {
    expect(area(2, 3, 7, 3, 7, 12, 2, 12)).toBe(5 * 9);
    expect(area(2, 12, 7, 12, 7, 3, 2, 3)).toBe(5 * 9);
    expect(area(2, 3, 7, 3, 7, 12, 2, 12, 2, 3)).toBe(5 * 9);
  });

  it('is 0 for lines, and for repeated points', () => {
    expect(area(2, 2, 9, 2, 5, 2)).toBe(0);
    expect(area(2, 2, 9, 9, 5, 5)).toBe(0);
    expect(area(4, 4, 4, 4, 4, 4)).toBe(0);
  });

  it('counts whole pixels of triangles', () => {
    expect(area(0, 0, 10, 0, 0, 10)).toBeGreaterThanOrEqual(45);
    expect(area(0, 0, 10, 0, 0, 10)).toBeLessThanOrEqual(55);
    expect(Number.isInteger(area(0, 0, 7, 2, 3, 11))).toBe(true);
  });

  it('subtracts nothing for points outside but counts only pixels of the image', () => {
    expect(cocoArea([-4, -4, 8, -4, 8, 8, -4, 8], 4, 4)).toBe(16);
  });
});
