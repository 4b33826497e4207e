/** @file Invents a scene: place, light, weather, camera and objects, all drawn from one seeded generator. */

import type { Random } from '../../base/random.js';
import { pick } from '../pick.js';
import type { Colour, Material, Pattern } from './materials.js';
import { boundOf, type Shape, type Vector } from './shapes.js';

/** Class names in index order; the sky and the hills are background. */
export const SCENE_CLASSES = ['background', 'ground', 'box', 'ball', 'tree', 'cone'] as const;

/** One thing that stands on the ground: its solids and a sphere around them. */
export interface SceneObject {
  readonly classIndex: number;
  readonly shapes: readonly Shape[];
  readonly bound: Vector & { readonly radius: number };
  /** Radius of the contact shadow on the ground. */
  readonly foot: number;
}

export interface Ground {
  readonly first: Colour;
  readonly second: Colour;
  /** Strength of the fine grain. */
  readonly grain: number;
  /** Edge of paving tiles in metres, 0 for none. */
  readonly tile: number;
  readonly layer: number;
}

/** Lengths in metres, y up, camera at x = z = 0 looking along z. */
export interface Scene {
  /** `horizon`: its height in the picture as a share from the top; `focal`: in picture widths; `roll` in radians. */
  readonly camera: {
    readonly y: number;
    readonly horizon: number;
    readonly focal: number;
    readonly roll: number;
  };
  readonly sun: Vector;
  readonly sunColour: Colour;
  readonly zenith: Colour;
  readonly horizon: Colour;
  readonly clouds: number;
  readonly hills: { readonly height: number; readonly colour: Colour; readonly layer: number };
  /** Share of the view lost per metre. */
  readonly haze: number;
  readonly ground: Ground;
  readonly objects: readonly SceneObject[];
  readonly materials: readonly Material[];
  readonly layer: number;
}

const BRICK: Colour = [0.42, 0.12, 0.07];
const ORANGE: Colour = [0.7, 0.2, 0.03];
const YELLOW: Colour = [0.72, 0.48, 0.06];
const OLIVE: Colour = [0.19, 0.21, 0.05];
const GREEN: Colour = [0.07, 0.25, 0.05];
const LEAF: Colour = [0.16, 0.34, 0.05];
const TEAL: Colour = [0.04, 0.3, 0.3];
const BLUE: Colour = [0.05, 0.14, 0.46];
const VIOLET: Colour = [0.22, 0.08, 0.36];
const PINK: Colour = [0.66, 0.2, 0.3];
const BROWN: Colour = [0.24, 0.13, 0.06];
const SAND: Colour = [0.55, 0.42, 0.25];
const GREY: Colour = [0.3, 0.3, 0.31];
const DARK: Colour = [0.07, 0.07, 0.08];
const WHITE: Colour = [0.8, 0.79, 0.76];

/** Shared by all classes on purpose: the colour of an object says nothing about what it is. */
const ANY: readonly Colour[] = [
  BRICK,
  ORANGE,
  YELLOW,
  OLIVE,
  GREEN,
  LEAF,
  TEAL,
  BLUE,
  VIOLET,
  PINK,
  BROWN,
  SAND,
  GREY,
  WHITE,
];

const GROUNDS: readonly Omit<Ground, 'layer'>[] = [
  { first: GREEN, second: LEAF, grain: 0.8, tile: 0 },
  { first: LEAF, second: [0.36, 0.34, 0.1], grain: 0.7, tile: 0 },
  { first: BROWN, second: [0.34, 0.22, 0.12], grain: 0.6, tile: 0 },
  { first: SAND, second: [0.66, 0.53, 0.35], grain: 0.25, tile: 0 },
  { first: GREY, second: [0.4, 0.39, 0.37], grain: 0.25, tile: 0.9 },
  { first: BRICK, second: [0.5, 0.25, 0.17], grain: 0.3, tile: 0.45 },
  { first: [0.13, 0.13, 0.14], second: [0.2, 0.2, 0.2], grain: 0.4, tile: 0 },
  { first: WHITE, second: [0.66, 0.72, 0.8], grain: 0.12, tile: 0 },
];

interface Weather {
  readonly zenith: Colour;
  readonly horizon: Colour;
  readonly sun: Colour;
  readonly elevation: readonly [low: number, high: number];
}

const WEATHER: readonly Weather[] = [
  { zenith: [0.1, 0.26, 0.66], horizon: [0.58, 0.72, 0.9], sun: [1.5, 1.38, 1.18], elevation: [0.5, 1.1] },
  { zenith: [0.12, 0.24, 0.56], horizon: [0.85, 0.72, 0.55], sun: [1.75, 1.2, 0.66], elevation: [0.2, 0.4] },
  { zenith: [0.42, 0.46, 0.52], horizon: [0.72, 0.74, 0.76], sun: [0.45, 0.44, 0.42], elevation: [0.6, 1.2] },
  { zenith: [0.16, 0.14, 0.36], horizon: [0.98, 0.5, 0.28], sun: [1.6, 0.84, 0.45], elevation: [0.16, 0.3] },
  { zenith: [0.28, 0.42, 0.62], horizon: [0.82, 0.86, 0.88], sun: [1.1, 1.06, 0.98], elevation: [0.4, 1.0] },
];

