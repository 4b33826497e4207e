/** @file Sends light through a slide: what a microscope shows of it, and the class of every pixel. */

import { fractal2, mix, noise2, smoothstep } from '../../synthesis/noise.js';
import { depthIn, reachOf } from '../flat/blob.js';
import type { FlatCanvas } from '../flat/canvas.js';
import { depthInStrokes, reachOfStroke } from '../flat/stroke.js';
import {
  CELL_CLASSES,
  type Cell,
  type Chromosomes,
  type Debris,
  type Dyed,
  type Nucleus,
  type Slide,
  type Tint,
} from './slide.js';

type CellClass = (typeof CELL_CLASSES)[number];

/** Light that passes everywhere, and what glows by itself, in fluorescence. */
const STRAY_LIGHT = 0.02;

/** How far beyond their edges things are drawn, in units of their blur. */
const FRINGE = 2.5;

/** Renders the picture on a black canvas: linear light and classes. Edges of classes lie in the middle of the soft edges of things. */
export function renderSlide(slide: Slide, canvas: FlatCanvas): void {
  const renderer = new SlideRenderer(slide, canvas);
  for (const speck of slide.dust) renderer.dust(speck);
  for (const cell of slide.cells) renderer.cell(cell);
  for (const piece of slide.debris) renderer.debris(piece);
  renderer.shine();
}

class SlideRenderer {
  /** Dye in the way of the light, three channels. */
  private readonly dye: Float32Array;

  constructor(
    private readonly slide: Slide,
    private readonly canvas: FlatCanvas,
  ) {
    this.dye = new Float32Array(canvas.light.length);
  }

  dust(speck: Dyed): void {
    this.visit(speck, (i, depth) =>
      this.add(i, this.slide.body, speck.density * coverage(depth, speck.blur)),
    );
  }

  cell(cell: Cell): void {
    const { body, hollow, foam } = cell;
    const { radius } = body.outline;
    const { halo } = this.slide;
    const detail = Math.min(1, 1.2 / body.blur);
    this.visit(body, (i, depth, x, y) => {
      const covered = coverage(depth, this.blurOf(body));
      const thickness = mix(0.75, 1.05, Math.min(Math.max(depth / radius, 0), 1));
      const grain = 1 + detail * 0.45 * (fractal2(x * 0.3, y * 0.3, 3, body.layer) - 0.5);
      const bubbles = foam * smoothstep(0.6, 0.72, noise2(x * 0.17, y * 0.17, body.layer + 7));
      const middle = hollow * smoothstep(0.25, 0.75, depth / radius);
      this.add(i, this.slide.body, body.density * covered * thickness * grain * (1 - bubbles) * (1 - middle));
      this.edge(i, depth, body.blur, halo);
      if (depth > 0) this.label(i, 'cytoplasm');
    });
    for (const nucleus of cell.nuclei) this.nucleus(nucleus);
    if (cell.chromosomes) this.chromosomes(cell.chromosomes);
  }

  private nucleus(nucleus: Nucleus): void {
    const detail = nucleus.chromatin * Math.min(1, 1.2 / nucleus.blur);
    const halo = 0.5 * this.slide.halo;
    this.visit(nucleus, (i, depth, x, y) => {
      const covered = coverage(depth, this.blurOf(nucleus));
      let grain = 1 + detail * 1.1 * (fractal2(x * 0.42, y * 0.42, 2, nucleus.layer) - 0.5);
      grain += 0.3 * detail * Math.exp(-((depth - 1.2) ** 2));
      for (const spot of nucleus.nucleoli) {
        const [dx, dy] = [x - spot.x, y - spot.y];
        grain += 0.5 * coverage(spot.radius - Math.sqrt(dx * dx + dy * dy), nucleus.blur);
      }
      this.add(i, this.slide.core, nucleus.density * covered * grain);
      this.edge(i, depth, nucleus.blur, halo);
      if (depth > 0) this.label(i, 'nucleus');
    });
  }

  private chromosomes({ strokes, density, blur, layer }: Chromosomes): void {
    const ragged = (x: number, y: number) => 2.4 * (noise2(x * 0.45, y * 0.45, layer) - 0.5);
    this.visitStrokes(strokes, blur, (i, depth, x, y) => {
      const inside = depth + ragged(x, y);
      const grain = 0.9 + 0.25 * noise2(x * 0.6, y * 0.6, layer + 1);
      this.add(i, this.slide.core, density * grain * coverage(inside, blur));
      if (inside > 0) this.label(i, 'dividing');
    });
  }

