/** @file Labels of two images that fit when they are exchanged. */

import { throwIfAborted } from '../../base/abortable.js';
import { readSampleImage } from '../../data/images/sample-image.js';
import { type LabelMask, type MaskCoding, readLabels } from '../../data/index.js';
import { borderCells, edgeCells } from '../../data/measures/edge-cells.js';
import type { CellMap } from '../../data/measures/gray-cells.js';
import { cellsOf } from '../../data/measures/gray-cells.js';
import { PLACEMENT_CELLS } from '../../data/measures/measure-sample.js';
import { fitOn } from '../../data/measures/placement.js';
import type { ExaminedImage, Found } from './finding.js';
import { nameOf } from './name-of.js';

/** All pairs are looked at: with more images only the worst ones. */
const MOST = 60;
/** Parts of the usual fit: how well both fit the other's labels at least, and how much better than their own. */
const WELL = 0.6;
const BETTER = 0.3;

/**
 * Reads the suspects once more and lays the labels of each on the edges of the others.
 *
 * @throws OtxError `image` for files that can no longer be read, `aborted`.
 */
export async function findExchanged(
  suspects: readonly ExaminedImage[],
  usualFit: number,
  codingOf: (image: ExaminedImage) => MaskCoding,
  signal: AbortSignal | undefined,
): Promise<Found[]> {
  const own = (image: ExaminedImage) => image.measures.placement!.own.fit;
  const worst = [...suspects].sort((a, b) => own(a) - own(b)).slice(0, MOST);
  const read: { image: ExaminedImage; edges: CellMap; labels: LabelMask }[] = [];
  for (const image of worst) {
    throwIfAborted(signal, 'labels were compared');
    const picture = await readSampleImage(image.sample);
    const edges = edgeCells(picture, cellsOf(picture, PLACEMENT_CELLS));
    read.push({ image, edges, labels: await readLabels(image.sample, codingOf(image)) });
  }
  const pairs = read.flatMap((a, i) =>
    read.slice(i + 1).map((b) => {
      const fits = [
        [a, fitOn(a.edges, borderCells(b.labels, a.edges))],
        [b, fitOn(b.edges, borderCells(a.labels, b.edges))],
      ] as const;
      const gain = Math.min(...fits.map(([{ image }, fit]) => fit - own(image)));
      const isFit = fits.every(([, fit]) => fit >= WELL * usualFit) && gain >= BETTER * usualFit;
      return { images: [a.image, b.image] as const, gain: isFit ? gain : 0 };
    }),
  );
  const taken = new Set<ExaminedImage>();
  const found: Found[] = [];
  for (const { images, gain } of pairs.sort((a, b) => b.gain - a.gain)) {
    if (gain === 0 || images.some((image) => taken.has(image))) continue;
    for (const image of images) taken.add(image);
    const [first, second] = images.map(nameOf);
    found.push({
      kind: 'exchanged',
      message: `the labels of ${first} fit ${second}, and the other way round`,
      images,
    });
  }
  return found;
}
