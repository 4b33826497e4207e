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
  /** Class of each pixel, HW; undefined where none is proposed. */
  readonly labels: Uint8Array | undefined;
}

/** Takes of a picture what the sheet needs. @param labels at its size, if there are any */
export async function proposalOf(
  image: DecodedImage,
  labels: Uint8Array | undefined,
  caption: string,
): Promise<Proposal> {
  const to = shownSize(image);
  return { caption, image: await resized(image, to), labels: labels && resizeMask(labels, image, to) };
}

/** Each picture, beside itself with its classes where they are proposed. @param proposals at least one; they may differ in size */
export async function drawProposals(
  proposals: readonly Proposal[],
  classes: readonly ClassInfo[],
): Promise<RgbImage> {
  const frame = {
    width: Math.max(...proposals.map(({ image }) => image.width)),
    height: Math.max(...proposals.map(({ image }) => image.height)),
  };
  const panels = proposals.flatMap(({ caption, image, labels }) => {
    const plain = { caption, image: framed(image, frame) };
    if (!labels) return [plain];
    const painted = { ...image, data: renderOverlay(image, labels, classes, ALPHA) };
    return [plain, { caption: 'proposal', image: framed(painted, frame) }];
  });
  return renderFigure(panels, classes, Math.min(panels.length, 2 * PAIRS));
}
