/** @file Things by formula: shapes of one part or more, with their shadows, light and rings. */

import type { Random } from '../../base/random.js';
import type { Canvas, Paint } from './canvas.js';
import { surfacesAmong, type ThingFormula } from './classes.js';
import type { Outline } from './fill.js';
import { PICTURE_KINDS, type Range } from './kinds.js';
import { drawOutline, type Placement } from './outlines.js';
import { laySurface, type Scene, USUAL_SIDE } from './scene.js';

interface PlannedThing extends Omit<Placement, 'turn'> {
  readonly classIndex: number;
}

/** From far to near, mostly large to small; some classes come in groups. */
export function drawThings(scene: Scene): void {
  const { canvas, formulas, pictures, random } = scene;
  const { side } = canvas;
  const surfaces = surfacesAmong(formulas.length, pictures);
  const things = formulas.length - surfaces;
  if (things === 0) return;
  const numbers = PICTURE_KINDS[pictures].things;
  const groups = integerIn(numbers.groups, random);
  const planned: PlannedThing[] = [];
  for (let group = 0; group < groups; group++) {
    const classIndex = surfaces + random.integer(things);
    const members = random.chance(numbers.several) ? integerIn(numbers.members, random) : 1;
    const radius = side * numbers.radius(random, members > 1);
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
  if (random.chance(numbers.sorted)) planned.sort((a, b) => b.radius - a.radius);
  for (const thing of planned) drawThing(scene, thing);
}

const integerIn = ([low, end]: Range, random: Random): number => low + random.integer(end - low);

function drawThing(scene: Scene, { classIndex, ...place }: PlannedThing): void {
  const { canvas, random } = scene;
  const formula = scene.formulas[classIndex]!;
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
  const surface = laySurface(scene, formula, zoom, random.chance(0.08) ? random.range(0.6, 0.9) : 1);
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
