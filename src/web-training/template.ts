/** @file The template that is trained in a browser, with its settings: those of its file, which browsers cannot read. A test compares. */

import type { HyperParameters } from '../settings/index.js';

/** The smallest and fastest network. */
export const WEB_TEMPLATE: {
  readonly id: string;
  readonly name: string;
  readonly model: string;
  readonly hyperParameters: HyperParameters;
} = {
  id: 'Custom_Semantic_Segmentation_Lite-HRNet-s-mod2_OCR',
  name: 'Lite-HRNet-s-mod2',
  model: 'lite-hrnet-s',
  hyperParameters: {
    learning_parameters: {
      batch_size: 8,
      optimizer: 'adam',
      loss: 'cross_entropy',
      class_weights: 'none',
      rare_crop_share: 0,
      learning_rate: 0.001,
      learning_rate_warmup_iters: 100,
      learning_rate_schedule: 'plateau',
      plateau_iteration_patience: 300,
      ema_decay: 0,
      num_iters: 300,
      num_workers: 2,
      auto_num_workers: false,
      enable_early_stopping: true,
      early_stop_start: 3,
      early_stop_patience: 5,
      early_stop_iteration_patience: 300,
      use_adaptive_interval: false,
      enable_supcon: false,
      supcon_positives: 'image',
      supcon_single_view: 'first',
      auto_adapt_batch_size: 'Safe',
      input_size: 'Default',
      augmentation: 'documented',
      semi_method: 'mean-teacher',
      unlabeled_batch_size: 5,
      ema_momentum: 0.99,
      unsupervised_weight: 0.1,
      unsupervised_ramp_iters: 100,
      pseudo_label_threshold: 0.95,
      balanced_thresholds: false,
      prototype_axis: 'channels',
      semisl_start_epoch: 1,
      accumulate: 1,
      sigma_scale: 'fixed',
      validation_interval: 1,
    },
    tiling_parameters: { tile_size: 'auto', tile_overlap: 0.25 },
    postprocessing: { confidence_threshold: 0.35, result_based_confidence_threshold: true },
    algo_backend: { train_type: 'Incremental', mem_cache_size: 1000000000, storage_cache_scheme: 'NONE' },
  },
};
