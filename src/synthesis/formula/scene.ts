/** @file What is known while a picture is drawn, and surfaces laid on it. */

import type { Random } from '../../base/random.js';
import type { Canvas, Paint } from './canvas.js';
import type { ClassFormula, SurfaceFormula } from './classes.js';
import { drawColours } from './colours.js';
import type { PictureKind } from './kinds.js';
import { layTexture } from './textures.js';

/** A picture while it is drawn. */
export interface Scene {
  readonly canvas: Canvas;
  /** By class. */
  readonly formulas: readonly ClassFormula[];
  readonly pictures: PictureKind;
  readonly random: Random;
}

/** Sizes in the formulas are those of pictures of this side. */
export const USUAL_SIDE = 256;

/** A surface in colours of this time. @param zoom how large its texture is. */
export function laySurface(
  { pictures, random }: Scene,
  { texture, colour }: SurfaceFormula,
  zoom: number,
  opacity = 1,
): Omit<Paint, 'classIndex' | 'shade'> {
  const [first, second] = drawColours(colour, pictures, random);
  return { texture: layTexture(texture, random, zoom), first, second, opacity };
}
