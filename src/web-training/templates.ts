/** @file The templates that are trained in a browser, with their settings: those of their files, which browsers cannot read. A test compares. */

import { OtxError } from '../base/errors.js';
import type { HyperParameters } from '../settings/index.js';

/** A template, as far as a browser needs it. */
export interface WebTemplate {
  readonly id: string;
  readonly name: string;
  readonly model: string;
  readonly hyperParameters: HyperParameters;
}

const DEFAULTS: HyperParameters = {
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
    swa_start: 1,
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
    sync_batch_norm: false,
    sigma_scale: 'fixed',
    validation_interval: 1,
  },
  tiling_parameters: { tile_size: 'auto', tile_overlap: 0.25 },
  postprocessing: { confidence_threshold: 0.35, result_based_confidence_threshold: true },
  algo_backend: { train_type: 'Incremental', mem_cache_size: 1000000000, storage_cache_scheme: 'NONE' },
};

const hrnet = (size: 's' | '18'): WebTemplate => ({
  id: `Custom_Semantic_Segmentation_Lite-HRNet-${size}-mod2_OCR`,
  name: `Lite-HRNet-${size}-mod2`,
  model: `lite-hrnet-${size}`,
  hyperParameters: DEFAULTS,
});

/** The smallest and fastest network first. */
export const WEB_TEMPLATES = {
  'Lite-HRNet-s-mod2': hrnet('s'),
  'Lite-HRNet-18-mod2': hrnet('18'),
  'SegNext-t': {
    id: 'Custom_Semantic_Segmentation_SegNext_t',
    name: 'SegNext-t',
    model: 'segnext-t',
    hyperParameters: {
      ...DEFAULTS,
      learning_parameters: {
        ...DEFAULTS.learning_parameters,
        optimizer: 'adamw',
        learning_rate: 0.00008,
        learning_rate_warmup_iters: 20,
        learning_rate_schedule: 'poly',
        plateau_iteration_patience: 0,
        num_iters: 170,
        early_stop_start: 15,
        early_stop_patience: 10,
        early_stop_iteration_patience: 0,
      },
    },
  },
} as const satisfies Record<string, WebTemplate>;

/** One of the templates that are trained in a browser. */
export type WebTemplateName = keyof typeof WEB_TEMPLATES;

/** @throws OtxError `usage` for one that is not trained in a browser. */
export function webTemplate(name: string): WebTemplate {
  if (Object.hasOwn(WEB_TEMPLATES, name)) return WEB_TEMPLATES[name as WebTemplateName];
  throw new OtxError(
    'usage',
    `template is ${name}; a browser trains ${Object.keys(WEB_TEMPLATES).join(', ')}; others are trained by otx train`,
  );
}
