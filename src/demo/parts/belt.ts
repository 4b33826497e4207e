/** @file Invents a conveyor with metal parts on it: light, belt, parts and their defects; all from one seeded generator. */

import type { Random } from '../../base/random.js';
import { type Blob, type BlobForm, drawBlob } from '../flat/blob.js';
import type { Stroke } from '../flat/stroke.js';
import { pick } from '../pick.js';
import { depthInPart, PART_KINDS, type PartForm } from './outlines.js';

/** Class names in index order: the belt is background; kinds of parts, and defects on them. */
export const PART_CLASSES = ['background', ...PART_KINDS, 'scratch', 'dent', 'rust'] as const;

export type Colour = readonly [red: number, green: number, blue: number];

export interface Metal {
  readonly colour: Colour;
  /** Strength of highlights. */
  readonly gloss: number;
  /** Strength of the marks of working. */
  readonly brushing: number;
}

/** Rust is a defect; oil, which is dark and smooth, is not. */
export interface Patch {
  readonly kind: 'rust' | 'oil';
  readonly outline: Blob;
  readonly colour: Colour;
  readonly layer: number;
}

/** Dents are defects; pips, which are raised, are not. */
export interface Bowl {
  readonly kind: 'dent' | 'pip';
  readonly outline: Blob;
  /** At the rim. */
  readonly slope: number;
}

/** Scratches are defects; stamped signs, which are short and in a row, are not. */
export interface Groove {
  readonly kind: 'scratch' | 'stamp';
  readonly stroke: Stroke;
  /** Brightness inside over that of the metal around. */
  readonly shine: number;
}

/** What is on a part. Places are those of the belt, in units of the canvas. */
export type Mark = Patch | Bowl | Groove;

export interface Part {
  readonly form: PartForm;
  readonly x: number;
  readonly y: number;
  /** Units. */
  readonly radius: number;
  readonly cos: number;
  readonly sin: number;
  /** Width of the broken edge in units. */
  readonly bevel: number;
  /** Height over the belt in units, which is how far the shadow reaches. */
  readonly height: number;
  readonly metal: Metal;
  readonly marks: readonly Mark[];
  readonly layer: number;
}

export interface Belt {
  readonly colour: Colour;
  readonly pattern: 'plain' | 'weave' | 'ribs' | 'studs';
  /** Units between repetitions of the pattern. */
  readonly pitch: number;
  readonly wear: number;
  /** Direction of movement, of unit length. */
  readonly cos: number;
  readonly sin: number;
  readonly stains: readonly { readonly outline: Blob; readonly strength: number }[];
  /** Chips of metal. */
  readonly swarf: readonly Stroke[];
  readonly layer: number;
}

export interface Conveyor {
  /** Towards the lamp, of unit length, and colour and share of light from there. */
  readonly lamp: {
    readonly x: number;
    readonly y: number;
    readonly z: number;
    readonly share: number;
    readonly colour: Colour;
  };
  /** How much darker the far side is. */
  readonly fall: number;
  readonly belt: Belt;
  readonly parts: readonly Part[];
}

const BELTS: readonly Colour[] = [
  [0.02, 0.02, 0.023],
  [0.012, 0.06, 0.03],
  [0.012, 0.045, 0.12],
  [0.1, 0.1, 0.105],
  [0.36, 0.36, 0.33],
  [0.12, 0.08, 0.045],
  [0.06, 0.065, 0.07],
];

/** Shared by all kinds of parts: no metal names a class. */
const METALS: readonly Metal[] = [
  { colour: [0.4, 0.41, 0.43], gloss: 0.8, brushing: 1 },
  { colour: [0.36, 0.4, 0.46], gloss: 0.5, brushing: 0.6 },
  { colour: [0.56, 0.55, 0.53], gloss: 0.9, brushing: 0.8 },
  { colour: [0.5, 0.36, 0.13], gloss: 0.7, brushing: 0.8 },
  { colour: [0.47, 0.23, 0.13], gloss: 0.6, brushing: 0.8 },
  { colour: [0.07, 0.07, 0.08], gloss: 0.35, brushing: 0.5 },
  { colour: [0.18, 0.17, 0.16], gloss: 0.3, brushing: 0.7 },
];