/** Draws a whole scene; equal generator states give equal scenes. */
export function drawScene(random: Random): Scene {
  const weather = pick(random, WEATHER);
  const azimuth = random.range(0, 2 * Math.PI);
  const elevation = random.range(...weather.elevation);
  const builder = new SceneBuilder(random);
  const focal = random.range(0.85, 1.15);
  const placed: { x: number; z: number; radius: number }[] = [];
  const wanted = 6 + random.integer(6);
  for (let attempt = 0; attempt < 60 && placed.length < wanted; attempt++) {
    const kind = random.uniform();
    const isTree = kind < 0.27;
    const z = random.range(0, 1) ** 1.4 * (isTree ? 17 : 11) + (isTree ? 6.5 : 4);
    const x = random.range(-1, 1) * z * (0.5 / focal) * 1.08;
    const radius = isTree ? 0.9 : 0.75;
    if (placed.some((other) => Math.hypot(other.x - x, other.z - z) < other.radius + radius)) continue;
    placed.push({ x, z, radius });
    if (isTree) builder.tree(x, z);
    else if (kind < 0.5) builder.boxes(x, z);
    else if (kind < 0.74) builder.ball(x, 0, z, random.range(0.32, 0.85));
    else builder.cone(x, z);
  }
  return {
    camera: {
      y: random.range(1.3, 2.6),
      horizon: random.range(0.27, 0.46),
      focal,
      roll: random.range(-0.04, 0.04),
    },
    sun: {
      x: Math.cos(azimuth) * Math.cos(elevation),
      y: Math.sin(elevation),
      z: Math.sin(azimuth) * Math.cos(elevation),
    },
    sunColour: weather.sun,
    zenith: weather.zenith,
    horizon: weather.horizon,
    clouds: random.range(0, 0.75),
    hills: {
      height: random.range(0.02, 0.16),
      colour: tint(random, pick(random, [GREEN, OLIVE, BROWN, GREY, BLUE])),
      layer: random.integer(1 << 20),
    },
    haze: random.chance(0.12) ? random.range(0.025, 0.045) : random.range(0.002, 0.012),
    ground: { ...pick(random, GROUNDS), layer: random.integer(1 << 20) },
    objects: builder.objects,
    materials: builder.materials,
    layer: random.integer(1 << 20),
  };
}

class SceneBuilder {
  readonly objects: SceneObject[] = [];
  readonly materials: Material[] = [];
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  ball(x: number, y: number, z: number, radius: number): void {
    const { random } = this;
    const pattern = pick(random, ['plain', 'stripes', 'stripes', 'spots', 'halves'] as const);
    const material = this.material(pattern, pick(random, ANY), pick(random, ANY), {
      scale: pattern === 'spots' ? random.range(2.2, 3.5) : random.range(1, 2.5),
      gloss: random.range(0.1, 0.6),
    });
    this.add('ball', [{ ...UPRIGHT, kind: 'sphere', x, y: y + radius, z, a: radius, material }], radius);
  }

  boxes(x: number, z: number): void {
    const { random } = this;
    let [width, height, depth] = [
      random.range(0.35, 0.85),
      random.range(0.3, 0.85),
      random.range(0.35, 0.85),
    ];
    let base = 0;
    for (let level = 0; level < 3; level++) {
      const pattern = pick(random, ['brick', 'brick', 'planks', 'planks', 'ribs'] as const);
      const material =
        pattern === 'brick'
          ? this.material(
              pattern,
              pick(random, [BRICK, GREY, SAND, ORANGE, OLIVE]),
              pick(random, [GREY, WHITE, DARK]),
              {
                scale: random.range(0.7, 1.2),
              },
            )
          : pattern === 'planks'
            ? this.material(
                pattern,
                pick(random, [BROWN, SAND, GREY, GREEN, BLUE]),
                pick(random, [BROWN, SAND, DARK]),
                {
                  scale: random.range(4, 7),
                },
              )
            : this.material(pattern, pick(random, ANY), pick(random, ANY), {
                scale: random.range(3, 7),
                gloss: 0.15,
              });
      const yaw = random.range(0, Math.PI);
      this.add(
        'box',
        [
          {
            ...UPRIGHT,
            kind: 'box',
            x,
            y: base + height,
            z,
            a: width,
            b: height,
            c: depth,
            sin: Math.sin(yaw),
            cos: Math.cos(yaw),
            material,
          },
        ],
        level === 0 ? Math.hypot(width, depth) : 0,
      );
      base += 2 * height;
      if (!random.chance(0.4)) return;
      if (random.chance(0.5)) {
        this.ball(x, base, z, random.range(0.25, 0.8) * Math.min(width, depth));
        return;
      }
      width *= random.range(0.6, 0.9);
      depth *= random.range(0.6, 0.9);
      height *= random.range(0.5, 0.8);
    }
  }

