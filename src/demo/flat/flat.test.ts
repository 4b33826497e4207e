import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { depthInPart, PART_KINDS } from '../parts/outlines.js';
import { depthIn, drawBlob, reachOf } from './blob.js';
import { FlatCanvas } from './canvas.js';
import { depthInStrokes, reachOfStroke, type Stroke } from './stroke.js';

/** Points all around one, up to a distance. */
function pointsAround(random: Random, x: number, y: number, distance: number): [x: number, y: number][] {
  return Array.from({ length: 400 }, () => [
    x + random.range(-distance, distance),
    y + random.range(-distance, distance),
  ]);
}

describe('FlatCanvas', () => {
  it('visits every pixel once, at the places that its shorter side of 256 units gives it', () => {
    const canvas = new FlatCanvas(6, 4);
    expect([canvas.pixel, canvas.across, canvas.down]).toEqual([64, 384, 256]);
    const places: [number, number, number][] = [];
    canvas.everywhere((...place) => places.push(place));
    expect(places).toHaveLength(24);
    for (const [i, x, y] of places)
      expect([x, y]).toEqual([64 * ((i % 6) + 0.5), 64 * (Math.floor(i / 6) + 0.5)]);
    expect(new Set(places.map(([i]) => i)).size).toBe(24);
  });

  it('visits the pixels around a place, those outside of the picture left out', () => {
    const canvas = new FlatCanvas(64, 32);
    for (const [x, y, reach] of [
      [100, 90, 30],
      [3, 250, 40],
      [-20, 10, 8],
      [511, 128, 700],
    ] as const) {
      const near: number[] = [];
      canvas.around(x, y, reach, (i) => near.push(i));
      const expected: number[] = [];
      canvas.everywhere((i, px, py) => {
        if (Math.abs(px - x) <= reach && Math.abs(py - y) <= reach) expected.push(i);
      });
      expect(near).toEqual(expected);
    }
  });
});

describe('what is drawn around a place only', () => {
  const random = new Random('reach');

  it('has blobs within their reach', () => {
    for (let k = 0; k < 40; k++) {
      const blob = drawBlob(random, 7, -3, random.range(2, 30), { stretch: 2, waviness: 0.2 });
      const reach = reachOf(blob);
      const points = pointsAround(random, 7, -3, 2 * reach);
      const inside = points.filter(([x, y]) => depthIn(blob, x, y) > 0);
      expect(inside.length).toBeGreaterThan(3);
      for (const [x, y] of inside) expect(Math.hypot(x - 7, y + 3)).toBeLessThanOrEqual(reach);
    }
  });

  it('has strokes within their reach, as wide as they say', () => {
    for (let k = 0; k < 40; k++) {
      const turn = random.range(0, 7);
      const [dx, dy] = [Math.cos(turn), Math.sin(turn)];
      const half = random.range(4, 30);
      const stroke: Stroke = {
        x: 5,
        y: 9,
        dx,
        dy,
        half,
        width: random.range(1, 6),
        bend: random.range(-5, 5),
      };
      expect(depthInStrokes([stroke], 5, 9)).toBeCloseTo(stroke.width / 2, 9);
      const reach = reachOfStroke(stroke);
      for (const [x, y] of pointsAround(random, 5, 9, 2 * reach)) {
        if (depthInStrokes([stroke], x, y) > 0) expect(Math.hypot(x - 5, y - 9)).toBeLessThanOrEqual(reach);
      }
    }
  });

  it.each(PART_KINDS)('has a %s within 1.15 radii along both axes, and metal in it', (kind) => {
    for (let k = 0; k < 40; k++) {
      const form = { kind, girth: random.uniform(), count: random.uniform(), variant: random.uniform() };
      const turn = random.range(0, 7);
      const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
      const inside = pointsAround(random, 0, 0, 1.5).filter(
        ([x, y]) => depthInPart(form, x * cos + y * sin, y * cos - x * sin) > 0,
      );
      expect(inside.length).toBeGreaterThan(15);
      for (const [x, y] of inside) expect(Math.max(Math.abs(x), Math.abs(y))).toBeLessThan(1.15);
    }
  });
});
