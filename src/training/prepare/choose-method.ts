/** @file The method of a training by its settings: the one place that knows all of them. */

import { join } from 'node:path';
import { sigmaScaleOf } from '../../data/augmentation.js';
import {
  createDetconLoader,
  createSupconLoader,
  type Dataset,
  type ImageCache,
  type Share,
  type StorageScheme,
  type UnlabeledImages,
  type ViewLoaderOptions,
} from '../../data/index.js';
import { lossOf } from '../../losses/index.js';
import { selfSupervised } from '../../methods/detcon.js';
import { type MeanTeacherOptions, meanTeacher } from '../../methods/mean-teacher.js';
import type { Method } from '../../methods/method.js';
import { PAIR_INTERVAL, supcon } from '../../methods/supcon.js';
import { supervised } from '../../methods/supervised.js';
import { uniMatch } from '../../methods/unimatch.js';
import {
  contrastiveConfig,
  createBackbone,
  createFeatureSegmentor,
  createHead,
  createSegmentor,
} from '../../models/index.js';
import { type HyperParameters, inputSizes } from '../../settings/index.js';
import { parseTile } from '../../settings/kinds.js';
import type { Template } from '../../templates/index.js';
import { cacheFolder } from '../../weights/index.js';
import type { OwnFunctions } from '../options/from-program.js';

export interface MethodChoice {
  readonly template: Template;
  /** As they are used; nothing is left to be chosen, except that the batch size may still change. */
  readonly hyperParameters: HyperParameters;
  readonly trainSet: Dataset;
  /** Images without masks, for semi-supervised training. */
  readonly unlabeled: UnlabeledImages | undefined;
  readonly seed: number;
  /** Memory for decoded images. */
  readonly cacheBytes: number;
  /** Share of the pixels of each class; undefined where nothing is known of them. */
  readonly shares?: readonly number[] | undefined;
  /** How much a pixel of each class counts in the loss. Default: all alike. */
  readonly weights?: readonly number[] | undefined;
  /** How steps have several batches. */
  readonly share?: Share | undefined;
  /** Functions of the caller in place of what the settings name. */
  readonly own: OwnFunctions;
}

/** @throws OtxError `template` for a template whose network is unknown. */
export function chooseMethod(choice: MethodChoice): Method {
  const { template, hyperParameters, trainSet, unlabeled, seed, cacheBytes, own, shares, weights, share } =
    choice;
  const settings = hyperParameters.learning_parameters;
  const { optimizer, augmentation, num_workers, enable_supcon } = settings;
  const { classes } = trainSet;
  const numClasses = classes.length;
  const { train_type } = hyperParameters.algo_backend;
  const sizes = inputSizes(hyperParameters);
  const loss = own.lossFunction ?? lossOf(settings.loss, weights);
  const imageCache = imageCacheOf(hyperParameters.algo_backend.storage_cache_scheme);
  const tile = parseTile(hyperParameters.tiling_parameters.tile_size);
  const rareCrops =
    settings.rare_crop_share > 0 && shares
      ? { share: settings.rare_crop_share, classShares: shares }
      : undefined;
  const sigmaScale = sigmaScaleOf(settings.sigma_scale, sizes.train);
  const views = (batchSize: number): ViewLoaderOptions => ({
    batchSize,
    augmentation,
    size: sizes.train,
    stride: contrastiveConfig(template.model).stride,
    seed,
    workers: num_workers,
    cacheBytes,
    imageCache,
    tile,
    rareCrops,
    sigmaScale,
    share,
  });
  const { samples, decodeMask } = trainSet;
  if (train_type === 'Selfsupervised') {
    return selfSupervised({
      model: template.model,
      optimizer,
      size: sizes.train,
      samples,
      loader: (batchSize) => createDetconLoader({ samples, coding: undefined }, views(batchSize)),
    });
  }
  if (enable_supcon) {
    return supcon({
      model: template.model,
      classes,
      optimizer,
      loss,
      positives: settings.supcon_positives,
      sizes,
      loader: (batchSize, order) =>
        createSupconLoader(
          { samples, coding: decodeMask },
          {
            ...views(batchSize),
            order,
            pairInterval: PAIR_INTERVAL,
            singleView: settings.supcon_single_view,
          },
        ),
    });
  }
  const options = {
    model: own.model ? own.model({ numClasses }) : createSegmentor(template.model, { numClasses }),
    optimizer,
    loss,
    sizes,
    trainSet,
    loading: {
      seed,
      workers: num_workers,
      augmentation: own.augment ?? augmentation,
      cacheBytes,
      imageCache,
      tile,
      rareCrops,
      sigmaScale,
      share,
    },
  };
  const { ema_decay: emaDecay, swa_start: swaStart } = settings;
  if (!unlabeled) return supervised({ ...options, emaDecay, swaStart });
  return semiSupervised({ ...options, unlabeled }, choice);
}

/** Learning from images without masks as well, by the method that the settings name. */
function semiSupervised(
  options: Omit<MeanTeacherOptions, 'teaching'>,
  { template, hyperParameters, own, trainSet }: MethodChoice,
): Method {
  const settings = hyperParameters.learning_parameters;
  const numClasses = trainSet.classes.length;
  const teaching = {
    unlabeledBatchSize: settings.unlabeled_batch_size,
    momentum: settings.ema_momentum,
    unsupervisedWeight: settings.unsupervised_weight,
    startEpoch: settings.semisl_start_epoch,
  };
  // Of features, and of what lies before and behind them, only the networks of the templates tell.
  const name = own.model ? undefined : template.model;
  if (settings.semi_method === 'unimatch') {
    return uniMatch({
      ...options,
      parts: name ? { backbone: createBackbone(name), head: createHead(name, numClasses) } : undefined,
      teaching: {
        ...teaching,
        rampSteps: settings.unsupervised_ramp_iters,
        threshold: settings.pseudo_label_threshold,
        isBalanced: settings.balanced_thresholds,
      },
    });
  }
  const features = name ? createFeatureSegmentor(name, { numClasses }) : undefined;
  return meanTeacher({
    ...options,
    prototypes: features && { model: features, classes: numClasses, axis: settings.prototype_axis },
    teaching,
  });
}

/** Where copies of images are kept, those of all data sets in one folder of the user's cache; undefined for none. */
export function imageCacheOf(scheme: StorageScheme): ImageCache | undefined {
  return scheme === 'NONE' ? undefined : { scheme, folder: join(cacheFolder(), 'images') };
}