const RUSTS: readonly Colour[] = [
  [0.32, 0.11, 0.025],
  [0.2, 0.07, 0.02],
  [0.11, 0.055, 0.03],
  [0.38, 0.2, 0.07],
];

const PATCH: BlobForm = { stretch: 1.5, waviness: 0.2, counts: [2, 3, 5, 7] };

/**
 * Draws a whole conveyor; equal generator states give equal ones.
 * @param across width of the picture in units.
 * @param down height of the picture in units.
 */
export function drawConveyor(random: Random, across: number, down: number): Conveyor {
  const azimuth = random.range(0, 2 * Math.PI);
  const elevation = random.range(0.6, 1.15);
  const warmth = random.range(-0.12, 0.12);
  return {
    lamp: {
      x: Math.cos(azimuth) * Math.cos(elevation),
      y: Math.sin(azimuth) * Math.cos(elevation),
      z: Math.sin(elevation),
      share: random.range(0.4, 0.85),
      colour: [1 + warmth, 1, 1 - warmth],
    },
    fall: random.range(0, 0.5),
    belt: drawBelt(random, across, down),
    parts: new PartsBuilder(random, across, down).parts(),
  };
}

function drawBelt(random: Random, across: number, down: number): Belt {
  const turn = random.range(-0.15, 0.15) + (random.chance(0.5) ? Math.PI / 2 : 0);
  const area = (across * down) / (320 * 256);
  const anywhere = (): [number, number] => [random.range(0, across), random.range(0, down)];
  return {
    colour: pick(random, BELTS).map((value) => value * random.range(0.8, 1.2)) as unknown as Colour,
    pattern: pick(random, ['plain', 'weave', 'ribs', 'studs'] as const),
    pitch: random.range(5, 14),
    wear: random.range(0.1, 0.6),
    cos: Math.cos(turn),
    sin: Math.sin(turn),
    stains: Array.from({ length: Math.round(area * random.integer(5)) }, () => ({
      outline: drawBlob(random, ...anywhere(), random.range(5, 24), PATCH),
      strength: random.range(0.2, 0.6),
    })),
    swarf: Array.from({ length: Math.round(area * random.integer(9)) }, () =>
      drawStroke(random, ...anywhere(), { half: [2, 8], width: [1, 2.2], bend: 4 }),
    ),
    layer: random.integer(1 << 20),
  };
}

class PartsBuilder {
  private readonly placed: Part[] = [];

  constructor(
    private readonly random: Random,
    private readonly across: number,
    private readonly down: number,
  ) {}

  /** Those that lie on others come later. */
  parts(): readonly Part[] {
    const { random, placed, across, down } = this;
    const wanted = Math.round(((across * down) / (320 * 256)) * random.range(7, 14));
    const batch = pick(random, METALS);
    for (let attempt = 0; attempt < 30 * wanted && placed.length < wanted; attempt++) {
      const radius = random.range(26, 50);
      const [x, y] = [random.range(-10, across + 10), random.range(-10, down + 10)];
      const least = random.chance(0.15) ? 0.6 : 0.88;
      if (placed.some((p) => Math.sqrt((p.x - x) ** 2 + (p.y - y) ** 2) < least * (p.radius + radius)))
        continue;
      placed.push(this.part(x, y, radius, random.chance(0.5) ? batch : pick(random, METALS)));
    }
    return placed;
  }

  private part(x: number, y: number, radius: number, metal: Metal): Part {
    const { random } = this;
    const turn = random.range(0, 2 * Math.PI);
    const form: PartForm = {
      kind: pick(random, PART_KINDS),
      girth: random.uniform(),
      count: random.uniform(),
      variant: random.uniform(),
    };
    const tone = random.range(0.75, 1.2);
    const bare = {
      form,
      x,
      y,
      radius,
      cos: Math.cos(turn),
      sin: Math.sin(turn),
      bevel: random.range(1.2, 3),
      height: random.range(3, 9),
      metal: {
        colour: metal.colour.map((value) => value * tone * random.range(0.95, 1.05)) as unknown as Colour,
        gloss: metal.gloss * random.range(0.5, 1.2),
        brushing: metal.brushing * random.range(0.4, 1.3),
      },
      layer: random.integer(1 << 20),
    };
    return { ...bare, marks: this.marks(bare) };
  }

