/** @file The method of a training by its settings: the one place that knows all of them. */

import { join } from 'node:path';
import {
  createDetconLoader,
  createSupconLoader,
  type Dataset,
  type ImageStore,
  type StorageScheme,
  type ViewLoaderOptions,
} from '../data/index.js';
import { selfSupervised } from '../methods/detcon.js';
import type { Method } from '../methods/method.js';
import { PAIR_INTERVAL, supcon } from '../methods/supcon.js';
import { supervised } from '../methods/supervised.js';
import { contrastiveConfig, createSegmentor } from '../models/index.js';
import { type HyperParameters, inputSizes, type Template } from '../templates/index.js';
import { cacheFolder } from '../weights/index.js';

export interface MethodChoice {
  readonly template: Template;
  /** As they are used; nothing is left to be chosen, except that the batch size may still change. */
  readonly hyperParameters: HyperParameters;
  readonly trainSet: Dataset;
  readonly seed: number;
}

/** @throws OtxError `template` for a template whose network is unknown. */
export function chooseMethod({ template, hyperParameters, trainSet, seed }: MethodChoice): Method {
  const { optimizer, augmentation, num_workers, enable_supcon } = hyperParameters.learning_parameters;
  const { train_type, mem_cache_size } = hyperParameters.algo_backend;
  const sizes = inputSizes(hyperParameters);
  const views = (batchSize: number): ViewLoaderOptions => ({
    batchSize,
    size: sizes.train,
    stride: contrastiveConfig(template.model).stride,
    seed,
    workers: num_workers,
    cacheBytes: mem_cache_size,
  });
  const { samples, decodeMask } = trainSet;
  if (train_type === 'Selfsupervised') {
    return selfSupervised({
      model: template.model,
      optimizer,
      size: sizes.train,
      loader: (batchSize) => createDetconLoader({ samples, coding: undefined }, views(batchSize)),
    });
  }
  if (enable_supcon) {
    return supcon({
      model: template.model,
      numClasses: trainSet.classes.length,
      optimizer,
      sizes,
      loader: (batchSize, order) =>
        createSupconLoader(
          { samples, coding: decodeMask },
          { ...views(batchSize), order, pairInterval: PAIR_INTERVAL },
        ),
    });
  }
  return supervised({
    model: createSegmentor(template.model, { numClasses: trainSet.classes.length }),
    optimizer,
    sizes,
    trainSet,
    loading: {
      seed,
      workers: num_workers,
      recipe: augmentation,
      cacheBytes: mem_cache_size,
      store: imageStore(hyperParameters.algo_backend.storage_cache_scheme),
    },
  });
}

/** Copies of images of all data sets share a folder of the user's cache. */
function imageStore(scheme: StorageScheme): ImageStore | undefined {
  return scheme === 'NONE' ? undefined : { scheme, folder: join(cacheFolder(), 'images') };
}
