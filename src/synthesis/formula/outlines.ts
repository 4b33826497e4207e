/** @file Families of outlines: radial contours, polygons, stars, super-ellipses, bars, crescents. A formula has its numbers. */

import type { Random } from '../../base/random.js';
import type { Outline } from './fill.js';

/** Families by name. */
const OUTLINE_FAMILIES = [
  'lobes',
  'polygon',
  'star',
  'superellipse',
  'blob',
  'gear',
  'bar',
  'crescent',
] as const;

/** The numbers of a family that a class has for itself. */
export interface OutlineFormula {
  readonly family: (typeof OUTLINE_FAMILIES)[number];
  /** Lobes, corners, teeth. */
  readonly count: number;
  /** How deep lobes, notches and teeth go, as a share of the radius. */
  readonly depth: number;
  /** How sharp they are; 1 is a sine. */
  readonly sharpness: number;
  /** Second harmonic: how many, how deep. */
  readonly ripples: number;
  readonly rippleDepth: number;
  /** Height over width. */
  readonly aspect: number;
  /** How far two of a class may differ, as a share of the radius. */
  readonly irregularity: number;
}

export function drawOutlineFormula(random: Random): OutlineFormula {
  const family = OUTLINE_FAMILIES[random.integer(OUTLINE_FAMILIES.length)]!;
  return {
    family,
    count: 3 + random.integer(9),
    depth: random.range(0.08, 0.55),
    sharpness: random.range(0.5, 2.5),
    ripples: 2 + random.integer(14),
    rippleDepth: random.chance(0.5) ? 0 : random.range(0.02, 0.15),
    aspect: family === 'bar' ? random.range(0.06, 0.3) : random.range(0.4, 1),
    irregularity: random.range(0.01, 0.12),
  };
}

/** Where a shape lies. */
export interface Placement {
  /** Centre in pixels. */
  readonly x: number;
  readonly y: number;
  /** Pixels. */
  readonly radius: number;
  /** Radians. */
  readonly turn: number;
}

const POINTS = 120;

/** One outline of the family, different each time as far as the formula allows. */
export function drawOutline(
  formula: OutlineFormula,
  { x, y, radius, turn }: Placement,
  random: Random,
): Outline {
  const aspect = formula.aspect * random.range(0.85, 1.15);
  const wobble = drawWobble(formula.irregularity, random);
  const phase = random.uniform();
  const points = new Float64Array(2 * POINTS);
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  for (let i = 0; i < POINTS; i++) {
    const t = i / POINTS;
    const [px, py] = pointOf(formula, t, phase);
    const r = radius * (1 + wobble(t));
    const u = px * r;
    const v = py * r * aspect;
    points[2 * i] = x + u * cos - v * sin;
    points[2 * i + 1] = y + u * sin + v * cos;
  }
  return points;
}

/** A few low harmonics with random phases, of about the given size. */
function drawWobble(size: number, random: Random): (t: number) => number {
  const terms = [2, 3, 5, 7].map((harmonic) => ({
    harmonic: 2 * Math.PI * harmonic,
    size: (size * random.normal()) / Math.sqrt(harmonic),
    phase: 2 * Math.PI * random.uniform(),
  }));
  return (t) => {
    let sum = 0;
    for (const term of terms) sum += term.size * Math.sin(term.harmonic * t + term.phase);
    return Math.min(Math.max(sum, -0.6), 0.6);
  };
}

/** Point of the unit outline at `t` in [0, 1). */
function pointOf(formula: OutlineFormula, t: number, phase: number): [x: number, y: number] {
  const { family, count, depth, sharpness, ripples, rippleDepth } = formula;
  const angle = 2 * Math.PI * t;
  if (family === 'bar') {
    const along = superellipse(angle, 8);
    return [along * Math.cos(angle), along * Math.sin(angle)];
  }
  if (family === 'crescent') return crescent(t, depth);
  let r: number;
  switch (family) {
    case 'lobes': {
      const wave = Math.sin(count * angle);
      r = 1 + depth * Math.sign(wave) * Math.abs(wave) ** sharpness;
      break;
    }
    case 'polygon': {
      const corner = (2 * Math.PI) / count;
      const within = (angle % corner) - corner / 2;
      r = Math.cos(corner / 2) / Math.cos(within);
      break;
    }
    case 'star': {
      const within = Math.abs(((count * t) % 1) * 2 - 1);
      r = 1 - depth * 1.4 * (1 - within) ** (sharpness / 1.5);
      break;
    }
    case 'superellipse':
      r = superellipse(angle, 0.7 + 2 * sharpness);
      break;
    case 'gear':
      r = (count * 1.5 * t) % 1 < 0.5 ? 1 : 1 - depth / 2;
      break;
    case 'blob':
      r = 1 + depth * 0.6 * (Math.sin(2 * angle + 9 * phase) * 0.6 + Math.sin(3 * angle + 5 * phase) * 0.5);
  }
  r = Math.max(r + rippleDepth * Math.cos(ripples * angle + 2 * Math.PI * phase), 0.05);
  return [r * Math.cos(angle), r * Math.sin(angle)];
}

/** Radius of |x|^n + |y|^n = 1 at an angle. */
function superellipse(angle: number, n: number): number {
  return (Math.abs(Math.cos(angle)) ** n + Math.abs(Math.sin(angle)) ** n) ** (-1 / n);
}

/** An arc of three quarters of a circle and back on a smaller one. */
function crescent(t: number, depth: number): [x: number, y: number] {
  const isOuter = t < 0.5;
  const angle = (isOuter ? 2 * t : 2 - 2 * t) * 1.5 * Math.PI;
  const thick = 0.15 + depth * Math.sin((2 * angle) / 3);
  const r = isOuter ? 1 : Math.max(1 - thick, 0.1);
  return [r * Math.cos(angle), r * Math.sin(angle)];
}
