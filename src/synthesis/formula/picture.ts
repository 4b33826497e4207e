/** @file A picture by formula with the class of every pixel: surfaces or a background, things before them, one light over all. */

import { Random } from '../../base/random.js';
import { develop } from '../sensor.js';
import { Canvas } from './canvas.js';
import { type ClassFormula, formulaClasses } from './classes.js';
import { drawGround } from './grounds.js';
import { PICTURE_KINDS, type PictureKind } from './kinds.js';
import { drawThings } from './things.js';

/** What picture is drawn. */
export interface FormulaPicture {
  /** Pixels; the picture is square. */
  readonly side: number;
  /** Classes there are, background included: 2 to 255. */
  readonly classes: number;
  /** What is on it. */
  readonly pictures: PictureKind;
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

let known: { readonly of: string; readonly formulas: readonly ClassFormula[] } | undefined;

/** Draws one picture; some twenty milliseconds for 256x256. */
export function drawFormulaPicture({ side, classes, pictures, key }: FormulaPicture): DrawnPicture {
  const of = `${classes} ${pictures}`;
  if (known?.of !== of) known = { of, formulas: formulaClasses(classes, pictures) };
  const random = new Random(`formula ${PICTURE_KINDS[pictures].version}: ${key}`);
  const canvas = new Canvas(side, random);
  const scene = { canvas, formulas: known.formulas, pictures, random };
  drawGround(scene);
  drawThings(scene);
  canvas.compose();
  canvas.illuminate(random);
  return {
    image: develop(canvas.light, side, side, random),
    mask: canvas.mask,
    width: side,
    height: side,
  };
}
