/** @file A picture by formula with the class of every pixel: surfaces behind, things before them, one light over all. */

import { Random } from '../../base/random.js';
import { develop } from '../sensor.js';
import { Canvas, type Paint } from './canvas.js';
import {
  type ClassFormula,
  FORMULA_VERSION,
  formulaClasses,
  surfacesAmong,
  type ThingFormula,
} from './classes.js';
import { drawColours } from './colours.js';
import type { Outline } from './fill.js';
import { drawOutline, type OutlineFormula, type Placement } from './outlines.js';
import { layTexture } from './textures.js';

/** What picture is drawn. */
export interface FormulaPicture {
  /** Pixels; the picture is square. */
  readonly side: number;
  /** Classes there are, background included: 2 to 255. */
  readonly classes: number;
  /** Names the picture: equal keys give equal pictures. */
  readonly key: string;
}

/** Pixels in memory. */
export interface DrawnPicture {
  /** HWC RGB. */
  readonly image: Uint8Array;
  /** HW class indices. */
  readonly mask: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Sizes in the formulas are those of pictures of this side. */
const USUAL_SIDE = 256;

let known: { readonly count: number; readonly formulas: readonly ClassFormula[] } | undefined;

/** Draws one picture; some twenty milliseconds for 256x256. */
export function drawFormulaPicture({ side, classes, key }: FormulaPicture): DrawnPicture {
  if (known?.count !== classes) known = { count: classes, formulas: formulaClasses(classes) };
  const random = new Random(`formula ${FORMULA_VERSION}: ${key}`);
  const canvas = new Canvas(side, random);
  drawSurfaces(canvas, known.formulas, random);
  drawThings(canvas, known.formulas, random);
  canvas.compose();
  canvas.illuminate(random);
  return {
    image: develop(canvas.light, side, side, random),
    mask: canvas.mask,
    width: side,
    height: side,
  };
}

type Surface = Omit<Paint, 'classIndex' | 'shade'>;

function drawSurface({ texture, colour }: ClassFormula, random: Random, zoom: number, opacity = 1): Surface {
  const [first, second] = drawColours(colour, random);
  return { texture: layTexture(texture, random, zoom), first, second, opacity };
}

/** One surface everywhere, others in front of it behind wavy borders: horizons, walls, patches. */
function drawSurfaces(canvas: Canvas, formulas: readonly ClassFormula[], random: Random): void {
  const { side } = canvas;
  const surfaces = surfacesAmong(formulas.length);
  const regions = 1 + random.integer(5);
  const isLevel = random.chance(0.6);
  for (let region = 0; region < regions; region++) {
    const classIndex = random.integer(surfaces);
    const outline = region === 0 ? whole(side) : border(side, isLevel, region / regions, random);
    const surface = drawSurface(formulas[classIndex]!, random, (side / USUAL_SIDE) * random.range(0.7, 1.6));
    const fall = random.range(-0.3, 0.3) / side;
    const shade = (_x: number, y: number) => 1 + fall * (y - side / 2);
    canvas.add({ outlines: [outline], paint: { ...surface, classIndex, shade } });
  }
}

const whole = (side: number): Outline => Float64Array.from([0, 0, side, 0, side, side, 0, side]);

/** What lies beyond a wavy line: below a horizon, or on one side of a slanted line; or a patch. */
function border(side: number, isLevel: boolean, depth: number, random: Random): Outline {
  if (!isLevel && random.chance(0.5)) {
    const placement = {
      x: side * random.uniform(),
      y: side * random.uniform(),
      radius: side * random.range(0.25, 0.7),
      turn: 2 * Math.PI * random.uniform(),
    };
    return drawOutline(PATCH, placement, random);
  }
  const turn = isLevel ? 0.12 * random.normal() : 2 * Math.PI * random.uniform();
  const offset = isLevel ? side * (depth - 0.5 + 0.15 * random.normal()) : side * random.range(-0.4, 0.4);
  const rough = random.chance(0.5) ? 0 : random.range(0.01, 0.06) * side;
  const waves = [1, 2, 3, 5, 8].map((k) => ({ k, size: random.normal() / k, phase: 6 * random.uniform() }));
  const steps = 60;
  const line: number[] = [];
  for (let i = 0; i <= steps; i++) {
    let v = offset;
    for (const { k, size, phase } of waves)
      v += rough * size * Math.sin((2 * Math.PI * k * i) / steps + phase);
    line.push((i / steps - 0.5) * 3 * side, v);
  }
  // Closed far below the line.
  line.push(1.5 * side, 4 * side, -1.5 * side, 4 * side);
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  return Float64Array.from(line, (_, i) => {
    const u = line[i - (i % 2)]!;
    const v = line[i - (i % 2) + 1]!;
    return side / 2 + (i % 2 === 0 ? u * cos - v * sin : u * sin + v * cos);
  });
}

const PATCH: OutlineFormula = {
  family: 'blob',
  count: 3,
  depth: 0.3,
  sharpness: 1,
  ripples: 5,
  rippleDepth: 0.05,
  aspect: 0.8,
  irregularity: 0.15,
};

interface PlannedThing extends Omit<Placement, 'turn'> {
  readonly classIndex: number;
}

/** From far to near, mostly large to small; some classes come in groups. */
function drawThings(canvas: Canvas, formulas: readonly ClassFormula[], random: Random): void {
  const { side } = canvas;
  const surfaces = surfacesAmong(formulas.length);
  const things = formulas.length - surfaces;
  if (things === 0) return;
  const groups = 3 + random.integer(9);
  const planned: PlannedThing[] = [];
  for (let group = 0; group < groups; group++) {
    const classIndex = surfaces + random.integer(things);
    const members = random.chance(0.25) ? 2 + random.integer(5) : 1;
    const largest = members > 1 ? 0.12 : 0.32;
    const radius = side * Math.exp(random.range(Math.log(0.03), Math.log(largest)));
    const [x, y] = [side * random.range(-0.05, 1.05), side * random.range(-0.05, 1.05)];
    for (let member = 0; member < members; member++) {
      const apart = member === 0 ? 0 : 2.5 * radius;
      planned.push({
        classIndex,
        radius: radius * random.range(0.8, 1.2),
        x: x + apart * random.normal(),
        y: y + apart * random.normal(),
      });
    }
  }
  if (random.chance(0.75)) planned.sort((a, b) => b.radius - a.radius);
  for (const thing of planned) drawThing(canvas, formulas[thing.classIndex]!, thing, random);
}

function drawThing(
  canvas: Canvas,
  formula: ClassFormula,
  { classIndex, ...place }: PlannedThing,
  random: Random,
): void {
  const thing = formula.thing!;
  const { side } = canvas;
  const turn = thing.upright ? 0.12 * random.normal() : 2 * Math.PI * random.uniform();
  const placement = { ...place, turn };
  const outlines = partsOf(thing, placement, random);
  if (random.chance(0.5)) {
    const fallen = canvas.shadowOf(outlines, place.radius * random.range(0.1, 0.5));
    canvas.add({ outlines: fallen, shadow: random.range(0.2, 0.6) });
  }
  const zoom = (side / USUAL_SIDE) * random.range(0.6, 1.4);
  const surface = drawSurface(formula, random, zoom, random.chance(0.08) ? random.range(0.6, 0.9) : 1);
  const paint = { ...surface, classIndex, shade: canvas.shadeOf(placement, thing.roundness, random) };
  canvas.add({ outlines, paint });
  drawRings(canvas, thing, paint, placement, outlines[0]!);
}

function partsOf(thing: ThingFormula, placement: Placement, random: Random): Outline[] {
  const { x, y, radius, turn } = placement;
  const outlines = [drawOutline(thing.body, placement, random)];
  for (let part = 0; part < thing.parts; part++) {
    const angle = turn + (2 * Math.PI * part) / thing.parts;
    const at = {
      x: x + radius * thing.partDistance * Math.cos(angle),
      y: y + radius * thing.partDistance * Math.sin(angle) * thing.body.aspect,
      radius: radius * thing.partSize,
      turn: angle,
    };
    outlines.push(drawOutline(thing.part, at, random));
  }
  return outlines;
}

/** Contours nested in the body, in its two colours by turns. */
function drawRings(
  canvas: Canvas,
  { rings }: ThingFormula,
  paint: Paint,
  { x, y }: Placement,
  body: Outline,
): void {
  for (let ring = 1; ring <= rings; ring++) {
    const scale = 1 - ring / (rings + 1);
    const inner = body.map((value, i) => (i % 2 === 0 ? x + (value - x) * scale : y + (value - y) * scale));
    const colours = ring % 2 === 1 ? { first: paint.second, second: paint.first } : {};
    canvas.add({ outlines: [inner], paint: { ...paint, ...colours, opacity: 0.7 * paint.opacity } });
  }
}
