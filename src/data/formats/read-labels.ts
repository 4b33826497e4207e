/** @file The one reader of annotations: a class index per pixel, whether the file is a mask or says what was drawn. */
import { asRead, readMask } from '../masks/read-mask.js';
import type { LabelMask, MaskCoding, Sample } from '../types.js';
import { drawShapes } from './shapes/draw-shapes.js';

/**
 * The labels of a sample; shapes are drawn at the size of the sample.
 *
 * @throws OtxError `image` as {@link readMask} and {@link drawShapes}.
 */
export async function readLabels(
  {
    maskPath,
    shapes,
    pixels,
    width,
    height,
    maskTurn: turn,
  }: Pick<Sample, 'maskPath' | 'shapes' | 'pixels' | 'width' | 'height' | 'maskTurn'>,
  coding: MaskCoding,
): Promise<LabelMask> {
  if (pixels) return asRead({ data: pixels.mask, width, height }, coding);
  if (!shapes) return readMask(maskPath, coding, { turn });
  const data = await drawShapes(shapes, { width, height }, maskPath);
  return asRead({ data, width, height }, coding);
}
