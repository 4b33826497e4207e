/** @file The three solids of a scene and where a ray meets them. */

import { noise3 } from '../../synthesis/noise.js';

/**
 * A solid. All share one layout so that the inner loop stays fast.
 * - `sphere`: centre (x, y, z), radius `a`.
 * - `box`: centre (x, y, z), half sizes `a`, `b`, `c`, turned about the vertical axis.
 * - `frustum`: upright, base centre (x, y, z), height `b`, radius `a` at the base and `c` at the top.
 */
export interface Shape {
  readonly kind: 'sphere' | 'box' | 'frustum';
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly sin: number;
  readonly cos: number;
  /** 0 for a clean outline, up to 1 for foliage: grazing rays slip through at random places. */
  readonly ragged: number;
  readonly material: number;
}

/** A point or direction. */
export interface Vector {
  x: number;
  y: number;
  z: number;
}

const NEAR = 1e-4;

/** Distance along the ray (unit direction) to the first hit in front of it, `Infinity` for none. */
export function intersect(
  s: Shape,
  ox: number,
  oy: number,
  oz: number,
  dx: number,
  dy: number,
  dz: number,
): number {
  const px = ox - s.x;
  const py = oy - s.y;
  const pz = oz - s.z;
  if (s.kind === 'sphere') {
    const b = px * dx + py * dy + pz * dz;
    const square = b * b - (px * px + py * py + pz * pz - s.a * s.a);
    if (square < 0) return Infinity;
    const root = Math.sqrt(square);
    const t = -b - root > NEAR ? -b - root : -b + root;
    if (t <= NEAR) return Infinity;
    return slipsThrough(s, root / s.a, px + dx * t, py + dy * t, pz + dz * t) ? Infinity : t;
  }
  if (s.kind === 'box') {
    return intersectBox(
      s,
      px * s.cos - pz * s.sin,
      py,
      px * s.sin + pz * s.cos,
      dx * s.cos - dz * s.sin,
      dy,
      dx * s.sin + dz * s.cos,
    );
  }
  return intersectFrustum(s, px, py, pz, dx, dy, dz);
}

function intersectBox(
  s: Shape,
  px: number,
  py: number,
  pz: number,
  dx: number,
  dy: number,
  dz: number,
): number {
  const ix = 1 / dx;
  const iy = 1 / dy;
  const iz = 1 / dz;
  const x0 = (-s.a - px) * ix;
  const x1 = (s.a - px) * ix;
  const y0 = (-s.b - py) * iy;
  const y1 = (s.b - py) * iy;
  const z0 = (-s.c - pz) * iz;
  const z1 = (s.c - pz) * iz;
  const enter = Math.max(Math.min(x0, x1), Math.min(y0, y1), Math.min(z0, z1));
  const leave = Math.min(Math.max(x0, x1), Math.max(y0, y1), Math.max(z0, z1));
  if (enter > leave || leave <= NEAR) return Infinity;
  return enter > NEAR ? enter : leave;
}

function intersectFrustum(
  s: Shape,
  px: number,
  py: number,
  pz: number,
  dx: number,
  dy: number,
  dz: number,
): number {
  const slope = (s.c - s.a) / s.b;
  const radius = s.a + slope * py;
  const grow = slope * dy;
  const qa = dx * dx + dz * dz - grow * grow;
  const qb = px * dx + pz * dz - radius * grow;
  const qc = px * px + pz * pz - radius * radius;
  let best = Infinity;
  const square = qb * qb - qa * qc;
  if (square >= 0) {
    const root = Math.sqrt(square);
    for (let side = -1; side <= 1; side += 2) {
      const t = (-qb + side * root) / qa;
      const y = py + dy * t;
      if (t > NEAR && t < best && y >= 0 && y <= s.b && radius + grow * t >= 0) {
        const facing = root / Math.max(radius + grow * t, 1e-6);
        if (!slipsThrough(s, facing, px + dx * t, y, pz + dz * t)) best = t;
      }
    }
  }
  for (let cap = 0; cap <= 1; cap++) {
    const t = (cap * s.b - py) / dy;
    const r = cap === 0 ? s.a : s.c;
    const x = px + dx * t;
    const z = pz + dz * t;
    if (t > NEAR && t < best && x * x + z * z <= r * r) best = t;
  }
  return best;
}

/** Foliage has no sharp outline: the more a ray grazes the solid, the more of the leaves it misses. */
function slipsThrough(s: Shape, facing: number, x: number, y: number, z: number): boolean {
  if (s.ragged === 0 || facing > 0.75) return false;
  return facing < s.ragged * (1.5 * noise3(x * 9 + s.x * 7, y * 9, z * 9 + s.z * 7) - 0.25);
}

/** Unit outward normal at a surface point, written to `out`. */
export function normalAt(s: Shape, x: number, y: number, z: number, out: Vector): void {
  const px = x - s.x;
  const py = y - s.y;
  const pz = z - s.z;
  if (s.kind === 'sphere') {
    out.x = px / s.a;
    out.y = py / s.a;
    out.z = pz / s.a;
    return;
  }
  if (s.kind === 'box') {
    const lx = px * s.cos - pz * s.sin;
    const lz = px * s.sin + pz * s.cos;
    const wx = Math.abs(lx) / s.a;
    const wy = Math.abs(py) / s.b;
    const wz = Math.abs(lz) / s.c;
    const nx = wx >= wy && wx >= wz ? Math.sign(lx) : 0;
    const nz = nx === 0 && wz > wy ? Math.sign(lz) : 0;
    out.x = nx * s.cos + nz * s.sin;
    out.y = nx === 0 && nz === 0 ? Math.sign(py) : 0;
    out.z = -nx * s.sin + nz * s.cos;
    return;
  }
  const onCap = py < 1e-3 || py > s.b - 1e-3;
  const slope = (s.c - s.a) / s.b;
  const radius = Math.sqrt(px * px + pz * pz);
  if (onCap && radius < (py < s.b / 2 ? s.a : s.c) - 1e-3) {
    out.x = 0;
    out.y = py < s.b / 2 ? -1 : 1;
    out.z = 0;
    return;
  }
  const length = Math.sqrt(1 + slope * slope);
  out.x = px / (radius * length);
  out.y = -slope / length;
  out.z = pz / (radius * length);
}

/** Centre height and radius of a sphere around the solid. */
export function boundOf(s: Shape): { y: number; radius: number } {
  if (s.kind === 'sphere') return { y: s.y, radius: s.a };
  if (s.kind === 'box') return { y: s.y, radius: Math.hypot(s.a, s.b, s.c) };
  return { y: s.y + s.b / 2, radius: Math.hypot(Math.max(s.a, s.c), s.b / 2) };
}
