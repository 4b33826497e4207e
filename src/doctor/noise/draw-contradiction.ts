/** @file A contradiction for people: the labels, what the model sees, and where it is sure that they are wrong. */

import { readSampleImage } from '../../data/images/sample-image.js';
import { BACKGROUND, type ClassInfo, type MaskCoding, readLabels, type Sample } from '../../data/index.js';
import type { Size } from '../../data/transforms/geometry.js';
import { resizeMask } from '../../data/transforms/resize.js';
import { renderFigure } from '../../drawing/figure.js';
import { encodePng, type PaintedClass, renderOverlay } from '../../drawing/overlay.js';
import { paintedOverGray, resized, shownSize } from '../../drawing/sheets/pictures.js';

/** Strong enough to tell the classes apart, weak enough to see the photograph. */
const ALPHA = 0.5;
/** In place of the background, which pictures leave unpainted. */
const NOTHING = { name: `${BACKGROUND} instead`, color: [255, 0, 170] } as const satisfies PaintedClass;

/** What is drawn. */
export interface DrawnContradiction {
  readonly sample: Sample;
  /** How its mask is read, with the classes of the model. */
  readonly coding: MaskCoding;
  /** The model's class of every cell, and 1 + it where the model contradicts the labels, else 0; HW at `grid`. */
  readonly guess: Uint8Array;
  readonly marked: Uint8Array;
  readonly grid: Size;
}

/**
 * Three pictures side by side with a legend, as the bytes of a PNG.
 *
 * @throws OtxError `image` when the files can no longer be read.
 */
export async function drawContradiction(
  { sample, coding, guess, marked, grid }: DrawnContradiction,
  classes: readonly ClassInfo[],
): Promise<Uint8Array> {
  const to = shownSize(sample);
  const photograph = await resized(await readSampleImage(sample), to);
  const labels = await readLabels(sample, coding);
  const painted = (mask: Uint8Array, from: Size) => ({
    ...to,
    data: renderOverlay(photograph, resizeMask(mask, from, to), classes, ALPHA),
  });
  const [, ...others] = classes;
  const figure = await renderFigure(
    [
      { caption: 'labels', image: painted(labels.data, labels) },
      { caption: 'model', image: painted(guess, grid) },
      {
        caption: 'the model is sure of',
        image: paintedOverGray(photograph, resizeMask(marked, grid, to), [NOTHING, ...others]),
      },
    ],
    [...classes, NOTHING],
  );
  return encodePng(figure);
}
