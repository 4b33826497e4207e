/** @file Invents what lies under a microscope: a stain, cells with nuclei, dividing cells, debris; all from one seeded generator. */

import type { Random } from '../../base/random.js';
import { mix } from '../../synthesis/noise.js';
import { type Blob, type BlobForm, drawBlob } from '../flat/blob.js';
import type { Stroke } from '../flat/stroke.js';
import { pick } from '../pick.js';

/** Class names in index order. */
export const CELL_CLASSES = ['background', 'cytoplasm', 'nucleus', 'dividing', 'debris'] as const;

/** Share of red, green and blue light: what is absorbed in bright field, what glows in fluorescence. */
export type Tint = readonly [red: number, green: number, blue: number];

/** A blob of dye. */
export interface Dyed {
  readonly outline: Blob;
  /** How much dye; 1 is much. */
  readonly density: number;
  /** Half-width of the edge in units; wide where the blob is out of focus. */
  readonly blur: number;
  /** Names the texture. */
  readonly layer: number;
}

export interface Nucleus extends Dyed {
  /** Strength of the mottled texture, 0 for smooth and dense nuclei of dying cells. */
  readonly chromatin: number;
  readonly nucleoli: readonly { readonly x: number; readonly y: number; readonly radius: number }[];
}

/** Condensed chromosomes of a dividing cell: strokes of ragged width. */
export interface Chromosomes {
  readonly strokes: readonly Stroke[];
  readonly density: number;
  readonly blur: number;
  readonly layer: number;
}

export interface Cell {
  readonly body: Dyed;
  /** Share of the dye that is missing in the middle, as in red blood cells. */
  readonly hollow: number;
  /** Strength of pale bubbles in the body. */
  readonly foam: number;
  readonly nuclei: readonly Nucleus[];
  readonly chromosomes?: Chromosomes;
}

/** What is no cell: lumps with corners, bubbles of air and fibres. */
export type Debris =
  | (Dyed & { readonly kind: 'lump' | 'bubble'; readonly dye: number })
  | {
      readonly kind: 'fibre';
      readonly strokes: readonly Stroke[];
      readonly density: number;
      readonly blur: number;
      readonly layer: number;
      readonly dye: number;
    };

export interface Slide {
  readonly field: 'bright' | 'dark';
  /** Of the body of cells. */
  readonly body: Tint;
  /** Of nuclei and chromosomes. */
  readonly core: Tint;
  /** Strength of the bright line around and the dark line within each edge. */
  readonly halo: number;
  /** Dye in the liquid between the cells, uneven. */
  readonly film: number;
  /** The brightest place of the lamp, in shares of the picture, and how much darker it is away from there. */
  readonly lamp: { readonly x: number; readonly y: number; readonly fall: number; readonly tint: Tint };
  readonly cells: readonly Cell[];
  readonly debris: readonly Debris[];
  /** Dust far out of focus, which is background. */
  readonly dust: readonly Dyed[];
  readonly layer: number;
}

/** Absorbances of dyes and of glass without dye. The same ones serve for bodies and nuclei, so that a hue names no class. */
const DYES: readonly Tint[] = [
  [0.1, 0.85, 0.35],
  [0.75, 0.8, 0.3],
  [0.35, 0.6, 0.85],
  [1, 0.5, 0.14],
  [0.8, 0.3, 0.55],
  [0.55, 0.55, 0.55],
  [0.5, 0.52, 0.6],
];

/** Colours of light that dyes give off. */
const GLOWS: readonly Tint[] = [
  [0.1, 0.8, 0.2],
  [0.85, 0.2, 0.08],
  [0.15, 0.3, 0.95],
  [0.75, 0.6, 0.1],
  [0.6, 0.6, 0.6],
  [0.1, 0.65, 0.7],
];

type Bounds = readonly [low: number, high: number];

interface Kind {
  /** Of the body. */
  readonly radius: Bounds;
  /** Radius of the nucleus as a share of that of the body; without one where undefined. */
  readonly nucleus: Bounds | undefined;
  readonly density: Bounds;
  readonly form: BlobForm;
}

const KINDS: readonly Kind[] = [
  { radius: [19, 31], nucleus: [0.28, 0.4], density: [0.22, 0.5], form: { stretch: 1.3, waviness: 0.13 } },
  { radius: [10, 15], nucleus: [0.6, 0.8], density: [0.35, 0.7], form: { stretch: 1.12, waviness: 0.05 } },
  { radius: [10, 13.5], nucleus: undefined, density: [0.35, 0.7], form: { stretch: 1.12, waviness: 0.04 } },
  { radius: [14, 19], nucleus: [0.36, 0.5], density: [0.3, 0.6], form: { stretch: 1.7, waviness: 0.09 } },
];

const DIVIDING_SHARE = 0.06;
const LUMP: BlobForm = { stretch: 1.5, waviness: 0.22, counts: [2, 3, 5, 7, 11] };

