/** @file A sheet of augmented samples, so that a person can judge the augmentation before any training. */
import { breathe } from '../base/abortable.js';
import { OtxError } from '../base/errors.js';
import type { AugmentationName } from '../data/augmentation.js';
import {
  createTrainLoader,
  type LabeledBatch,
  type TrainLoaderOptions,
} from '../data/loaders/train-loader.js';
import { imageOfPlanes } from '../data/transforms/normalize.js';
import { resizeImage, resizeMask } from '../data/transforms/resize.js';
import type { Dataset } from '../data/types.js';
import { type Panel, renderFigure } from './figure.js';
import { type RgbImage, renderOverlay } from './overlay.js';

/** Side of a picture on the sheet in pixels; larger crops are reduced to it. */
const PICTURE = 256;

export interface AugmentationSheetOptions extends Pick<TrainLoaderOptions, 'tile' | 'rareCrops'> {
  readonly augmentation: AugmentationName;
  /** Side of the training crop in pixels. */
  readonly cropSize: number;
  /** Seed of the training that is previewed. */
  readonly seed: number;
  /** Samples to show. Default 12. */
  readonly count?: number;
  /** Samples per row. Default 4. */
  readonly columns?: number;
  readonly signal?: AbortSignal;
  /** Called after each sample. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Draws the first samples that a training with this seed would see, in its order: each picture as the network gets it
 * (normalisation undone) and below it the same with the classes painted over. Padding shows in the mean colour, without
 * a class. More samples than the data set has go on with the next epoch.
 * @throws OtxError `usage` for a size or count that is not a positive whole number, `dataset` for a data set without
 * samples, `image` naming a file that cannot be used, `aborted` when the signal fires.
 */
export async function renderAugmentationSheet(
  dataset: Dataset,
  options: AugmentationSheetOptions,
): Promise<RgbImage> {
  const {
    augmentation,
    cropSize,
    seed,
    tile,
    rareCrops,
    count = 12,
    columns = 4,
    signal,
    onProgress,
  } = options;
  for (const [name, value] of Object.entries({ count, columns })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new OtxError('usage', `${name} is ${value}; expected a positive whole number`);
    }
  }
  if (dataset.samples.length === 0) {
    throw new OtxError('dataset', `${dataset.root} has no samples to show`);
  }
  // Batches of one make every sample reachable; what a sample looks like does not depend on the batch size.
  const loader = createTrainLoader(dataset, {
    ...{ batchSize: 1, cropSize, seed, workers: 0, augmentation, tile, rareCrops },
  });
  try {
    const panels: Panel[] = [];
    for (let epoch = 0; panels.length < count; epoch++) {
      for await (const batch of loader.epoch(epoch, signal ? { signal } : {})) {
        panels.push(panelOf(batch, cropSize, dataset));
        onProgress?.(panels.length, count);
        await breathe(signal, 'drawing samples');
        if (panels.length === count) break;
      }
    }
    return await renderFigure(panels, dataset.classes, columns);
  } finally {
    await loader.dispose();
  }
}

/** The picture on top of its overlay. */
function panelOf({ inputs, sampleIds }: LabeledBatch, side: number, { classes }: Dataset): Panel {
  const { images, labels } = inputs;
  const from = { width: side, height: side };
  const shown = Math.min(side, PICTURE);
  const size = { width: shown, height: shown };
  const picture = { ...size, data: resizeImage(imageOfPlanes(images, side), from, size) };
  const overlay = renderOverlay(picture, resizeMask(labels, from, size), classes);
  const data = new Uint8Array(2 * overlay.length);
  data.set(picture.data);
  data.set(overlay, overlay.length);
  return { caption: sampleIds[0]!, image: { data, width: shown, height: 2 * shown } };
}
