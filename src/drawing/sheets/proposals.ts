/** @file The sheet of pictures that are to be labelled, with what a model sees in them. */

import type { ClassInfo, DecodedImage } from '../../data/index.js';
import { resizeMask } from '../../data/transforms/resize.js';
import { renderFigure } from '../figure.js';
import { type RgbImage, renderOverlay } from '../overlay.js';
import { framed, resized, shownSize } from './pictures.js';

const ALPHA = 0.5;
/** Pairs side by side. */
const PAIRS = 2;

/** A picture and its classes, reduced to the size of a sheet. */
export interface Proposal {
  readonly caption: string;
  readonly image: RgbImage;
  /** Class of each pixel, HW. */
  readonly labels: Uint8Array;
}

/** Takes of a picture what the sheet needs. @param labels at its size */
export async function proposalOf(
  image: DecodedImage,
  labels: Uint8Array,
  caption: string,
): Promise<Proposal> {
  const to = shownSize(image);
  return { caption, image: await resized(image, to), labels: resizeMask(labels, image, to) };
}

/** Each picture beside itself with its classes. @param proposals at least one; they may differ in size */
export async function drawProposals(
  proposals: readonly Proposal[],
  classes: readonly ClassInfo[],
): Promise<RgbImage> {
  const frame = {
    width: Math.max(...proposals.map(({ image }) => image.width)),
    height: Math.max(...proposals.map(({ image }) => image.height)),
  };
  const panels = proposals.flatMap(({ caption, image, labels }) => {
    const painted = { ...image, data: renderOverlay(image, labels, classes, ALPHA) };
    return [
      { caption, image: framed(image, frame) },
      { caption: 'proposal', image: framed(painted, frame) },
    ];
  });
  return renderFigure(panels, classes, Math.min(panels.length, 2 * PAIRS));
}
