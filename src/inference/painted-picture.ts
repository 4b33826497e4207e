/** @file What people look at of a segmentation: the picture with the colours of its classes over it, and their names. */

import { previewOf, readBytes } from '../data/images/decoder.js';
import { resizeMask } from '../data/transforms/resize.js';
import { withLegend } from '../drawing/legend.js';
import { type RgbImage, renderOverlay } from '../drawing/overlay.js';
import type { SegmentedImage } from './segment-picture.js';

/** Longest side of the overlay of an image that is too large to be in memory as a whole. */
const PREVIEW_SIDE = 4096;

/** @param path of the picture, which is read again where it was too large to be kept. @throws OtxError `image` */
export async function paintedPicture(
  path: string,
  { image, segmentation }: SegmentedImage,
): Promise<RgbImage> {
  const { labels, classes } = segmentation;
  const picture = image ?? (await previewOf(await readBytes(path), path, PREVIEW_SIDE));
  const seen = image ? labels : resizeMask(labels, segmentation, picture);
  const painted = { ...picture, data: renderOverlay(picture, seen, classes) };
  const shown = classes.filter(({ share }) => share > 0).sort((a, b) => b.share - a.share);
  return withLegend(painted, shown);
}
