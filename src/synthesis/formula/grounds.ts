/** @file What is behind all things: surfaces that are classes, or a background of any colours. */

import type { Random } from '../../base/random.js';
import { drawColourFormula, surfacesAmong } from './classes.js';
import type { Outline } from './fill.js';
import { drawOutline, type OutlineFormula } from './outlines.js';
import { laySurface, type Scene, USUAL_SIDE } from './scene.js';
import { drawSoftTexture } from './textures.js';

/** Grounds of all of a picture. */
export function drawGround(scene: Scene): void {
  if (scene.pictures === 'surfaces') drawSurfaces(scene);
  else drawBackground(scene);
}

/** One surface everywhere, others in front of it behind wavy borders: horizons, walls, patches. */
function drawSurfaces(scene: Scene): void {
  const { canvas, formulas, pictures, random } = scene;
  const { side } = canvas;
  const surfaces = surfacesAmong(formulas.length, pictures);
  const regions = 1 + random.integer(5);
  const isLevel = random.chance(0.6);
  for (let region = 0; region < regions; region++) {
    const classIndex = random.integer(surfaces);
    const outline = region === 0 ? whole(side) : border(side, isLevel, region / regions, random);
    const surface = laySurface(scene, formulas[classIndex]!, (side / USUAL_SIDE) * random.range(0.7, 1.6));
    canvas.add({ outlines: [outline], paint: { ...surface, classIndex, shade: slope(side, random) } });
  }
}

/** Soft clouds of any two colours, and sometimes others of them beyond a wavy border: where things are not, whatever is there. */
function drawBackground(scene: Scene): void {
  const { canvas, pictures, random } = scene;
  const { side } = canvas;
  const regions = random.chance(0.6) ? 1 : 2 + random.integer(2);
  const isLevel = random.chance(0.6);
  for (let region = 0; region < regions; region++) {
    const outline = region === 0 ? whole(side) : border(side, isLevel, region / regions, random);
    const formula = { texture: drawSoftTexture(random), colour: drawColourFormula(random, pictures) };
    const surface = laySurface(scene, formula, side / USUAL_SIDE);
    canvas.add({ outlines: [outline], paint: { ...surface, classIndex: 0, shade: slope(side, random) } });
  }
}

/** Brighter above than below, or the other way round. */
function slope(side: number, random: Random): (x: number, y: number) => number {
  const fall = random.range(-0.3, 0.3) / side;
  return (_x, y) => 1 + fall * (y - side / 2);
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
