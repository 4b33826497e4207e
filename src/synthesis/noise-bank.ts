/** @file Planes of noise that repeat without a seam, made once: looking one up costs a hundredth of computing it. */

import { Random } from '../base/random.js';
import { hash3 } from './noise.js';

/** Side of a plane in samples; a power of two, so that coordinates wrap by a bit mask. */
const SIDE = 256;
const MASK = SIDE - 1;

/** Values in [0, 1], evenly spread, `[SIDE, SIDE]`, repeating in both directions. */
export type NoisePlane = Float32Array;

/** Planes by what they look like. */
export interface NoiseBank {
  /** Sums of octaves, the first one smooth and the last one rough. */
  readonly clouds: readonly NoisePlane[];
  /** Sharp crests where smooth noise crosses its mean. */
  readonly ridges: NoisePlane;
  /** Distance to the nearest of scattered points. */
  readonly cells: NoisePlane;
  /** Small along the borders between the nearest points. */
  readonly cracks: NoisePlane;
}

/** How much weaker each octave is than the one before, from smooth to rough. */
const GAINS = [0.3, 0.5, 0.7, 0.95];
const FIRST_PERIOD = 4;
const OCTAVES = 6;
const POINTS_PER_SIDE = 12;

let made: NoiseBank | undefined;

/** The bank; the same in every thread. */
export function noiseBank(): NoiseBank {
  made ??= {
    clouds: GAINS.map((gain, layer) => spread(octaves(gain, 100 * layer))),
    ridges: spread(octaves(0.5, 900, (value) => 1 - Math.abs(2 * value - 1))),
    ...scattered(),
  };
  return made;
}

/** Value of a plane at (u, v), of which 1 is its period, linear between samples. */
export function lookUp(plane: NoisePlane, u: number, v: number): number {
  const x = u * SIDE;
  const y = v * SIDE;
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const fx = x - ix;
  const fy = y - iy;
  const left = ix & MASK;
  const right = (ix + 1) & MASK;
  const top = (iy & MASK) * SIDE;
  const bottom = ((iy + 1) & MASK) * SIDE;
  const above = plane[top + left]! + (plane[top + right]! - plane[top + left]!) * fx;
  const below = plane[bottom + left]! + (plane[bottom + right]! - plane[bottom + left]!) * fx;
  return above + (below - above) * fy;
}

function octaves(gain: number, layer: number, shape = (value: number) => value): Float32Array {
  const plane = new Float32Array(SIDE * SIDE);
  let weight = 1;
  for (let octave = 0; octave < OCTAVES; octave++) {
    const period = FIRST_PERIOD << octave;
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const value = periodic((x * period) / SIDE, (y * period) / SIDE, period, layer + octave);
        plane[y * SIDE + x]! += weight * shape(value);
      }
    }
    weight *= gain;
  }
  return plane;
}

/** Value noise whose lattice repeats after `period` cells. */
function periodic(x: number, y: number, period: number, layer: number): number {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const at = (dx: number, dy: number) => hash3((ix + dx) % period, (iy + dy) % period, layer);
  const fx = fade(x - ix);
  const fy = fade(y - iy);
  const above = at(0, 0) + (at(1, 0) - at(0, 0)) * fx;
  const below = at(0, 1) + (at(1, 1) - at(0, 1)) * fx;
  return above + (below - above) * fy;
}

/** One point in each cell of a grid, at a random place: distances to the nearest and how much farther the second is. */
function scattered(): { cells: NoisePlane; cracks: NoisePlane } {
  const random = new Random('scattered points');
  const points = Array.from(
    { length: POINTS_PER_SIDE ** 2 },
    () => [random.uniform(), random.uniform()] as const,
  );
  const nearest = new Float32Array(SIDE * SIDE);
  const gap = new Float32Array(SIDE * SIDE);
  for (let i = 0; i < nearest.length; i++) {
    const x = ((i % SIDE) / SIDE) * POINTS_PER_SIDE;
    const y = (Math.floor(i / SIDE) / SIDE) * POINTS_PER_SIDE;
    let [first, second] = [Infinity, Infinity];
    for (let row = Math.floor(y) - 1; row <= Math.floor(y) + 1; row++) {
      for (let column = Math.floor(x) - 1; column <= Math.floor(x) + 1; column++) {
        const [px, py] = points[wrap(row) * POINTS_PER_SIDE + wrap(column)]!;
        const distance = Math.hypot(column + px - x, row + py - y);
        if (distance < first) [first, second] = [distance, first];
        else if (distance < second) second = distance;
      }
    }
    nearest[i] = first;
    gap[i] = second - first;
  }
  return { cells: spread(nearest), cracks: spread(gap) };
}

const wrap = (index: number): number => (index + POINTS_PER_SIDE) % POINTS_PER_SIDE;

/** The same order of values, spread evenly over [0, 1]: a threshold then covers a known share of the plane. */
function spread(values: Float32Array): NoisePlane {
  const order = Uint32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]! || a - b);
  const plane = new Float32Array(values.length);
  order.forEach((index, rank) => {
    plane[index] = rank / (values.length - 1);
  });
  return plane;
}

const fade = (t: number): number => t * t * (3 - 2 * t);
