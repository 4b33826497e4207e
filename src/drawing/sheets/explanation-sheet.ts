/** @file The sheet of one picture that was explained: its classes, and what maps of it show. */

import type { Size } from '../../data/transforms/geometry.js';
import { resizeMask } from '../../data/transforms/resize.js';
import { type Panel, renderFigure } from '../figure.js';
import { heatOverlay } from '../heat.js';
import { type PaintedClass, type RgbImage, renderOverlay } from '../overlay.js';
import { resized, shownSize } from './pictures.js';

/** A map with the words above it. */
export interface CaptionedMap {
  readonly caption: string;
  /** 8 bits a pixel. */
  readonly levels: Uint8Array;
}

/** What is drawn; image, labels and maps have one size. */
export interface ExplainedPicture extends Size {
  readonly image: RgbImage;
  readonly labels: Uint8Array;
  readonly maps: readonly CaptionedMap[];
}

const COLUMNS = 4;

/**
 * The picture, its classes, and each map over it.
 *
 * @param classes by index. @param shown those of the legend.
 * @param weight of the maps' colours, 0 to 1.
 */
export async function drawExplanation(
  { image, labels, maps, ...size }: ExplainedPicture,
  classes: readonly PaintedClass[],
  shown: readonly PaintedClass[],
  weight: number,
): Promise<RgbImage> {
  const to = shownSize(size);
  const picture = await resized(image, to);
  const painted = { ...picture, data: renderOverlay(picture, resizeMask(labels, size, to), classes) };
  const panels: Panel[] = [
    { caption: 'picture', image: picture },
    { caption: 'classes', image: painted },
    ...maps.map(({ caption, levels }) => ({
      caption,
      image: heatOverlay(picture, resizeMask(levels, size, to), weight),
    })),
  ];
  return renderFigure(panels, shown, COLUMNS);
}
