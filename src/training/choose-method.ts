/** @file The method of a training by its settings: the one place that knows all of them. */

import { join } from 'node:path';
import type { Dataset, ImageStore, StorageScheme } from '../data/index.js';
import type { Method } from '../methods/method.js';
import { supervised } from '../methods/supervised.js';
import { createSegmentor } from '../models/index.js';
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
  const { optimizer, augmentation, num_workers } = hyperParameters.learning_parameters;
  return supervised({
    model: createSegmentor(template.model, { numClasses: trainSet.classes.length }),
    optimizer,
    sizes: inputSizes(hyperParameters),
    trainSet,
    loading: {
      seed,
      workers: num_workers,
      recipe: augmentation,
      cacheBytes: hyperParameters.algo_backend.mem_cache_size,
      store: imageStore(hyperParameters.algo_backend.storage_cache_scheme),
    },
  });
}

/** Copies of images of all data sets share a folder of the user's cache. */
function imageStore(scheme: StorageScheme): ImageStore | undefined {
  return scheme === 'NONE' ? undefined : { scheme, folder: join(cacheFolder(), 'images') };
}
