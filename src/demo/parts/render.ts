/** @file Lights a conveyor from above: what a camera over it sees, and the class of every pixel. */

import { fractal2, hash3, mix, noise2, smoothstep } from '../../synthesis/noise.js';
import { depthIn } from '../flat/blob.js';
import type { FlatCanvas } from '../flat/canvas.js';
import { besideStroke, depthInStrokes, reachOfStroke } from '../flat/stroke.js';
import {
  type Belt,
  type Bowl,
  type Conveyor,
  type Groove,
  type Mark,
  PART_CLASSES,
  type Part,
  type Patch,
} from './belt.js';
import { depthInPart, isTurned, reliefOfPart } from './outlines.js';

/** Height of the camera over the belt, in units. */
const CAMERA_HEIGHT = 600;

/** How wide shadows are blurred, as a share of the height of what casts them. */
const PENUMBRA = 0.45;

/** Step for slopes of edges, in radii. */
const STEP = 0.01;

/** Renders the picture on a black canvas: linear light and classes. The class of a pixel is what its centre sees. */
export function renderConveyor(conveyor: Conveyor, canvas: FlatCanvas): void {
  const renderer = new ConveyorRenderer(conveyor, canvas);
  renderer.belt();
  for (const part of conveyor.parts) {
    renderer.shadow(part);
    renderer.part(part);
  }
  renderer.illuminate();
}

/** A point of a surface while it is worked on; one object for all, so that nothing is allocated per pixel. */
interface Surface {
  /** Slopes, positive where the surface rises. */
  slopeX: number;
  slopeY: number;
  readonly colour: [red: number, green: number, blue: number];
  gloss: number;
  classIndex: number;
}

class ConveyorRenderer {
  private readonly surface: Surface = { slopeX: 0, slopeY: 0, colour: [0, 0, 0], gloss: 0, classIndex: 0 };
  private readonly relief = { x: 0, y: 0 };

  constructor(
    private readonly conveyor: Conveyor,
    private readonly canvas: FlatCanvas,
  ) {}

  belt(): void {
    const { belt } = this.conveyor;
    const { light, pixel } = this.canvas;
    this.canvas.everywhere((i, x, y) => {
      const shade = beltShade(belt, x, y, pixel);
      for (let channel = 0; channel < 3; channel++)
        light[3 * i + channel] = belt.colour[channel]! * shade + 0.012 * shade;
    });
    for (const { outline, strength } of belt.stains) {
      this.canvas.around(outline.x, outline.y, 2.5 * outline.radius, (i, x, y) => {
        this.darken(i, 1 - strength * smoothstep(-1.5, 2.5, depthIn(outline, x, y)));
      });
    }
    for (const chip of belt.swarf) {
      this.canvas.around(chip.x, chip.y, reachOfStroke(chip) + 2, (i, x, y) => {
        const { aside } = besideStroke(chip, x, y);
        const covered = edge(depthInStrokes([chip], x, y), pixel);
        if (covered === 0) return;
        const bright = 0.35 + 0.3 * Math.min(Math.max(aside / chip.width, -1), 1);
        for (let channel = 0; channel < 3; channel++) {
          light[3 * i + channel] = mix(light[3 * i + channel]!, bright, covered);
        }
      });
    }
  }

  /** Darkens whatever lies below: softly away from the lamp, and close around the part. */
  shadow(part: Part): void {
    const { lamp } = this.conveyor;
    const reach = (part.height * Math.sqrt(1 - lamp.z * lamp.z)) / lamp.z;
    const away = Math.sqrt(lamp.x * lamp.x + lamp.y * lamp.y) + 1e-9;
    const [sx, sy] = [(-reach * lamp.x) / away, (-reach * lamp.y) / away];
    const soft = PENUMBRA * part.height;
    this.canvas.around(part.x, part.y, 1.15 * part.radius + reach + 3 * part.height, (i, x, y) => {
      const cast = smoothstep(-soft, soft, depthAt(part, x - sx, y - sy));
      const near = smoothstep(-1.2 * part.height, 0, depthAt(part, x, y));
      this.darken(i, (1 - 0.95 * lamp.share * cast) * (1 - 0.35 * near));
    });
  }

  part(part: Part): void {
    const { canvas, surface } = this;
    this.canvas.around(part.x, part.y, 1.15 * part.radius, (i, x, y) => {
      const depth = depthAt(part, x, y);
      const covered = edge(depth, canvas.pixel);
      if (covered === 0) return;
      this.bareSurface(part, depth, x, y);
      for (const mark of part.marks) this.mark(mark, part, x, y);
      const { colour } = surface;
      const shine = this.shade(part, x, y);
      for (let channel = 0; channel < 3; channel++) {
        const here =
          colour[channel]! * shine.diffuse +
          shine.highlight * (0.5 + 0.5 * Math.min(colour[channel]! * 2, 1));
        canvas.light[3 * i + channel] = mix(canvas.light[3 * i + channel]!, here, covered);
      }
      if (depth > 0) canvas.labels[i] = surface.classIndex;
    });
  }

