/** @file The one reader of annotations: a class index per pixel, whether the file is a mask or says what was drawn. */
import { drawFormulaPicture } from '../../synthesis/formula/picture.js';
import { asRead, readMask } from '../masks/read-mask.js';
import { turned } from '../masks/turned.js';
import type { LabelMask, MaskCoding, Sample } from '../types.js';
import { drawShapes } from './shapes/draw-shapes.js';

/**
 * The labels of a sample; shapes are drawn at the size of the sample, or of its stored pixels where they lie on these.
 *
 * @throws OtxError `image` as {@link readMask} and {@link drawShapes}.
 */
export async function readLabels(
  {
    maskPath,
    shapes,
    pixels,
    drawn,
    width,
    height,
    maskTurn: turn = 1,
  }: Pick<Sample, 'maskPath' | 'shapes' | 'pixels' | 'drawn' | 'width' | 'height' | 'maskTurn'>,
  coding: MaskCoding,
): Promise<LabelMask> {
  if (drawn) return { data: drawFormulaPicture(drawn).mask, width, height };
  if (pixels) return asRead({ data: pixels.mask, width, height }, coding);
  if (!shapes) return readMask(maskPath, coding, { turn });
  const stored = turn >= 5 ? { width: height, height: width } : { width, height };
  const asStored = { data: await drawShapes(shapes, stored, maskPath), ...stored };
  return asRead(turned(asStored, turn), coding);
}
