import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import type { NetworkInput } from './normalize.js';
import { randomRotate, rotate } from './rotate.js';

/** Planes and labels of `of(x, y)`; the second and third plane are 2 and 3 times the first. */
function input(side: number, of: (x: number, y: number) => number): NetworkInput {
  const labels = Uint8Array.from({ length: side * side }, (_, i) => of(i % side, Math.floor(i / side)));
  const planes = Float32Array.from({ length: 3 * side * side }, (_, i) => {
    const plane = Math.floor(i / (side * side));
    return (plane + 1) * labels[i % (side * side)]!;
  });
  return { planes, labels, side };
}

describe('rotate', () => {
  it('turns clockwise: a quarter turn moves every pixel, exactly', () => {
    const side = 7;
    const turned = input(side, (x, y) => 10 * y + x);
    rotate(turned, 90);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const [toX, toY] = [side - 1 - y, x];
        expect(turned.labels[toY * side + toX]).toBe(10 * y + x);
        for (const plane of [0, 1, 2]) {
          const found = turned.planes[(plane * side + toY) * side + toX]!;
          expect(found).toBeCloseTo((plane + 1) * (10 * y + x), 4);
        }
      }
    }
  });

  it.each([30, -30, 12.5])('moves a marked spot where trigonometry says, by %f degrees', (degrees) => {
    const side = 101;
    const [fromX, fromY] = [70, 35];
    const turned = input(side, (x, y) => (Math.abs(x - fromX) <= 1 && Math.abs(y - fromY) <= 1 ? 9 : 0));
    rotate(turned, degrees);
    const angle = (degrees * Math.PI) / 180;
    const toX = 50 + Math.cos(angle) * (fromX - 50) - Math.sin(angle) * (fromY - 50);
    const toY = 50 + Math.sin(angle) * (fromX - 50) + Math.cos(angle) * (fromY - 50);
    const spot = (values: ArrayLike<number>, weigh: (value: number) => number) => {
      let [total, x, y] = [0, 0, 0];
      for (let i = 0; i < side * side; i++) {
        const weight = weigh(values[i]!);
        total += weight;
        x += weight * (i % side);
        y += weight * Math.floor(i / side);
      }
      return [x / total, y / total] as const;
    };
    const [planeX, planeY] = spot(turned.planes, (value) => value);
    expect(Math.hypot(planeX - toX, planeY - toY)).toBeLessThan(0.05);
    const [labelX, labelY] = spot(turned.labels, (label) => (label === 9 ? 1 : 0));
    expect(Math.hypot(labelX - toX, labelY - toY)).toBeLessThan(0.4);
  });

  it('keeps planes and labels together: only next to an edge may they disagree', () => {
    const side = 96;
    const turned = input(side, (x, y) => 1 + Math.floor(x / 24) + 4 * Math.floor(y / 24));
    rotate(turned, -23);
    let [compared, worst] = [0, 0];
    for (let y = 1; y < side - 1; y++) {
      for (let x = 1; x < side - 1; x++) {
        const at = y * side + x;
        const around = [0, 1, -1, side, -side].map((step) => turned.labels[at + step]);
        if (new Set(around).size > 1 || turned.labels[at] === 255) continue;
        compared++;
        for (const plane of [0, 1, 2]) {
          const expected = (plane + 1) * turned.labels[at]!;
          worst = Math.max(worst, Math.abs(turned.planes[plane * side * side + at]! - expected));
        }
      }
    }
    expect(worst).toBeLessThan(0.001);
    expect(compared).toBeGreaterThan(6000);
  });

  it('fills what comes from outside with 0 and 255', () => {
    const side = 64;
    const turned = input(side, () => 5);
    rotate(turned, 30);
    const outside = turned.labels.filter((label) => label === 255).length;
    expect(new Set(turned.labels)).toEqual(new Set([5, 255]));
    // A square turned by 30 degrees covers 2 / (1 + sin 30 + cos 30) of itself.
    expect(outside / (side * side)).toBeCloseTo(1 - 2 / (1 + 0.5 + Math.cos(Math.PI / 6)), 2);
    for (const corner of [0, side - 1, side * (side - 1), side * side - 1]) {
      expect(turned.labels[corner]).toBe(255);
      expect(turned.planes[corner]).toBe(0);
    }
    expect(Math.max(...turned.planes.subarray(0, side * side))).toBeLessThanOrEqual(5.001);
  });

  it('changes nothing at 0 degrees', () => {
    const still = input(9, (x, y) => 9 * y + x);
    rotate(still, 0);
    expect(still).toEqual(input(9, (x, y) => 9 * y + x));
  });
});

describe('randomRotate', () => {
  it('turns half of the time, by up to 30 degrees either way', () => {
    const side = 51;
    const random = new Random(6);
    const angles: number[] = [];
    for (let i = 0; i < 1000; i++) {
      // A marked spot, 20 to the right of the centre, tells the angle.
      const turned = input(side, (x, y) => (Math.abs(y - 25) <= 1 && Math.abs(x - 45) <= 1 ? 200 : 0));
      randomRotate(turned, random);
      let [total, dx, dy] = [0, 0, 0];
      for (let at = 0; at < side * side; at++) {
        total += turned.planes[at]!;
        dx += turned.planes[at]! * ((at % side) - 25);
        dy += turned.planes[at]! * (Math.floor(at / side) - 25);
      }
      angles.push((Math.atan2(dy / total, dx / total) * 180) / Math.PI);
    }
    const turned = angles.filter((angle) => Math.abs(angle) > 1e-6);
    expect(Math.abs(turned.length / 1000 - 0.5)).toBeLessThan(0.064);
    expect(Math.max(...turned)).toBeLessThan(30.2);
    expect(Math.max(...turned)).toBeGreaterThan(28);
    expect(Math.min(...turned)).toBeGreaterThan(-30.2);
    expect(Math.min(...turned)).toBeLessThan(-28);
    expect(Math.abs(turned.filter((angle) => angle > 0).length / turned.length - 0.5)).toBeLessThan(0.09);
  });
});
