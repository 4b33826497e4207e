import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { intersect, normalAt, type Shape } from './shapes.js';

const base = { x: 0.3, y: 0.2, z: -0.1, sin: Math.sin(0.7), cos: Math.cos(0.7), ragged: 0, material: 0 };
const shapes: Shape[] = [
  { ...base, kind: 'sphere', a: 0.9, b: 0, c: 0 },
  { ...base, kind: 'box', a: 0.5, b: 0.8, c: 0.3 },
  { ...base, kind: 'frustum', a: 0.9, b: 1.2, c: 0.3 },
  { ...base, kind: 'frustum', a: 0.4, b: 1.5, c: 0.4 },
];

/** Inside or not, from the definition of the solid. */
function contains(s: Shape, x: number, y: number, z: number): boolean {
  const [px, py, pz] = [x - s.x, y - s.y, z - s.z];
  if (s.kind === 'sphere') return Math.hypot(px, py, pz) <= s.a;
  if (s.kind === 'box') {
    const [lx, lz] = [px * s.cos - pz * s.sin, px * s.sin + pz * s.cos];
    return Math.abs(lx) <= s.a && Math.abs(py) <= s.b && Math.abs(lz) <= s.c;
  }
  return py >= 0 && py <= s.b && Math.hypot(px, pz) <= s.a + ((s.c - s.a) * py) / s.b;
}

describe.each(shapes)('$kind $a $b $c', (shape) => {
  const random = new Random('rays');
  const rays = Array.from({ length: 300 }, () => {
    const origin = [3 * random.normal(), 3 * random.normal(), 3 * random.normal()] as const;
    const target = [random.range(-1, 1.5), random.range(-1, 2), random.range(-1, 1)] as const;
    const way = target.map((value, i) => value - origin[i]!) as [number, number, number];
    const length = Math.hypot(...way);
    return { origin, way: way.map((value) => value / length) as [number, number, number] };
  }).filter(({ origin }) => !contains(shape, ...origin));

  it('is hit where marching along the ray first enters it, with a normal that points out', () => {
    let hits = 0;
    for (const { origin, way } of rays) {
      const point = (t: number) => origin.map((value, i) => value + way[i]! * t) as [number, number, number];
      const t = intersect(shape, ...origin, ...way);
      const end = Math.min(t, 14);
      let outside = true;
      for (let step = 0; step < end - 1e-6; step += 0.02) outside &&= !contains(shape, ...point(step));
      expect(outside).toBe(true);
      if (t === Infinity) continue;
      hits++;
      const normal = { x: 0, y: 0, z: 0 };
      normalAt(shape, ...point(t), normal);
      expect(Math.hypot(normal.x, normal.y, normal.z)).toBeCloseTo(1, 6);
      const [x, y, z] = point(t);
      const along = (d: number) => contains(shape, x + normal.x * d, y + normal.y * d, z + normal.z * d);
      expect([along(1e-6), along(-1e-6)]).toEqual([false, true]);
    }
    expect(hits).toBeGreaterThan(50);
    expect(hits).toBeLessThan(rays.length);
  });
});
