/** @file Looking at predictions: the figure of the quickstart, and how far two sets of predicted masks agree. */

import sharp from '../data/images/sharp.js';
import { openDataset, readImage, readMask, resizeImage } from '../data/index.js';
import { type Panel, renderFigure } from '../drawing/figure.js';
import { readIndexMask } from '../drawing/index-mask.js';
import type { RgbImage } from '../drawing/overlay.js';
import { renderOverlay } from '../drawing/overlay.js';
import type { PredictedImage } from '../index.js';

/** Width of one picture of a figure in pixels. */
const PICTURE_WIDTH = 240;

/** Share of the pixels that have the same class in both sets of predictions of the same images. */
export async function agreement(
  some: readonly PredictedImage[],
  others: readonly PredictedImage[],
): Promise<number> {
  let same = 0;
  let total = 0;
  for (const [index, image] of some.entries()) {
    const classes = await readIndexMask(image.mask);
    const otherClasses = await readIndexMask(others[index]!.mask);
    same += classes.filter((label, pixel) => label === otherClasses[pixel]).length;
    total += classes.length;
  }
  return same / total;
}

/**
 * The bytes of a PNG with one row per image: picture, truth, prediction; with a legend below.
 *
 * @param data folder of the data set that the images belong to.
 */
export async function drawFigure(data: string, predictions: readonly PredictedImage[]): Promise<Uint8Array> {
  const dataset = await openDataset(data);
  const rows: RgbImage[] = [];
  for (const [index, prediction] of predictions.entries()) {
    const sample = dataset.samples.find(({ imagePath }) => imagePath === prediction.input)!;
    const image = await readImage(prediction.input);
    const truth = (await readMask(sample.maskPath, dataset.decodeMask)).data;
    const painted = (labels: Uint8Array) =>
      small({ ...image, data: renderOverlay(image, labels, dataset.classes, 0.6) });
    const panels: Panel[] = [
      { caption: 'image', image: small(image) },
      { caption: 'truth', image: painted(truth) },
      { caption: 'prediction', image: painted(await readIndexMask(prediction.mask)) },
    ];
    const isLast = index === predictions.length - 1;
    rows.push(await renderFigure(panels, isLast ? dataset.classes : []));
  }
  const { width } = rows[0]!;
  const height = rows.reduce((sum, row) => sum + row.height, 0);
  return sharp(Buffer.concat(rows.map(({ data }) => data)), {
    raw: { width, height, channels: 3 },
  })
    .png({ palette: true, effort: 10 })
    .toBuffer();
}

function small(image: RgbImage): RgbImage {
  const size = { width: PICTURE_WIDTH, height: Math.round((PICTURE_WIDTH * image.height) / image.width) };
  return { ...size, data: resizeImage(image.data, image, size) };
}