  debris(piece: Debris): void {
    const { body, core, halo } = this.slide;
    const tint = [0, 1, 2].map((c) => mix(body[c]!, core[c]!, piece.dye)) as unknown as Tint;
    const paint = (i: number, depth: number, x: number, y: number) => {
      let density = piece.density * (0.65 + 0.7 * fractal2(x * 0.28, y * 0.28, 3, piece.layer));
      if (piece.kind === 'bubble') {
        // A bubble is a lens: dark where it bends light away, bright where it gathers it.
        const inwards = Math.min(Math.max(depth / piece.outline.radius, 0), 1);
        density = piece.density * mix(1.3, -0.15, smoothstep(0.1, 0.45, inwards));
      }
      const covered = coverage(depth, piece.blur);
      this.fade(i, covered * (piece.kind === 'fibre' ? 0.3 : 0.75));
      this.add(i, tint, density * covered);
      this.edge(i, depth, piece.blur, 1.4 * halo);
      if (depth > 0) this.label(i, 'debris');
    };
    if (piece.kind === 'fibre') this.visitStrokes(piece.strokes, piece.blur, paint);
    else this.visit(piece, paint);
  }

  /** Turns dye into light: absorbing it before a lamp, or giving it off before a dark ground. */
  shine(): void {
    const { canvas, dye, slide } = this;
    const { lamp, film, field, layer, body } = slide;
    canvas.everywhere((i, x, y) => {
      const [dx, dy] = [x / canvas.across - lamp.x, y / canvas.down - lamp.y];
      const even = 1 / (1 + lamp.fall * (dx * dx + dy * dy) * 1.6);
      this.add(i, body, film * fractal2(x * 0.012, y * 0.012, 4, layer));
      for (let channel = 0; channel < 3; channel++) {
        const amount = dye[3 * i + channel]!;
        const level =
          field === 'bright' ? 1.15 * Math.exp(-amount) : STRAY_LIGHT + 0.75 * Math.max(amount, 0);
        canvas.light[3 * i + channel] = level * even * lamp.tint[channel]!;
      }
    });
  }

  private visit(thing: Dyed, paint: (i: number, depth: number, x: number, y: number) => void): void {
    const { outline } = thing;
    const fringe = FRINGE * this.blurOf(thing);
    this.canvas.around(outline.x, outline.y, reachOf(outline) + fringe, (i, x, y) => {
      const depth = depthIn(outline, x, y);
      if (depth > -fringe) paint(i, depth, x, y);
    });
  }

  /** Visits each pixel once however many strokes are near it. */
  private visitStrokes(
    strokes: Chromosomes['strokes'],
    blur: number,
    paint: (i: number, depth: number, x: number, y: number) => void,
  ): void {
    const fringe = FRINGE * Math.max(blur, this.canvas.pixel / 2);
    const [first] = strokes;
    const reach = Math.max(
      ...strokes.map((s) => Math.max(Math.abs(s.x - first!.x), Math.abs(s.y - first!.y)) + reachOfStroke(s)),
    );
    this.canvas.around(first!.x, first!.y, reach + fringe, (i, x, y) => {
      const depth = depthInStrokes(strokes, x, y);
      if (depth > -fringe) paint(i, depth, x, y);
    });
  }

  /** Never sharper than a pixel. */
  private blurOf({ blur }: Dyed): number {
    return Math.max(blur, this.canvas.pixel / 2);
  }

  private add(i: number, tint: Tint, amount: number): void {
    for (let channel = 0; channel < 3; channel++) this.dye[3 * i + channel]! += amount * tint[channel]!;
  }

  /** What is below a thing that lets little light through counts less. */
  private fade(i: number, share: number): void {
    for (let channel = 0; channel < 3; channel++) this.dye[3 * i + channel]! *= 1 - share;
  }

  private edge(i: number, depth: number, blur: number, strength: number): void {
    if (strength === 0) return;
    const inner = (depth - 1.2 * blur) / blur;
    const outer = (depth + 1.5 * blur) / blur;
    const amount = strength * (Math.exp(-inner * inner) - 0.8 * Math.exp(-outer * outer));
    for (let channel = 0; channel < 3; channel++) this.dye[3 * i + channel]! += amount;
  }

  /** Later classes are seen through earlier ones. */
  private label(i: number, name: CellClass): void {
    const index = CELL_CLASSES.indexOf(name);
    if (index > this.canvas.labels[i]!) this.canvas.labels[i] = index;
  }
}

/** Share of a thing at a depth inside its edge. */
function coverage(depth: number, blur: number): number {
  return smoothstep(-1.5 * blur, 1.5 * blur, depth);
}
