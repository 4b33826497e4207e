/** @file The window of a large image that is learned from, without the image around it. */

import { OtxError } from '../../base/errors.js';
import { sizeMismatch } from '../datasets/size-mismatch.js';
import { readLabels } from '../formats/read-labels.js';
import { MOST_AT_ONCE, openPictureRows } from '../images/picture-rows.js';
import { cutWindow } from '../transforms/cut-window.js';
import type { Size } from '../transforms/geometry.js';
import { drawWindow, pictureWindowOf } from '../transforms/random-window.js';
import type { DecodedImage, ImageReading, LabeledImage, MaskCoding, Sample } from '../types.js';

/** What is drawn of an image. */
export interface DrawnWindow {
  readonly tile: Size | undefined;
  /** Decides where it lies, as for {@link windowOf}. */
  readonly seed: string;
}

/** Whether a whole of it would take hundreds of megabytes, and it is in a file. */
export const isReadInParts = ({ width, height, pixels, drawn }: Sample): boolean =>
  !pixels && !drawn && width * height > MOST_AT_ONCE;

/**
 * The window of an image of which a whole would take hundreds of megabytes in every thread; undefined for any other image.
 *
 * @throws OtxError `image` for files that cannot be used.
 */
export async function readLargeWindow(
  sample: Sample,
  coding: MaskCoding,
  { tile, seed }: DrawnWindow,
): Promise<LabeledImage | undefined> {
  const part = drawWindow(sample, tile, seed);
  if (!part || !isReadInParts(sample)) return undefined;
  const mask = await readLabels(sample, coding);
  const picture = await openPictureRows(sample.imagePath, sample.reading);
  const mismatch = sizeMismatch(sample, picture, mask);
  if (mismatch) throw new OtxError('image', mismatch);
  return {
    image: await picture.window(part),
    mask: cutWindow(mask.data, sample.width, part, 1),
    width: part.width,
    height: part.height,
  };
}

/** The window of an image without labels, of any size. @throws OtxError `image` */
export async function readPictureWindow(
  path: string,
  reading: ImageReading | undefined,
  { tile, seed }: DrawnWindow,
): Promise<DecodedImage> {
  const picture = await openPictureRows(path, reading);
  if (picture.whole) return pictureWindowOf(picture.whole, tile, seed);
  const { width, height } = picture;
  const part = drawWindow(picture, tile, seed) ?? { left: 0, top: 0, width, height };
  return { data: await picture.window(part), width: part.width, height: part.height };
}