  /** The worked metal with its broken edges. */
  private bareSurface(part: Part, depth: number, x: number, y: number): void {
    const { surface, relief } = this;
    const { form, radius, cos, sin, metal } = part;
    const [u, v] = toPart(part, x, y);
    reliefOfPart(form, u, v, relief);
    if (depth < part.bevel) {
      const here = depthInPart(form, u, v);
      const fall = 0.9 * (1 - Math.max(depth, 0) / part.bevel);
      relief.x += (fall * (depthInPart(form, u + STEP, v) - here)) / STEP;
      relief.y += (fall * (depthInPart(form, u, v + STEP) - here)) / STEP;
    }
    surface.slopeX = relief.x * cos - relief.y * sin;
    surface.slopeY = relief.x * sin + relief.y * cos;
    const [along, across] = isTurned(form)
      ? [Math.atan2(v, u) * 4, Math.sqrt(u * u + v * v) * radius]
      : [v * radius * 0.06, u * radius];
    const marks =
      noise2(along, across * 0.9, part.layer) + 0.6 * noise2(along * 2, across * 0.4, part.layer + 1) - 0.8;
    const cloudy = fractal2(x * 0.05, y * 0.05, 3, part.layer + 2) - 0.5;
    const tone = 1 + 0.35 * metal.brushing * marks + 0.3 * cloudy;
    for (let channel = 0; channel < 3; channel++) surface.colour[channel] = metal.colour[channel]! * tone;
    surface.gloss = metal.gloss * (1 + 0.5 * metal.brushing * marks);
    surface.classIndex = PART_CLASSES.indexOf(form.kind);
  }

  private mark(mark: Mark, part: Part, x: number, y: number): void {
    if ('colour' in mark) this.patch(mark, x, y);
    else if ('slope' in mark) this.bowl(mark, x, y);
    else this.groove(mark, part, x, y);
  }

  private patch(mark: Patch, x: number, y: number): void {
    const { surface } = this;
    const { outline, colour, layer } = mark;
    const isRust = mark.kind === 'rust';
    let depth = depthIn(outline, x, y);
    if (depth < -outline.radius) return;
    if (isRust) depth += outline.radius * 1.1 * (fractal2(x * 0.16, y * 0.16, 3, layer) - 0.5);
    const covered = edge(depth, Math.max(this.canvas.pixel, isRust ? 1 : 2.5)) * (isRust ? 1 : 0.55);
    if (covered === 0) return;
    const rough = isRust ? 0.55 + 0.9 * fractal2(x * 0.5, y * 0.5, 2, layer + 3) : 1;
    for (let channel = 0; channel < 3; channel++) {
      surface.colour[channel] = mix(surface.colour[channel]!, colour[channel]! * rough, covered);
    }
    surface.gloss *= 1 - covered * (isRust ? 0.95 : 0.3);
    if (isRust && depth > 0) surface.classIndex = PART_CLASSES.indexOf('rust');
  }

  /** Hollow like the inside of a ball, or raised like its outside, with a crease around it. */
  private bowl(mark: Bowl, x: number, y: number): void {
    const { surface } = this;
    const { outline, slope } = mark;
    const depth = depthIn(outline, x, y);
    const covered = edge(depth, this.canvas.pixel);
    if (covered === 0) return;
    const sign = mark.kind === 'dent' ? 1 : -1;
    surface.slopeX = mix(surface.slopeX, (sign * slope * (x - outline.x)) / outline.radius, covered);
    surface.slopeY = mix(surface.slopeY, (sign * slope * (y - outline.y)) / outline.radius, covered);
    if (mark.kind === 'pip') return;
    // Less light finds its way into a hollow.
    for (let channel = 0; channel < 3; channel++) surface.colour[channel]! *= mix(1, 0.72, covered);
    if (depth > 0) surface.classIndex = PART_CLASSES.indexOf('dent');
  }

  /** A groove: one flank turned to the lamp, the other away, bare or dirty inside. */
  private groove(mark: Groove, part: Part, x: number, y: number): void {
    const { surface } = this;
    const { stroke, shine } = mark;
    const isScratch = mark.kind === 'scratch';
    const { aside, beyond } = besideStroke(stroke, x, y);
    const wobble = isScratch ? 0.5 * (noise2(x * 0.3, y * 0.3, part.layer + 5) - 0.5) : 0;
    const depth = stroke.width / 2 + wobble - Math.sqrt(aside * aside + beyond * beyond);
    const covered = edge(depth, this.canvas.pixel);
    if (covered === 0) return;
    // Steep flanks are dark: bare metal shines from a shallow groove.
    const flank = (shine > 1 ? 0.45 : 1.2) * Math.min(Math.max((2 * aside) / stroke.width, -1), 1) * covered;
    surface.slopeX -= flank * stroke.dy;
    surface.slopeY += flank * stroke.dx;
    for (let channel = 0; channel < 3; channel++) {
      surface.colour[channel]! *= mix(1, shine, covered);
    }
    if (isScratch && depth > 0) surface.classIndex = PART_CLASSES.indexOf('scratch');
  }

