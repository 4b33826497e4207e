/** @file Settings that a training would have no use for, so that nobody believes they did something. */

import { OtxError, option } from '../../base/errors.js';
import { type HyperParameters, settings } from '../../settings/index.js';
import { trainingSettings } from '../../settings/training-settings.js';
import type { OwnFunctions } from './from-program.js';

/** @throws OtxError `usage` for a setting that changes nothing, with the reason. */
export function checkUsed(
  { augment, lossFunction }: Pick<OwnFunctions, 'augment' | 'lossFunction'>,
  { algo_backend, learning_parameters }: HyperParameters,
): void {
  const { class_weights, rare_crop_share, augmentation } = learning_parameters;
  const isSelf = algo_backend.train_type === 'Selfsupervised';
  const withoutClasses = isSelf ? 'self-supervised training knows no classes' : undefined;
  if (class_weights !== 'none') {
    refuse('classWeights', withoutClasses ?? (lossFunction && "a loss of one's own weighs classes itself"));
  }
  checkSemi(algo_backend.train_type, learning_parameters);
  if (rare_crop_share > 0) {
    const another = augment
      ? "an augmentation of one's own lays crops itself"
      : augmentation === 'views'
        ? 'the augmentation views lays no crops around anything'
        : undefined;
    refuse('rareCropShare', withoutClasses ?? another);
  }
  const { enable_supcon, supcon_positives, supcon_single_view, sync_batch_norm, accumulate } =
    learning_parameters;
  if (sync_batch_norm && accumulate === 1)
    refuse(
      'syncBatchNorm',
      `an update has one batch, which shares nothing; it goes with ${option('accumulate')}`,
    );
  const notContrastive = enable_supcon ? undefined : `it goes with ${option('contrastive')}, which is off`;
  if (supcon_positives !== 'image') refuse('contrastivePositives', notContrastive);
  if (supcon_single_view !== 'first') refuse('contrastiveSingleView', notContrastive);
  const whyNot = whyNoAverage(algo_backend.train_type, enable_supcon);
  if (learning_parameters.ema_decay > 0) refuse('emaDecay', whyNot);
  if (learning_parameters.swa_start < 1) refuse('swaStart', whyNot);
}

/** Why a training keeps no average of its weights beside them; undefined for one that does. */
function whyNoAverage(
  trainType: HyperParameters['algo_backend']['train_type'],
  isContrastive: boolean,
): string | undefined {
  if (trainType === 'Semisupervised')
    return `semi-supervised training averages by ${option('teacherMomentum')}, for its teacher`;
  const kind = trainType === 'Selfsupervised' ? 'self-supervised' : isContrastive ? 'contrastive' : undefined;
  return kind && `${kind} training keeps no average of its weights`;
}

/** Those that a mean teacher has no use for. */
const OF_UNIMATCH = ['unlabeledRampSteps', 'pseudoLabelThreshold', 'balancedThresholds'] as const;

function checkSemi(
  trainType: HyperParameters['algo_backend']['train_type'],
  learning: HyperParameters['learning_parameters'],
): void {
  const isUniMatch = learning.semi_method === 'unimatch';
  if (isUniMatch && trainType !== 'Semisupervised') {
    const needs = `two unlabeled images or more, ${option('unlabeledData')}`;
    refuse('semiMethod', `a training of the kind ${trainType} learns from none; it takes ${needs}`);
  }
  const values: Readonly<Record<string, unknown>> = settings.toFlat({ learning_parameters: learning });
  for (const name of isUniMatch ? [] : OF_UNIMATCH)
    if (values[name] !== trainingSettings[name].default)
      refuse(name, `only ${option('semiMethod')} unimatch has a use for it`);
}

function refuse(name: string, reason: string | undefined): void {
  if (reason !== undefined) throw new OtxError('usage', `${option(name)}: ${reason}; leave it out`);
}