/**
 * Draws a whole slide; equal generator states give equal slides.
 * @param across width of the picture in units.
 * @param down height of the picture in units.
 */
export function drawSlide(random: Random, across: number, down: number): Slide {
  const field = random.chance(0.75) ? 'bright' : 'dark';
  const dyes = field === 'bright' ? DYES : GLOWS;
  const body = pick(random, dyes);
  const core = random.chance(0.35) ? body : pick(random, dyes);
  const builder = new SlideBuilder(random, across, down);
  builder.fill();
  return {
    field,
    body: blend(random, body, core),
    core: blend(random, core, body),
    halo: field === 'bright' ? random.range(0, 0.22) : 0,
    film: random.range(0, 0.16),
    lamp: {
      x: random.range(0.1, 0.9),
      y: random.range(0.1, 0.9),
      fall: random.range(0.1, 0.6),
      tint: [random.range(0.85, 1.05), random.range(0.88, 1), random.range(0.75, 1)],
    },
    cells: builder.cells,
    debris: builder.debris,
    dust: builder.dust,
    layer: random.integer(1 << 20),
  };
}

class SlideBuilder {
  readonly cells: Cell[] = [];
  readonly debris: Debris[] = [];
  readonly dust: Dyed[] = [];
  private readonly focus: number;
  private readonly strength: number;

  constructor(
    private readonly random: Random,
    private readonly across: number,
    private readonly down: number,
  ) {
    this.focus = random.range(0.7, 1.5);
    this.strength = random.range(0.75, 1.35);
  }

  fill(): void {
    const { random } = this;
    const area = (this.across * this.down) / (320 * 256);
    const common = pick(random, KINDS);
    const wanted = Math.round(area * random.range(22, 52));
    for (let attempt = 0; attempt < 12 * wanted && this.cells.length < wanted; attempt++) {
      this.place(random.chance(0.55) ? common : pick(random, KINDS));
    }
    for (let left = Math.round(area * random.range(3, 10)); left > 0; left--) this.addDebris();
    for (let left = random.integer(5); left > 0; left--) {
      const outline = drawBlob(random, ...this.anywhere(), random.range(7, 22), {
        stretch: 1.3,
        waviness: 0.1,
      });
      this.dust.push({ outline, density: random.range(0.04, 0.14), blur: outline.radius * 0.6, layer: 0 });
    }
  }

  /** Near another cell more often than not, so that cells touch; overlapping it by a little at most. */
  private place(kind: Kind): void {
    const { random, cells } = this;
    const radius = random.range(...kind.radius);
    let [x, y] = this.anywhere();
    if (cells.length > 0 && random.chance(0.6)) {
      const { outline } = pick(random, cells).body;
      const away = (outline.radius + radius) * random.range(0.85, 1.05);
      const turn = random.range(0, 2 * Math.PI);
      x = outline.x + away * Math.cos(turn);
      y = outline.y + away * Math.sin(turn);
    }
    const isOutside = x < -radius || y < -radius || x > this.across + radius || y > this.down + radius;
    const least = random.range(0.72, 0.95);
    const isCrowded = cells.some(({ body: { outline } }) => {
      const dx = outline.x - x;
      const dy = outline.y - y;
      return Math.sqrt(dx * dx + dy * dy) < least * (outline.radius + radius);
    });
    if (isOutside || isCrowded) return;
    cells.push(random.chance(DIVIDING_SHARE) ? this.dividingCell(x, y) : this.cell(kind, x, y, radius));
  }

  private cell(kind: Kind, x: number, y: number, radius: number): Cell {
    const { random } = this;
    const blur = this.focus * (random.chance(0.2) ? random.range(1.5, 2.4) : random.range(0.7, 1.2));
    const outline = drawBlob(random, x, y, radius, kind.form);
    const nuclei: Nucleus[] = [];
    if (kind.nucleus) {
      const size = radius * random.range(...kind.nucleus);
      const slack = Math.max(radius / outline.stretch - size, 0) * 0.5;
      const turn = random.range(0, 2 * Math.PI);
      const count = random.chance(0.12) && size < 0.5 * radius ? 2 : 1;
      for (let k = 0; k < count; k++) {
        const away = count === 2 ? size * (k === 0 ? 0.85 : -0.85) : slack * random.uniform();
        const scale = count === 2 ? 0.75 : 1;
        nuclei.push(this.nucleus(x + away * Math.cos(turn), y + away * Math.sin(turn), size * scale, blur));
      }
    }
    return {
      body: this.dyed(outline, random.range(...kind.density), blur),
      hollow: kind.nucleus ? 0 : random.range(0.2, 0.75),
      foam: random.chance(0.3) ? random.range(0.3, 0.7) : 0,
      nuclei,
    };
  }

