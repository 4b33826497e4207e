/** @file The sheet of the worst images of an evaluation: what is there, what was said, and where these differ. */

import { readSampleImage } from '../../data/images/sample-image.js';
import { type ClassInfo, IGNORE_INDEX, type Sample } from '../../data/index.js';
import type { Size } from '../../data/transforms/geometry.js';
import { resizeMask } from '../../data/transforms/resize.js';
import { type Panel, renderFigure } from '../figure.js';
import { type PaintedClass, type RgbImage, renderOverlay } from '../overlay.js';
import { framed, paintedOverGray, resized, shownSize } from './pictures.js';

/** Strong enough to tell the classes apart, weak enough to see the photograph. */
const ALPHA = 0.5;
const WRONG: PaintedClass = { name: 'wrong pixels', color: [255, 0, 170] };

/** True and predicted classes of an image at its original size, HW, and its scores. */
export interface ScoredPrediction extends Size {
  readonly sample: Sample;
  readonly truth: Uint8Array;
  readonly prediction: Uint8Array;
  /** Mean Dice; NaN when the image has no pixel with a truth. */
  readonly mDice: number;
  /** Share of the pixels with a truth that were predicted right; NaN when there are none. */
  readonly accuracy: number;
}

/** Takes of a prediction what the sheet needs, so that the full masks can be freed. */
export function reduceScored(image: ScoredPrediction): ScoredPrediction {
  const { sample, mDice, accuracy } = image;
  const to = shownSize(image);
  const [truth, prediction] = [image.truth, image.prediction].map((mask) => resizeMask(mask, image, to));
  return { sample, mDice, accuracy, ...to, truth: truth!, prediction: prediction! };
}

/**
 * A row per image: the photograph with its true classes, with the predicted ones, and with the pixels that are wrong.
 *
 * @param images reduced ones, at least one; they may differ in size.
 * @throws OtxError `image` when a photograph can no longer be read.
 */
export async function drawWorst(
  images: readonly ScoredPrediction[],
  classes: readonly ClassInfo[],
): Promise<RgbImage> {
  const frame = {
    width: Math.max(...images.map(({ width }) => width)),
    height: Math.max(...images.map(({ height }) => height)),
  };
  const panels: Panel[] = [];
  // One after the other: the photographs are decoded at their full size.
  for (const image of images) {
    const photograph = await resized(await readSampleImage(image.sample), image);
    const painted = (mask: Uint8Array) => ({
      ...photograph,
      data: renderOverlay(photograph, mask, classes, ALPHA),
    });
    const row: Panel[] = [
      { caption: image.sample.id, image: painted(image.truth) },
      { caption: `predicted${scoreOf(image)}`, image: painted(image.prediction) },
      { caption: `wrong${errorOf(image)}`, image: withErrors(photograph, image) },
    ];
    panels.push(...row.map(({ caption, image }) => ({ caption, image: framed(image, frame) })));
  }
  return renderFigure(panels, [...classes, WRONG], 3);
}

const scoreOf = ({ mDice }: ScoredPrediction): string =>
  Number.isNaN(mDice) ? '' : `, Dice ${mDice.toFixed(3)}`;

const errorOf = ({ accuracy }: ScoredPrediction): string =>
  Number.isNaN(accuracy) ? '' : `: ${(100 * (1 - accuracy)).toFixed(1)} %`;

function withErrors(photograph: RgbImage, { truth, prediction }: ScoredPrediction): RgbImage {
  const isWrong = (label: number, index: number) => label !== IGNORE_INDEX && label !== prediction[index];
  return paintedOverGray(
    photograph,
    truth.map((label, index) => (isWrong(label, index) ? 1 : 0)),
    [WRONG],
  );
}
