/** @file What a data thread measures of a labelled image, so that what is unlike the rest of its data set can be found. */

import { createHash } from 'node:crypto';
import { readLabels } from '../formats/read-labels.js';
import { readSampleImage } from '../images/sample-image.js';
import { connectedRegions } from '../masks/connected-regions.js';
import type { DecodedImage, LabelMask, MaskCoding, Sample } from '../types.js';
import { borderCells, edgeCells } from './edge-cells.js';
import { cellsOf } from './gray-cells.js';
import { inBetween } from './in-between.js';
import { type Look, lookOf, thumbnailOf } from './look.js';
import { type Placement, placementOf } from './placement.js';
import { countSpecks } from './specks.js';

/** Cells along the longer side where labels are laid on edges. */
export const PLACEMENT_CELLS = 128;
/** Cells along both sides in which labels are compared. */
const LABEL_CELLS = 32;

export interface MeasureTask {
  readonly sample: Sample;
  readonly coding: MaskCoding;
}

/** All that findings are made of. */
export interface SampleMeasures {
  /** See {@link thumbnailOf}. */
  readonly thumbnail: Uint8Array;
  readonly look: Look;
  /** Pixels by class index, 255 for ignored ones. */
  readonly pixels: readonly number[];
  /** Digest of size and labels: equal for equal masks. */
  readonly labelsDigest: string;
  /** The labels in the middle of 32x32 patches. */
  readonly labelCells: Uint8Array;
  /** See {@link countSpecks}. */
  readonly specks: number;
  /** Pixel steps from one label to another, and those of them that a thin line of labels numbered in between takes part in. */
  readonly steps: number;
  readonly inBetween: number;
  /** Undefined for labels without borders, and for images without edges. */
  readonly placement: Placement | undefined;
}

/** @throws OtxError `image` for files that cannot be read. */
export async function measureSample({ sample, coding }: MeasureTask): Promise<SampleMeasures> {
  const image = await readSampleImage(sample);
  const labels = await readLabels(sample, coding);
  const pixels = new Array<number>(256).fill(0);
  for (const label of labels.data) pixels[label]!++;
  const regions = connectedRegions(labels.data, labels.width);
  return {
    thumbnail: thumbnailOf(image),
    look: lookOf(image),
    pixels,
    labelsDigest: digestOf(labels),
    labelCells: sampled(labels),
    specks: countSpecks(labels, regions),
    ...inBetween(labels),
    placement: placed(image, labels),
  };
}

function sampled({ data, width, height }: LabelMask): Uint8Array {
  const place = (cell: number, pixels: number) => Math.floor(((cell + 0.5) * pixels) / LABEL_CELLS);
  return Uint8Array.from(
    { length: LABEL_CELLS * LABEL_CELLS },
    (_, i) => data[place(Math.floor(i / LABEL_CELLS), height) * width + place(i % LABEL_CELLS, width)]!,
  );
}

const digestOf = ({ data, width, height }: LabelMask) =>
  createHash('sha256').update(`${width}x${height}\n`).update(data).digest('hex');

function placed(image: DecodedImage, labels: LabelMask): Placement | undefined {
  const edges = edgeCells(image, cellsOf(image, PLACEMENT_CELLS));
  const borders = borderCells(labels, edges);
  return borders.includes(1) && edges.data.some((value) => value !== 0)
    ? placementOf(edges, borders)
    : undefined;
}