  private nucleus(x: number, y: number, radius: number, blur: number): Nucleus {
    const { random } = this;
    const isDying = random.chance(0.12);
    const size = isDying ? radius * 0.72 : radius;
    const outline = drawBlob(random, x, y, size, { stretch: 1.2, waviness: isDying ? 0.12 : 0.06 });
    const nucleoli = Array.from({ length: isDying ? 0 : random.integer(4) }, () => {
      const turn = random.range(0, 2 * Math.PI);
      const away = size * random.range(0, 0.55);
      return {
        x: x + away * Math.cos(turn),
        y: y + away * Math.sin(turn),
        radius: size * random.range(0.12, 0.22),
      };
    });
    const density = isDying ? random.range(1.1, 1.6) : random.range(0.4, 1.05);
    return {
      ...this.dyed(outline, density, blur),
      chromatin: isDying ? 0.1 : random.range(0.5, 1),
      nucleoli,
    };
  }

  /** Round, with its chromosomes in a plate, in two plates that move apart, or in a knot. */
  private dividingCell(x: number, y: number): Cell {
    const { random } = this;
    const radius = random.range(16, 22);
    const blur = this.focus * random.range(0.7, 1.2);
    const outline = drawBlob(random, x, y, radius, { stretch: 1.15, waviness: 0.03 });
    const turn = random.range(0, 2 * Math.PI);
    const [dx, dy] = [Math.cos(turn), Math.sin(turn)];
    const strokes: Stroke[] = [];
    const phase = pick(random, ['plate', 'plate', 'apart', 'apart', 'knot'] as const);
    if (phase === 'plate') {
      strokes.push({
        x,
        y,
        dx,
        dy,
        half: radius * random.range(0.45, 0.6),
        width: random.range(6, 8.5),
        bend: random.range(-1, 1),
      });
    } else if (phase === 'apart') {
      const away = radius * random.range(0.25, 0.5);
      const half = radius * random.range(0.36, 0.48);
      for (const side of [-1, 1]) {
        const bend = side * random.range(0.5, 3);
        strokes.push({
          x: x - dy * away * side,
          y: y + dx * away * side,
          dx,
          dy,
          half,
          width: random.range(4.5, 6),
          bend,
        });
      }
    } else {
      for (let k = 0; k < 7; k++) {
        const angle = random.range(0, 2 * Math.PI);
        const away = radius * random.range(0, 0.26);
        const lie = random.range(0, Math.PI);
        strokes.push({
          x: x + away * Math.cos(angle),
          y: y + away * Math.sin(angle),
          dx: Math.cos(lie),
          dy: Math.sin(lie),
          half: radius * random.range(0.12, 0.24),
          width: random.range(3, 4.2),
          bend: random.range(-2.5, 2.5),
        });
      }
    }
    const density = this.strength * random.range(1, 1.6);
    const chromosomes = { strokes, density, blur, layer: this.layer() };
    return {
      body: this.dyed(outline, random.range(0.25, 0.5), blur),
      hollow: 0,
      foam: 0,
      nuclei: [],
      chromosomes,
    };
  }

  private addDebris(): void {
    const { random } = this;
    const kind = pick(random, ['lump', 'lump', 'lump', 'bubble', 'fibre'] as const);
    const [x, y] = this.anywhere();
    const blur = this.focus * random.range(0.6, 1.3);
    const dye = random.uniform();
    if (kind === 'fibre') {
      const density = this.strength * random.range(0.4, 1.1);
      this.debris.push({ kind, strokes: this.fibre(x, y), density, blur, layer: this.layer(), dye });
      return;
    }
    const isLump = kind === 'lump';
    const outline = isLump
      ? drawBlob(random, x, y, random.range(3.5, 10), LUMP)
      : drawBlob(random, x, y, random.range(5, 13), { stretch: 1.05, waviness: 0.01 });
    this.debris.push({ kind, ...this.dyed(outline, random.range(0.5, 1.4), blur), dye });
  }

  /** Strokes end to end, each turned a little against the one before. */
  private fibre(x: number, y: number): Stroke[] {
    const { random } = this;
    const width = random.range(2.6, 4.6);
    let turn = random.range(0, 2 * Math.PI);
    let [px, py] = [x, y];
    return Array.from({ length: 4 + random.integer(5) }, () => {
      turn += random.range(-0.5, 0.5);
      const half = random.range(4, 8);
      const [dx, dy] = [Math.cos(turn), Math.sin(turn)];
      const stroke = { x: px + dx * half, y: py + dy * half, dx, dy, half, width, bend: 0 };
      px += 2 * half * dx;
      py += 2 * half * dy;
      return stroke;
    });
  }

  private dyed(outline: Blob, density: number, blur: number): Dyed {
    return { outline, density: density * this.strength, blur, layer: this.layer() };
  }

  private layer(): number {
    return this.random.integer(1 << 20);
  }

  private anywhere(): [x: number, y: number] {
    return [this.random.range(0, this.across), this.random.range(0, this.down)];
  }
}

function blend(random: Random, tint: Tint, other: Tint): Tint {
  const share = random.range(0, 0.3);
  return [0, 1, 2].map((c) => mix(tint[c]!, other[c]!, share) * random.range(0.85, 1.15)) as unknown as Tint;
}
