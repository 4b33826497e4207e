/** @file How the documented settings of a template change with the kind of training. */

import {
  type HyperParameterOverrides,
  type HyperParameters,
  resolveHyperParameters,
} from '../settings/index.js';
import type { Template } from './template-type.js';

export type TrainType = HyperParameters['algo_backend']['train_type'];

/** Seed of the reference recipe, and the one it has for self-supervised training. */
export const DEFAULT_SEED = 42;
const SELF_SUPERVISED_SEED = 5;

/** What contrastive training does to images by default. */
const CONTRASTIVE_VIEWS = 'views';

/** Of the loss on unlabeled images: it counts as much as that on labeled ones, once the teacher is sure of all pixels. */
const UNIMATCH_WEIGHT = 1;

/** Seed of a training for which none was chosen. */
export const defaultSeed = (trainType: TrainType): number =>
  trainType === 'Selfsupervised' ? SELF_SUPERVISED_SEED : DEFAULT_SEED;

/**
 * The settings of a template, with those that this kind of training has instead. What was asked for decides the kind, and is not
 * on top.
 *
 * @throws OtxError `usage` as `checkHyperParameters`.
 */
export function documentedSettings(
  template: Pick<Template, 'model' | 'hyperParameters'>,
  trainType: TrainType,
  asked: HyperParameterOverrides,
): HyperParameters {
  const { enable_supcon: isContrastive, semi_method } = resolveHyperParameters(
    template,
    asked,
  ).learning_parameters;
  const learning_parameters =
    trainType === 'Selfsupervised'
      ? selfSupervised(template.model)
      : isContrastive
        ? { learning_rate_warmup_iters: 50, augmentation: CONTRASTIVE_VIEWS }
        : trainType === 'Semisupervised' && semi_method === 'unimatch'
          ? { unsupervised_weight: UNIMATCH_WEIGHT }
          : {};
  return resolveHyperParameters(template, { learning_parameters, algo_backend: { train_type: trainType } });
}

function selfSupervised(model: string): HyperParameterOverrides['learning_parameters'] {
  const isLarge = model.startsWith('segnext');
  return {
    batch_size: isLarge ? 32 : 16,
    optimizer: 'sgd',
    learning_rate: isLarge ? 1e-4 : 1e-3,
    learning_rate_warmup_iters: 0,
    learning_rate_schedule: 'constant',
    num_iters: 10,
    enable_early_stopping: false,
    input_size: '224x224',
    augmentation: CONTRASTIVE_VIEWS,
  };
}