  cone(x: number, z: number): void {
    const { random } = this;
    const typical = random.chance(0.4);
    const height = random.range(1, 2.1);
    const radius = height * random.range(0.28, 0.42);
    const material = this.material(
      random.chance(0.75) ? 'bands' : 'plain',
      typical ? ORANGE : pick(random, ANY),
      typical ? WHITE : pick(random, ANY),
      { scale: random.range(1.6, 3.2), gloss: 0.1 },
    );
    const shared = { ...UPRIGHT, x, z, material };
    const shapes: Shape[] = [{ ...shared, kind: 'frustum', y: 0, a: radius, b: height, c: radius * 0.08 }];
    if (random.chance(0.5)) {
      shapes.push({ ...shared, kind: 'box', y: 0.04, a: radius * 1.25, b: 0.04, c: radius * 1.25 });
    }
    this.add('cone', shapes, radius * 1.2);
  }

  tree(x: number, z: number): void {
    const { random } = this;
    const season = random.uniform();
    const colours =
      season < 0.6
        ? [GREEN, LEAF, OLIVE]
        : season < 0.85
          ? [ORANGE, YELLOW, BRICK]
          : season < 0.93
            ? [PINK, WHITE]
            : [TEAL, GREEN];
    const leaves = this.material('leaves', pick(random, colours), pick(random, colours));
    const bark = this.material('bark', pick(random, [BROWN, GREY, DARK]), BROWN);
    const height = random.range(2.4, 4.6);
    const trunk = random.range(0.1, 0.2);
    const shapes: Shape[] = [
      { ...UPRIGHT, kind: 'frustum', x, y: 0, z, a: trunk, b: height * 0.6, c: trunk * 0.6, material: bark },
    ];
    if (random.chance(0.4)) {
      const tiers = 3 + random.integer(2);
      const wide = height * random.range(0.24, 0.34);
      for (let tier = 0; tier < tiers; tier++) {
        const share = tier / tiers;
        shapes.push({
          ...UPRIGHT,
          kind: 'frustum',
          x,
          y: height * (0.16 + 0.8 * share),
          z,
          a: wide * (1 - 0.75 * share),
          b: height * (1.25 / tiers) * (1 - 0.3 * share),
          c: 0.02,
          ragged: 0.7,
          material: leaves,
        });
      }
    } else {
      const crown = height * random.range(0.22, 0.3);
      const blobs = 6 + random.integer(4);
      for (let blob = 0; blob < blobs; blob++) {
        const angle = blob * 2.4 + random.range(0, 1);
        const out = blob === 0 ? 0 : crown * random.range(0.4, 0.85);
        const radius = crown * (blob === 0 ? 1 : random.range(0.5, 0.75));
        shapes.push({
          ...UPRIGHT,
          kind: 'sphere',
          x: x + Math.cos(angle) * out,
          y: height * 0.72 + (blob === 0 ? 0 : random.range(-0.6, 0.75) * crown),
          z: z + Math.sin(angle) * out,
          a: radius,
          ragged: 0.75,
          material: leaves,
        });
      }
    }
    this.add('tree', shapes, trunk * 3);
  }

  private material(
    pattern: Pattern,
    first: Colour,
    second: Colour,
    rest: { scale?: number; gloss?: number } = {},
  ): number {
    const { random } = this;
    const y = random.range(-1, 1);
    const turn = random.range(0, 2 * Math.PI);
    const flat = Math.sqrt(1 - y * y);
    return (
      this.materials.push({
        pattern,
        first: tint(random, first),
        second: tint(random, second),
        scale: rest.scale ?? 1,
        gloss: rest.gloss ?? 0,
        axis: { x: flat * Math.cos(turn), y, z: flat * Math.sin(turn) },
        layer: random.integer(1 << 20),
      }) - 1
    );
  }

  private add(name: (typeof SCENE_CLASSES)[number], shapes: readonly Shape[], foot: number): void {
    const first = shapes[0]!;
    const bounds = shapes.map((shape) => ({ x: shape.x, z: shape.z, ...boundOf(shape) }));
    const low = Math.min(...bounds.map((b) => b.y - b.radius));
    const high = Math.max(...bounds.map((b) => b.y + b.radius));
    const y = (low + high) / 2;
    const radius = Math.max(
      ...bounds.map((b) => Math.hypot(b.x - first.x, b.y - y, b.z - first.z) + b.radius),
    );
    this.objects.push({
      classIndex: SCENE_CLASSES.indexOf(name),
      shapes: shapes.map(sameLayout),
      bound: { x: first.x, y, z: first.z, radius },
      foot,
    });
  }
}

const UPRIGHT = { a: 0, b: 0, c: 0, sin: 0, cos: 1, ragged: 0 } as const;

/** Rebuilds a solid field by field: the ray loop takes a third less time when all solids share one hidden class. */
function sameLayout({ kind, x, y, z, a, b, c, sin, cos, ragged, material }: Shape): Shape {
  return { kind, x, y, z, a, b, c, sin, cos, ragged, material };
}

/** A colour near the given one. */
function tint(random: Random, [red, green, blue]: Colour): Colour {
  const brightness = random.range(0.75, 1.25);
  const one = () => brightness * random.range(0.9, 1.1);
  return [red * one(), green * one(), blue * one()];
}