  /** Light that the surface throws to the camera: the same in all directions, and as a highlight stretched across the brushing. */
  private shade(part: Part, x: number, y: number): { diffuse: number; highlight: number } {
    const { surface, canvas } = this;
    const { lamp } = this.conveyor;
    const { slopeX, slopeY, gloss } = surface;
    const steep = 1 / Math.sqrt(1 + slopeX * slopeX + slopeY * slopeY);
    const facing = Math.max((lamp.z - slopeX * lamp.x - slopeY * lamp.y) * steep, 0);
    const [hx, hy] = [
      lamp.x + (canvas.across / 2 - x) / CAMERA_HEIGHT,
      lamp.y + (canvas.down / 2 - y) / CAMERA_HEIGHT,
    ];
    const halfway = 1 / (1 + lamp.z);
    const [mx, my] = [hx * halfway + slopeX, hy * halfway + slopeY];
    const [u, v] = toPart(part, x, y);
    const away = Math.sqrt(u * u + v * v) + 1e-9;
    const [du, dv] = isTurned(part.form) ? [-v / away, u / away] : [0, 1];
    const [tx, ty] = [du * part.cos - dv * part.sin, du * part.sin + dv * part.cos];
    const alongBrush = (mx * tx + my * ty) / 0.16;
    const acrossBrush = (my * tx - mx * ty) / 0.5;
    const highlight = gloss * lamp.share * Math.exp(-alongBrush * alongBrush - acrossBrush * acrossBrush);
    return {
      diffuse: 0.25 + 0.5 * (1 - lamp.share) + 0.8 * lamp.share * facing,
      highlight: 1.3 * highlight,
    };
  }

  /** Brighter on the side of the lamp. */
  illuminate(): void {
    const { canvas } = this;
    const { lamp, fall } = this.conveyor;
    canvas.everywhere((i, x, y) => {
      const towards = (x / canvas.across - 0.5) * lamp.x + (y / canvas.down - 0.5) * lamp.y;
      const level = 1.1 * (1 + 1.4 * fall * towards);
      for (let channel = 0; channel < 3; channel++)
        canvas.light[3 * i + channel]! *= level * lamp.colour[channel]!;
    });
  }

  private darken(i: number, factor: number): void {
    for (let channel = 0; channel < 3; channel++) this.canvas.light[3 * i + channel]! *= factor;
  }
}

/** Brightness of the belt; what is finer than a pixel fades. */
function beltShade(belt: Belt, x: number, y: number, pixel: number): number {
  const along = x * belt.cos + y * belt.sin;
  const across = y * belt.cos - x * belt.sin;
  const visible = Math.min(1, (0.35 * belt.pitch) / pixel);
  const [u, v] = [along / belt.pitch, across / belt.pitch];
  let relief = 0;
  if (belt.pattern === 'ribs') relief = Math.sin(2 * Math.PI * u) * 0.5;
  else if (belt.pattern === 'weave') {
    const isOver = (Math.floor(u) + Math.floor(v)) % 2 === 0;
    relief = Math.sin(Math.PI * (isOver ? u : v) * 2) * 0.4;
  } else if (belt.pattern === 'studs') {
    const [du, dv] = [u - Math.floor(u) - 0.5, v - Math.floor(v) - 0.5];
    relief = smoothstep(0.3, 0.22, Math.sqrt(du * du + dv * dv)) * (0.4 + 1.2 * du);
  }
  const streaks = fractal2(along * 0.008, across * 0.12, 3, belt.layer) - 0.5;
  const dirt = fractal2(x * 0.03, y * 0.03, 4, belt.layer + 11) - 0.5;
  const grain = hash3(Math.floor(x * 1.5), Math.floor(y * 1.5), belt.layer) - 0.5;
  return Math.max(1 + visible * relief * 0.7 + belt.wear * (streaks + dirt) + 0.15 * grain, 0.1);
}

/** Coordinates in the part, in its radii. */
function toPart({ x, y, radius, cos, sin }: Part, px: number, py: number): [u: number, v: number] {
  const dx = (px - x) / radius;
  const dy = (py - y) / radius;
  return [dx * cos + dy * sin, dy * cos - dx * sin];
}

/** Depth inside the metal in units. */
function depthAt(part: Part, x: number, y: number): number {
  const [u, v] = toPart(part, x, y);
  return part.radius * depthInPart(part.form, u, v);
}

/** Share of a pixel that lies within an edge at a distance. */
function edge(depth: number, pixel: number): number {
  return Math.min(Math.max(0.5 + depth / pixel, 0), 1);
}
