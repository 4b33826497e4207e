/** @file Families of textures by formula: a number in [0, 1] at each point of a plane, by which two colours are mixed. */

import type { Random } from '../../base/random.js';
import { lookUp, noiseBank } from '../noise-bank.js';
import { PICTURE_KINDS, type PictureKind } from './kinds.js';

/** Families by name. */
const TEXTURE_FAMILIES = [
  'plain',
  'clouds',
  'spots',
  'stripes',
  'bands',
  'checks',
  'grid',
  'dots',
  'bricks',
  'cells',
  'cracks',
  'ridges',
] as const;

/** The numbers of a family that a class has for itself. */
export interface TextureFormula {
  readonly family: (typeof TEXTURE_FAMILIES)[number];
  /** Repeats over 100 pixels. */
  readonly frequency: number;
  /** Share of the plane that is of the second colour, where the family has two. */
  readonly share: number;
  /** How far noise bends it, in periods. */
  readonly warp: number;
  /** Spectrum of noise, 0 smooth to 3 rough. */
  readonly roughness: number;
  /** How much of rough noise is added, 0 to 1. */
  readonly grain: number;
  /** Whether it lies the same way in all of a class. */
  readonly upright: boolean;
}

export function drawTextureFormula(random: Random, kind: PictureKind): TextureFormula {
  const { frequency, grain } = PICTURE_KINDS[kind];
  return {
    family: TEXTURE_FAMILIES[random.integer(TEXTURE_FAMILIES.length)]!,
    frequency: frequency(random),
    share: random.range(0.25, 0.75),
    warp: random.chance(0.5) ? 0 : random.range(0.1, 1.2),
    roughness: random.integer(4),
    grain: grain(random),
    upright: random.chance(0.5),
  };
}

/** Clouds without an edge, as backgrounds have them. */
export function drawSoftTexture(random: Random): TextureFormula {
  const soft = { family: 'clouds', share: 0.5, warp: 0, grain: 0, upright: false } as const;
  return { ...soft, frequency: random.range(1, 6), roughness: random.integer(4) };
}

/** A texture laid on a picture: how much of the second colour is at a pixel. */
export type Texture = (x: number, y: number) => number;

/** Pixels over which the formulas count repeats. */
const UNIT = 100;
/** Repeats in a plane of noise, which has four lattice cells in its coarsest octave. */
const NOISE_REPEATS = 8;

/** @param zoom how large the texture is drawn; 1 as the formula says. */
export function layTexture(formula: TextureFormula, random: Random, zoom = 1): Texture {
  const { family, share, warp, grain } = formula;
  const frequency = (formula.frequency * random.range(0.8, 1.25)) / (UNIT * zoom);
  const turn = (formula.upright ? 0 : 2 * Math.PI * random.uniform()) + 0.15 * random.normal();
  const cos = Math.cos(turn) * frequency;
  const sin = Math.sin(turn) * frequency;
  const [du, dv] = [97 * random.uniform(), 97 * random.uniform()];
  const { clouds, ridges, cells, cracks } = noiseBank();
  const noise = clouds[formula.roughness]!;
  const rough = clouds[3]!;
  const soft = Math.min(Math.max(frequency, 0.02), 0.5);
  const pattern = PATTERNS[family];
  const planes: Planes = { noise, ridges, cells, cracks };
  return (x, y) => {
    let u = x * cos + y * sin + du;
    let v = y * cos - x * sin + dv;
    if (warp > 0) {
      const bend = warp * (lookUp(noise, (u + 31) / NOISE_REPEATS / 2, v / NOISE_REPEATS / 2) - 0.5);
      u += bend;
      v += bend;
    }
    const value = pattern(u, v, share, soft, planes);
    return grain > 0 ? value + grain * (lookUp(rough, x / 64 + du, y / 64 + dv) - 0.5) : value;
  };
}

interface Planes {
  readonly noise: Float32Array;
  readonly ridges: Float32Array;
  readonly cells: Float32Array;
  readonly cracks: Float32Array;
}

/** @param soft width of an edge in periods. */
type Pattern = (u: number, v: number, share: number, soft: number, planes: Planes) => number;

const PATTERNS: Readonly<Record<TextureFormula['family'], Pattern>> = {
  plain: () => 0,
  clouds: (u, v, _share, _soft, { noise }) => lookUp(noise, u / NOISE_REPEATS, v / NOISE_REPEATS),
  spots: (u, v, share, soft, { noise }) =>
    edge(lookUp(noise, u / NOISE_REPEATS, v / NOISE_REPEATS) - 1 + share, soft / 4),
  stripes: (u) => 0.5 + 0.5 * Math.sin(2 * Math.PI * u),
  bands: (u, _v, share, soft) => edge(share / 2 - Math.abs(fraction(u) - 0.5), soft),
  checks: (u, v, _share, soft) => {
    const a = edge(0.25 - Math.abs(fraction(u) - 0.5), soft);
    const b = edge(0.25 - Math.abs(fraction(v) - 0.5), soft);
    return a + b - 2 * a * b;
  },
  grid: (u, v, share, soft) => {
    const wide = 0.5 - 0.25 * share;
    return edge(Math.max(Math.abs(fraction(u) - 0.5), Math.abs(fraction(v) - 0.5)) - wide, soft);
  },
  dots: (u, v, share, soft) =>
    edge(0.45 * share + 0.05 - Math.hypot(fraction(u) - 0.5, fraction(v) - 0.5), soft),
  bricks: (u, v, share, soft) => {
    const row = Math.floor(2 * v);
    const across = fraction(u + (row & 1) * 0.5);
    const joint = 0.04 + 0.12 * share;
    const beside = Math.abs(across - 0.5) - 0.5 + joint / 2;
    return edge(Math.max(beside, Math.abs(fraction(2 * v) - 0.5) - 0.5 + joint), soft);
  },
  cells: (u, v, _share, _soft, { cells }) => lookUp(cells, u / NOISE_REPEATS, v / NOISE_REPEATS),
  cracks: (u, v, share, soft, { cracks }) =>
    edge(0.1 + 0.3 * share - lookUp(cracks, u / NOISE_REPEATS, v / NOISE_REPEATS), soft / 2),
  ridges: (u, v, _share, _soft, { ridges }) => lookUp(ridges, u / NOISE_REPEATS, v / NOISE_REPEATS) ** 2,
};

const fraction = (value: number): number => value - Math.floor(value);

/** 0 below 0 and 1 above it, blended over `soft`. */
const edge = (value: number, soft: number): number => Math.min(Math.max(0.5 + value / soft, 0), 1);
