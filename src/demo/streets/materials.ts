/** @file Surface colours: patterns that tell the classes apart where colour does not. */

import { hash3, mix, noise3, smoothstep } from '../../synthesis/noise.js';
import type { Shape, Vector } from './shapes.js';

/** Linear-light red, green, blue, about 0 to 1. */
export type Colour = readonly [red: number, green: number, blue: number];

export type Pattern =
  | 'plain'
  | 'stripes'
  | 'spots'
  | 'halves'
  | 'bands'
  | 'brick'
  | 'planks'
  | 'ribs'
  | 'leaves'
  | 'bark';

/** What a solid is made of. */
export interface Material {
  readonly pattern: Pattern;
  readonly first: Colour;
  readonly second: Colour;
  /** Repeats per metre, or per solid for the patterns of balls and cones. */
  readonly scale: number;
  /** Strength of the highlight, 0 to 1. */
  readonly gloss: number;
  /** Direction across stripes, spots and halves, unit length. */
  readonly axis: Vector;
  /** Makes equal materials differ in detail. */
  readonly layer: number;
}

/**
 * Colour of a surface point, written to `out`.
 * @param footprint size of a pixel on the surface in metres: detail finer than it fades to its mean.
 */
export function colourAt(
  m: Material,
  s: Shape,
  x: number,
  y: number,
  z: number,
  normal: Vector,
  footprint: number,
  out: Float64Array,
): void {
  const lx = (x - s.x) * s.cos - (z - s.z) * s.sin;
  const ly = y - s.y;
  const lz = (x - s.x) * s.sin + (z - s.z) * s.cos;
  let blend = 0;
  let shade = 1;
  switch (m.pattern) {
    case 'plain':
      shade = 0.92 + 0.16 * noise3(lx * 3, ly * 3, lz * 3 + m.layer);
      break;
    case 'stripes':
    case 'halves': {
      const along = (lx * m.axis.x + ly * m.axis.y + lz * m.axis.z) / s.a;
      blend =
        m.pattern === 'halves'
          ? step(along, footprint / s.a)
          : wave(along * m.scale, (footprint * m.scale) / s.a);
      break;
    }
    case 'spots': {
      const k = m.scale / s.a;
      blend = smoothstep(0.52, 0.6, noise3(lx * k + m.layer, ly * k, lz * k));
      break;
    }
    case 'bands':
      blend = wave((ly / s.b) * m.scale - 0.25, (footprint * m.scale) / s.b);
      shade = 0.95 + 0.1 * noise3(lx * 9, ly * 9, lz * 9 + m.layer);
      break;
    case 'bark':
      shade = 0.6 + 0.8 * noise3(lx * 14, ly * 2.5, lz * 14 + m.layer);
      break;
    case 'leaves': {
      const fine = Math.min(1, 0.09 / footprint);
      const coarse = noise3(x * 2.3, y * 2.3, z * 2.3 + m.layer);
      blend = 0.75 * coarse;
      shade = 0.75 + fine * (0.9 * noise3(x * 11, y * 11, z * 11 + m.layer) - 0.45) + 0.35 * coarse;
      break;
    }
    default: {
      const top = Math.abs(normal.y) > 0.5;
      const side = Math.abs(lx) / s.a > Math.abs(lz) / s.c;
      const u = top ? lx : side ? lz : lx;
      const v = top ? lz : ly;
      const halfU = top ? s.a : side ? s.c : s.a;
      const halfV = top ? s.c : s.b;
      const face = m.layer + (top ? 1 : side ? 2 : 3);
      if (m.pattern === 'brick') {
        const row = Math.floor((v * m.scale) / 0.19);
        const across = (u * m.scale) / 0.42 + (row & 1) * 0.5;
        const column = Math.floor(across);
        const gap = joint((v * m.scale) / 0.19 - row, footprint * m.scale * 5, 0.11);
        blend = Math.max(gap, joint(across - column, footprint * m.scale * 2.4, 0.05));
        shade =
          mix(0.72 + 0.5 * hash3(row, column, face), 1, blend) * (0.85 + 0.3 * noise3(u * 20, v * 20, face));
      } else if (m.pattern === 'planks') {
        const rim = Math.min(halfU - Math.abs(u), halfV - Math.abs(v));
        const frame = 0.16 * Math.min(halfU, halfV) + 0.04;
        const brace = Math.abs(u / halfU - v / halfV) < 0.16;
        const raised = rim < frame || brace;
        const across = (raised ? (brace && rim >= frame ? u - v : rim) : u) * m.scale;
        const board = Math.floor(across);
        blend = raised ? 0.85 : 0;
        shade =
          (0.72 + 0.4 * hash3(board, raised ? 7 : 1, face)) *
          (0.75 + 0.5 * noise3(u * (raised ? 6 : 26), v * 4, face)) *
          (1 - (raised ? 0 : 0.75 * joint(across - board, footprint * m.scale, 0.08)));
        const lip = Math.min(Math.abs(rim - frame), rim);
        shade *= 1 - 0.5 * Math.max(0, 1 - lip / (0.02 + footprint));
      } else {
        shade = 0.86 + 0.16 * Math.sin(u * m.scale * 2 * Math.PI) * Math.min(1, 0.15 / (footprint * m.scale));
        blend = v > halfV * 0.55 && v < halfV * 0.8 && !top ? 0.9 : 0.12 * noise3(u * 4, v * 4, face);
      }
    }
  }
  for (let channel = 0; channel < 3; channel++) {
    out[channel] = mix(m.first[channel]!, m.second[channel]!, blend) * shade;
  }
}

/** 0 or 1 by the sign of `value`, blended over a pixel. */
function step(value: number, footprint: number): number {
  return Math.min(Math.max(0.5 + value / Math.max(footprint, 1e-6), 0), 1);
}

/** Square wave of period 1 in [0, 1], blended over a pixel. */
function wave(value: number, footprint: number): number {
  const distance = 0.25 - Math.abs(value - Math.floor(value) - 0.5);
  return step(distance, footprint);
}

/** Darkness of the joint of width `width` at the start of each unit cell; wide pixels see only its share of the area. */
function joint(position: number, footprint: number, width: number): number {
  const sharp = position < width ? 1 : 0;
  return mix(sharp, width, Math.min(footprint / (4 * width), 1));
}
