/**
 * @file Classes by formula: what makes a class is only the numbers of its formulas, drawn from its index. Formula-driven
 * pre-training: Kataoka et al., "Pre-training without natural images", IJCV 2022; for segmentation Shinoda et al., SegRCDB, ICCV
 * 2023, whose classes are radial contours. Families, textures and light here are our own.
 */

import { Random } from '../../base/random.js';
import { PICTURE_KINDS, type PictureKind, type Range } from './kinds.js';
import { drawOutlineFormula, type OutlineFormula } from './outlines.js';
import { drawTextureFormula, type TextureFormula } from './textures.js';

/** How surfaces of a class are coloured. */
export interface ColourFormula {
  /** Mean hue of the first and second colour, 0 to 1, and how far one may be from it (standard deviation). */
  readonly hue: number;
  readonly secondHue: number;
  readonly spread: number;
  /** Range of saturation that the class has for itself. */
  readonly saturation: Range;
}

/** How a surface looks. */
export interface SurfaceFormula {
  readonly texture: TextureFormula;
  readonly colour: ColourFormula;
}

/** What a class is: a surface, and for things a shape made of parts. */
export interface ClassFormula extends SurfaceFormula {
  /** Undefined for surfaces without a shape: ground, walls, sky. */
  readonly thing: ThingFormula | undefined;
}

/** A shape of one part or more. */
export interface ThingFormula {
  readonly body: OutlineFormula;
  /** Further parts around the body. */
  readonly parts: number;
  readonly part: OutlineFormula;
  /** Size of a part and its distance from the centre, as shares of the radius. */
  readonly partSize: number;
  readonly partDistance: number;
  /** Nested contours drawn inside the body. */
  readonly rings: number;
  /** Whether it stands the same way up in all pictures. */
  readonly upright: boolean;
  /** How light falls on it: flat or like a ball, 0 to 1. */
  readonly roundness: number;
}

/** How many of the classes have no shape; the first ones, with the background. */
export const surfacesAmong = (classes: number, kind: PictureKind): number =>
  Math.max(Math.ceil(classes * PICTURE_KINDS[kind].shapeless), 1);

/** The formula of each of so many classes. */
export function formulaClasses(classes: number, kind: PictureKind): ClassFormula[] {
  const surfaces = surfacesAmong(classes, kind);
  return Array.from({ length: classes }, (_, index) => {
    const random = new Random(`formula ${PICTURE_KINDS[kind].version}: class ${index}`);
    const texture = drawTextureFormula(random, kind);
    const colour = drawColourFormula(random, kind);
    return { texture, colour, thing: index < surfaces ? undefined : drawThing(random) };
  });
}

export function drawColourFormula(random: Random, kind: PictureKind): ColourFormula {
  const { leastSaturation, spread, moreSaturation } = PICTURE_KINDS[kind].colours;
  const low = random.range(...leastSaturation);
  return {
    hue: random.uniform(),
    secondHue: random.uniform(),
    spread: random.range(...spread),
    saturation: [low, low + random.range(...moreSaturation)],
  };
}

function drawThing(random: Random): ThingFormula {
  return {
    body: drawOutlineFormula(random),
    parts: random.chance(0.5) ? 0 : 1 + random.integer(6),
    part: drawOutlineFormula(random),
    partSize: random.range(0.15, 0.5),
    partDistance: random.range(0.6, 1.1),
    rings: random.chance(0.4) ? 0 : 1 + random.integer(4),
    upright: random.chance(0.4),
    roundness: random.uniform(),
  };
}