  private marks(part: Omit<Part, 'marks'>): Mark[] {
    const { random } = this;
    const marks: Mark[] = [];
    const spot = () => spotOn(random, part);
    if (random.chance(0.3)) {
      const outline = drawBlob(random, ...spot(), random.range(5, 12), PATCH);
      marks.push({ kind: 'oil', outline, colour: [0.02, 0.018, 0.015], layer: 0 });
    }
    if (random.chance(0.3)) {
      const outline = drawBlob(random, ...spot(), random.range(5.5, 11), PATCH);
      marks.push({ kind: 'rust', outline, colour: pick(random, RUSTS), layer: random.integer(1 << 20) });
    }
    for (const kind of ['pip', 'dent'] as const) {
      if (!random.chance(kind === 'dent' ? 0.3 : 0.2)) continue;
      const outline = drawBlob(random, ...spot(), random.range(4.6, 8.4), { stretch: 1.25, waviness: 0.06 });
      marks.push({ kind, outline, slope: random.range(0.9, 1.6) });
    }
    if (part.form.kind !== 'bolt' && random.chance(0.25)) marks.push(...this.stamp(part, spot()));
    if (random.chance(0.34)) {
      const stroke = drawStroke(random, ...spot(), { half: [10, 28], width: [2.4, 4], bend: 5 });
      marks.push({
        kind: 'scratch',
        stroke,
        shine: random.chance(0.6) ? random.range(1.8, 3) : random.range(0.2, 0.45),
      });
    }
    return marks;
  }

  /** Strokes of a number beside each other. */
  private stamp(part: Omit<Part, 'marks'>, [x, y]: readonly [number, number]): Mark[] {
    const { random } = this;
    const half = random.range(1.8, 2.8);
    return Array.from({ length: 3 + random.integer(3) }, (_, k) => {
      const aside = (k - 1.5) * 3.4;
      const lean = pick(random, [0, 0, 0.5, -0.5]);
      const [cos, sin] = [Math.cos(lean), Math.sin(lean)];
      const stroke = {
        x: x + aside * part.cos,
        y: y + aside * part.sin,
        dx: -part.sin * cos - part.cos * sin,
        dy: part.cos * cos - part.sin * sin,
        half,
        width: 1.5,
        bend: pick(random, [0, 0, 1, -1]),
      };
      return { kind: 'stamp', stroke, shine: 0.55 } as const;
    });
  }
}

/** A place on the metal of the part, away from its edge if one is found soon. */
function spotOn(
  random: Random,
  { form, x, y, radius, cos, sin }: Omit<Part, 'marks'>,
): [x: number, y: number] {
  let best: [number, number] = [0, 0];
  let deepest = Number.NEGATIVE_INFINITY;
  for (let attempt = 0; attempt < 12 && deepest < 0.08; attempt++) {
    const [u, v] = [random.range(-0.9, 0.9), random.range(-0.9, 0.9)];
    const depth = depthInPart(form, u, v);
    if (depth <= deepest) continue;
    deepest = depth;
    best = [u, v];
  }
  const [u, v] = best;
  return [x + radius * (u * cos - v * sin), y + radius * (u * sin + v * cos)];
}

interface StrokeForm {
  readonly half: readonly [low: number, high: number];
  readonly width: readonly [low: number, high: number];
  /** Largest bend to either side. */
  readonly bend: number;
}

function drawStroke(random: Random, x: number, y: number, { half, width, bend }: StrokeForm): Stroke {
  const turn = random.range(0, 2 * Math.PI);
  return {
    x,
    y,
    dx: Math.cos(turn),
    dy: Math.sin(turn),
    half: random.range(...half),
    width: random.range(...width),
    bend: random.range(-bend, bend),
  };
}
