/** @file A picture for the page: the photograph, or its labels over it, small enough to be part of the file. */

import { readSampleImage } from '../../../data/images/sample-image.js';
import sharp from '../../../data/images/sharp.js';
import { type ClassInfo, type MaskCoding, readLabels, type Sample } from '../../../data/index.js';
import { resizeMask } from '../../../data/transforms/resize.js';
import { renderOverlay } from '../../../drawing/overlay.js';
import { resized, shownSize } from '../../../drawing/sheets/pictures.js';

const QUALITY = 80;

/** @param coding how the labels are read; undefined for the photograph alone. @returns a data URL */
export async function pictureOf(
  sample: Sample,
  coding: MaskCoding | undefined,
  classes: readonly ClassInfo[],
): Promise<string> {
  const to = shownSize(sample);
  const photograph = await resized(await readSampleImage(sample), to);
  let { data } = photograph;
  if (coding) {
    const labels = await readLabels(sample, coding);
    data = renderOverlay(photograph, resizeMask(labels.data, labels, to), classes);
  }
  const jpeg = await sharp(data, { raw: { ...to, channels: 3 } })
    .jpeg({ quality: QUALITY })
    .toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
}
