/** @file Contact sheets: what the network is given, and what it makes of it beside the truth. */

import { readSampleImage } from '../../data/images/sample-image.js';
import type { ClassInfo, LabeledBatch, Sample } from '../../data/index.js';
import { IGNORE_INDEX } from '../../data/index.js';
import type { Size } from '../../data/transforms/geometry.js';
import { imageOfPlanes } from '../../data/transforms/normalize.js';
import { resizeMask } from '../../data/transforms/resize.js';
import { type Panel, renderFigure } from '../figure.js';
import type { RgbImage } from '../overlay.js';
import { renderOverlay } from '../overlay.js';
import { framed, resized, shownSize } from './pictures.js';

const MAX_BATCH_PICTURES = 16;
/** Strong enough to tell the classes apart, weak enough to see the photograph. */
const ALPHA = 0.5;

/** True and predicted classes of an image, HW at its original size. */
export interface ScoredPicture extends Size {
  readonly sample: Sample;
  readonly truth: Uint8Array;
  readonly prediction: Uint8Array;
}

/** A segmented validation image, reduced to what a sheet shows. */
export interface SegmentedPicture extends Size {
  readonly sample: Sample;
  /** Class indices, HW. */
  readonly truth: Uint8Array;
  readonly prediction: Uint8Array;
  /** Share of the pixels with a truth that were predicted right, at the original size; NaN when there are none. */
  readonly accuracy: number;
}

/** Pictures of a batch as the network sees them, without the normalisation, with the classes painted over. */
export async function drawTrainBatch(
  { inputs: { images, labels }, sampleIds }: Pick<LabeledBatch, 'inputs' | 'sampleIds'>,
  classes: readonly ClassInfo[],
): Promise<RgbImage> {
  const area = labels.length / sampleIds.length;
  const side = Math.sqrt(area);
  const from = { width: side, height: side };
  const to = shownSize(from);
  const panels = sampleIds.slice(0, MAX_BATCH_PICTURES).map(async (caption, index): Promise<Panel> => {
    const pixels = imageOfPlanes(images.subarray(3 * index * area, 3 * (index + 1) * area), side);
    const picture = await resized({ data: pixels, ...from }, to);
    const mask = resizeMask(labels.subarray(index * area, (index + 1) * area), from, to);
    return { caption, image: { ...to, data: renderOverlay(picture, mask, classes, ALPHA) } };
  });
  const columns = Math.min(4, Math.ceil(Math.sqrt(panels.length)));
  return renderFigure(await Promise.all(panels), classes, columns);
}

/** Takes of a prediction what a sheet needs, so that the full masks can be freed. */
export function reducePrediction({ sample, truth, prediction, ...from }: ScoredPicture): SegmentedPicture {
  const to = shownSize(from);
  let known = 0;
  let right = 0;
  for (let i = 0; i < truth.length; i++) {
    if (truth[i] === IGNORE_INDEX) continue;
    known += 1;
    if (truth[i] === prediction[i]) right += 1;
  }
  const reduced = (mask: Uint8Array) => resizeMask(mask, from, to);
  return {
    sample,
    ...to,
    truth: reduced(truth),
    prediction: reduced(prediction),
    accuracy: right / known,
  };
}

/**
 * A row per picture: photograph, truth, prediction.
 *
 * @param pictures at least one; they may differ in size.
 * @throws OtxError `image` when a photograph can no longer be read.
 */
export async function drawPredictions(
  pictures: readonly SegmentedPicture[],
  classes: readonly ClassInfo[],
): Promise<RgbImage> {
  const frame = {
    width: Math.max(...pictures.map(({ width }) => width)),
    height: Math.max(...pictures.map(({ height }) => height)),
  };
  const rows = pictures.map(async (picture): Promise<Panel[]> => {
    const photograph = await resized(await readSampleImage(picture.sample), picture);
    const painted = (mask: Uint8Array) => ({
      ...photograph,
      data: renderOverlay(photograph, mask, classes, ALPHA),
    });
    const { accuracy } = picture;
    const score = Number.isNaN(accuracy) ? '' : `: ${(100 * accuracy).toFixed(1)} % right`;
    return [
      { caption: picture.sample.id, image: photograph },
      { caption: 'truth', image: painted(picture.truth) },
      { caption: `prediction${score}`, image: painted(picture.prediction) },
    ].map(({ caption, image }) => ({ caption, image: framed(image, frame) }));
  });
  return renderFigure((await Promise.all(rows)).flat(), classes, 3);
}
