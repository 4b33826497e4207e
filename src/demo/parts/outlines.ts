/** @file Parts from above as functions: how deep a point lies inside the metal, and how the surface is worked there. */

/** Kinds of parts in the order of their classes. */
export const PART_KINDS = ['washer', 'gear', 'bracket', 'bolt'] as const;

export type PartKind = (typeof PART_KINDS)[number];

/** Numbers that make two parts of a kind differ, each in [0, 1). */
export interface PartForm {
  readonly kind: PartKind;
  /** Width of a hole, an arm or a shank. */
  readonly girth: number;
  /** Number of teeth, holes or threads. */
  readonly count: number;
  /** Picks among variants. */
  readonly variant: number;
}

/**
 * Depth inside the metal in radii of the part, negative outside and in holes.
 * @param x, y from the middle of the part, in its radii.
 */
export function depthInPart(form: PartForm, x: number, y: number): number {
  switch (form.kind) {
    case 'washer':
      return washer(form, x, y);
    case 'gear':
      return gear(form, x, y);
    case 'bracket':
      return bracket(form, x, y);
    case 'bolt':
      return bolt(form, x, y);
  }
}

/** Whether the surface was turned, so that its marks are circles around the middle; otherwise they are straight. */
export function isTurned({ kind }: PartForm): boolean {
  return kind === 'washer' || kind === 'gear';
}

/** Steps and curves of the surface: slopes along x and y, positive where it rises that way. */
export function reliefOfPart(form: PartForm, x: number, y: number, out: { x: number; y: number }): void {
  out.x = 0;
  out.y = 0;
  if (form.kind === 'gear') {
    // A raised hub and rim with a lower web between.
    const away = Math.sqrt(x * x + y * y) + 1e-9;
    const step = ridge(away - hubOf(form)) - ridge(away - 0.7);
    out.x = (-step * x) / away;
    out.y = (-step * y) / away;
  } else if (form.kind === 'bolt') {
    const half = y < HEAD_END ? HEAD_WIDTH : shankOf(form);
    const across = Math.min(Math.max(x / half, -0.95), 0.95);
    if (y < HEAD_END) {
      // Three faces of a hexagon.
      out.x = Math.abs(across) < 0.5 ? 0 : -0.75 * Math.sign(across);
    } else {
      out.x = (-0.8 * across) / Math.sqrt(1 - across * across);
      if (y > THREAD_START) out.y = 0.9 * Math.sin((y + 0.08 * across) * (26 + 16 * form.count) * Math.PI);
    }
  }
}

const HEAD_END = -0.62;
const HEAD_WIDTH = 0.36;
const THREAD_START = -0.1;

function washer({ girth }: PartForm, x: number, y: number): number {
  const away = Math.sqrt(x * x + y * y);
  return Math.min(1 - away, away - (0.32 + 0.34 * girth));
}

function hubOf({ girth }: PartForm): number {
  return 0.34 + 0.12 * girth;
}

function gear(form: PartForm, x: number, y: number): number {
  const away = Math.sqrt(x * x + y * y);
  const teeth = 9 + Math.floor(12 * form.count);
  const angle = Math.atan2(y, x);
  // A tooth in units of arc: flat on top, flat below, with flanks between.
  const wave = Math.sin(angle * teeth) * 2.2;
  const depth = Math.min(0.2, 2.2 / teeth);
  const rim = 1 - depth * (0.5 - Math.min(Math.max(wave, -1), 1) / 2);
  let depthHere = Math.min((rim - away) * 0.8, away - (0.14 + 0.12 * form.girth));
  if (form.variant > 0.45) {
    const holes = 3 + Math.floor(3.999 * form.variant) - 1;
    const turn = (2 * Math.PI) / holes;
    const nearest = Math.round(angle / turn) * turn;
    const [hx, hy] = [0.56 * Math.cos(nearest), 0.56 * Math.sin(nearest)];
    depthHere = Math.min(depthHere, Math.sqrt((x - hx) ** 2 + (y - hy) ** 2) - 0.11);
  }
  return depthHere;
}

/** An angle, a tee or a flat bar with drilled holes. */
function bracket({ girth, variant }: PartForm, x: number, y: number): number {
  const half = 0.2 + 0.1 * girth;
  if (variant < 0.4) {
    const upright = roundedBox(x + 0.75 - half, y, half, 0.85);
    const level = roundedBox(x, y - 0.85 + half, 0.75, half);
    const plate = Math.max(upright, level);
    return drill(plate, x, y, [-0.75 + half, -0.55, 0.5, 0.85 - half, -0.75 + half, 0.85 - half], 0.4 * half);
  }
  if (variant < 0.7) {
    const upright = roundedBox(x, y - 0.1, half, 0.8);
    const level = roundedBox(x, y + 0.9 - half - 0.1, 0.85, half);
    return drill(Math.max(upright, level), x, y, [-0.58, half - 0.8, 0.58, half - 0.8, 0, 0.6], 0.42 * half);
  }
  return drill(roundedBox(x, y, half * 1.2, 0.95), x, y, [0, -0.65, 0, 0.65, 0, 0.1], 0.5 * half);
}

function shankOf({ girth }: PartForm): number {
  return 0.14 + 0.07 * girth;
}

/** Lying on its side, the head up. */
function bolt(form: PartForm, x: number, y: number): number {
  const head = roundedBox(x, y - (HEAD_END - 0.95) / 2, HEAD_WIDTH, (HEAD_END + 0.95) / 2);
  const end = 0.75 + 0.2 * form.variant;
  const shank = roundedBox(x, y - (end + HEAD_END) / 2, shankOf(form), (end - HEAD_END) / 2 + 0.04);
  return Math.max(head, shank);
}

const CORNER = 0.05;

function roundedBox(x: number, y: number, halfWidth: number, halfHeight: number): number {
  const dx = Math.abs(x) - halfWidth + CORNER;
  const dy = Math.abs(y) - halfHeight + CORNER;
  const [ox, oy] = [Math.max(dx, 0), Math.max(dy, 0)];
  return CORNER - Math.sqrt(ox * ox + oy * oy) - Math.min(Math.max(dx, dy), 0);
}

/** @param places x and y of the holes in turn. */
function drill(depth: number, x: number, y: number, places: readonly number[], radius: number): number {
  let left = depth;
  for (let i = 0; i < places.length; i += 2) {
    const [dx, dy] = [x - places[i]!, y - places[i + 1]!];
    left = Math.min(left, Math.sqrt(dx * dx + dy * dy) - radius);
  }
  return left;
}

/** Steep at 0, flat away from it. */
function ridge(distance: number): number {
  const t = distance / 0.035;
  return 0.9 * Math.exp(-t * t);
}
