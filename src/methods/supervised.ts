/** @file Supervised training: cross entropy on labelled images, gradients and an optimiser, all in one step graph. */

import { createTrainLoader, type Dataset, type TrainLoaderOptions } from '../data/index.js';
import type { Method } from './method.js';
import { batchPictures } from './pictures.js';
import { type SupervisedGraphs, supervisedGraphs } from './supervised-steps.js';

export interface SupervisedOptions extends SupervisedGraphs {
  readonly trainSet: Dataset;
  /** How labeled images are loaded. */
  readonly loading: Omit<TrainLoaderOptions, 'batchSize' | 'cropSize' | 'order'>;
}

/** Learning from images with masks alone. */
export function supervised(options: SupervisedOptions): Method {
  const { sizes, trainSet, loading } = options;
  return {
    ...supervisedGraphs(options),
    loader: (batchSize, order) =>
      createTrainLoader(trainSet, { ...loading, batchSize, cropSize: sizes.train, ...(order && { order }) }),
    pictures: () => batchPictures('supervised', trainSet.classes),
  };
}
