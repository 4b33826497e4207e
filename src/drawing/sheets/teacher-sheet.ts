/** @file Contact sheet of semi-supervised training: what the teacher says, and what the student makes of it. */

import type { ClassInfo, PairedBatch } from '../../data/index.js';
import { imageOfPlanes } from '../../data/transforms/normalize.js';
import { resizeMask } from '../../data/transforms/resize.js';
import { type Panel, renderFigure } from '../figure.js';
import type { RgbImage } from '../overlay.js';
import { renderOverlay } from '../overlay.js';
import { resized, shownSize } from './pictures.js';

/** Unlabeled images on a sheet. */
const MAX_ROWS = 6;
const ALPHA = 0.5;

/** What a step has made of the unlabeled images of its batch. */
export interface TeacherOpinion {
  /** uint8 [U, S, S] of the teacher, on the weak views; 255 where a pixel is not learned from. */
  readonly pseudoLabels: Uint8Array;
  /** uint8 [U, S', S'] of the student, on the strong views. */
  readonly predictions: Uint8Array;
}

/**
 * A row per unlabeled image: weak view, the same with the pseudo-labels over it (bare where they are dropped), strong view,
 * the same with the student's prediction over it.
 */
export async function drawTeacherSheet(
  { inputs, sampleIds }: Pick<PairedBatch, 'inputs' | 'sampleIds'>,
  { pseudoLabels, predictions }: TeacherOpinion,
  classes: readonly ClassInfo[],
): Promise<RgbImage> {
  const area = (inputs.labels.length + pseudoLabels.length) / sampleIds.length;
  const count = pseudoLabels.length / area;
  const ids = sampleIds.slice(sampleIds.length - count);
  const square = (side: number) => ({ width: side, height: side });
  const size = square(Math.sqrt(area));
  const coarse = square(Math.sqrt(predictions.length / count));
  const to = shownSize(size);

  const row = async (id: string, n: number): Promise<Panel[]> => {
    const picture = (planes: Float32Array) => {
      const pixels = imageOfPlanes(planes.subarray(3 * n * area, 3 * (n + 1) * area), size.width);
      return resized({ data: pixels, ...size }, to);
    };
    const painted = (image: RgbImage, masks: Uint8Array, from: typeof size) => {
      const length = from.width * from.height;
      const mask = resizeMask(masks.subarray(n * length, (n + 1) * length), from, to);
      return { ...to, data: renderOverlay(image, mask, classes, ALPHA) };
    };
    const [weak, strong] = [await picture(inputs.weak), await picture(inputs.strong)];
    return [
      { caption: id, image: weak },
      { caption: 'pseudo-labels of the teacher', image: painted(weak, pseudoLabels, size) },
      { caption: 'strong view', image: strong },
      { caption: 'prediction of the student', image: painted(strong, predictions, coarse) },
    ];
  };
  const rows = await Promise.all(ids.slice(0, MAX_ROWS).map(row));
  return renderFigure(rows.flat(), classes, 4);
}
