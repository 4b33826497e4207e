/** @file The settings of semi-supervised training, a part of the record of all settings. */

import { PROJECTION_AXES } from '../models/index.js';
import { boolean, choice, float, integer } from './kinds.js';
import type { SettingRecord } from './setting.js';

/** What a training does with images without masks; see training-settings.ts. */
export const unlabeledSettings = {
  semiMethod: {
    ...choice(['mean-teacher', 'unimatch']),
    param: 'learning_parameters.semi_method',
    flag: {
      long: '--semi',
      value: '<method>',
      help: 'how unlabeled images are learned from: mean-teacher or unimatch (default: mean-teacher)',
    },
    default: 'mean-teacher',
    affects: 'result',
    onResume: 'fixed',
    description:
      'semi-supervised training: mean-teacher, as the reference has it; unimatch: labels that the teacher is sure of, for two ' +
      'strong views mixed with other images, with complementary dropout of features',
  },
  unlabeledBatchSize: {
    ...integer({ min: 1, max: 512 }),
    param: 'learning_parameters.unlabeled_batch_size',
    default: 5,
    unit: 'images',
    affects: 'result',
    onResume: 'fixed',
    description: 'semi-supervised training: unlabeled images per training step; reduced when there are fewer',
  },
  teacherMomentum: {
    ...float({ min: 0, max: 1 }),
    param: 'learning_parameters.ema_momentum',
    default: 0.99,
    affects: 'result',
    onResume: 'fixed',
    description:
      'semi-supervised training: what the teacher keeps of itself in a step; the rest it takes from the student',
  },
  unlabeledWeight: {
    ...float({ min: 0, max: 100 }),
    param: 'learning_parameters.unsupervised_weight',
    default: 0.1,
    affects: 'result',
    onResume: 'fixed',
    description: 'semi-supervised training: weight of the loss on unlabeled images; default of unimatch is 1',
  },
  unlabeledRampSteps: {
    ...integer({ min: 0, max: 10000 }),
    param: 'learning_parameters.unsupervised_ramp_iters',
    default: 100,
    unit: 'steps',
    affects: 'result',
    onResume: 'fixed',
    description:
      'unimatch: steps with unlabeled images over which the weight of their loss rises; 0 gives all of it at once',
  },
  pseudoLabelThreshold: {
    ...float({ min: 0, max: 1 }),
    param: 'learning_parameters.pseudo_label_threshold',
    default: 0.95,
    affects: 'result',
    onResume: 'fixed',
    description:
      'unimatch: probability from which on what the teacher says of an unlabeled pixel is its label',
  },
  balancedThresholds: {
    ...boolean(),
    param: 'learning_parameters.balanced_thresholds',
    default: false,
    affects: 'result',
    onResume: 'fixed',
    description:
      'unimatch: the threshold of a class is lower as the teacher has been less sure of it than of the surest class',
  },
  prototypeAxis: {
    ...choice(PROJECTION_AXES),
    param: 'learning_parameters.prototype_axis',
    default: 'channels',
    affects: 'result',
    onResume: 'fixed',
    description:
      'semi-supervised training of SegNeXt: axis along which projected features are normalised; the reference takes width',
  },
  unlabeledStartEpoch: {
    ...integer({ min: 0, max: 10000 }),
    param: 'learning_parameters.semisl_start_epoch',
    default: 1,
    unit: 'epochs',
    affects: 'result',
    onResume: 'fixed',
    description: 'semi-supervised training: epochs that learn from the labeled images alone',
  },
} as const satisfies SettingRecord;
