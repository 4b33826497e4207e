import { expect, test } from 'vitest';
import type { OwnAugmentation } from '../../data/index.js';
import type { SegmentationLoss } from '../../losses/index.js';
import { resolveHyperParameters } from '../../settings/index.js';
import { loadTemplate } from '../../templates/index.js';
import { checkUsed } from './unused-settings.js';

const template = loadTemplate('Lite-HRNet-s-mod2');
const augment: OwnAugmentation = (sample) => sample;
const lossFunction: SegmentationLoss = (logits) => logits;
const own = { augment: undefined, lossFunction: undefined };
const settings = (learning_parameters: object, train_type = 'Incremental') =>
  resolveHyperParameters(template, { learning_parameters, algo_backend: { train_type } } as never);
const weights = { class_weights: 'auto' };
const crops = { rare_crop_share: 0.5 };
const contrastive = { supcon_positives: 'class', supcon_single_view: 'whole' };
const average = { ema_decay: 0.99 };
const unimatch = { semi_method: 'unimatch', balanced_thresholds: true, pseudo_label_threshold: 0.9 };

test('what is used passes, and so does what is switched off', () => {
  checkUsed(own, settings({ ...weights, ...crops, ...average }));
  checkUsed(own, settings({}, 'Selfsupervised'));
  checkUsed({ augment, lossFunction }, settings({}));
  checkUsed(own, settings({ ...contrastive, enable_supcon: true }));
  checkUsed(own, settings(unimatch, 'Semisupervised'));
  checkUsed(own, settings({}, 'Semisupervised'));
});

test.each([
  ['weights without classes', own, settings(weights, 'Selfsupervised'), /classWeights.*knows no classes/],
  ['weights beside a loss', { ...own, lossFunction }, settings(weights), /classWeights.*a loss of one's own/],
  ['crops without classes', own, settings(crops, 'Selfsupervised'), /rareCropShare.*knows no classes/],
  ['crops beside an augmentation', { ...own, augment }, settings(crops), /rareCropShare.*of one's own/],
  [
    'an average without a segmentation',
    own,
    settings(average, 'Selfsupervised'),
    /emaDecay.*keeps no average/,
  ],
  ['an average beside a teacher', own, settings(average, 'Semisupervised'), /emaDecay.*by teacherMomentum/],
  [
    'an average of the last steps',
    own,
    settings({ swa_start: 0.75 }, 'Semisupervised'),
    /swaStart.*by teacherMomentum/,
  ],
  ['an average of contrasts', own, settings({ ...average, enable_supcon: true }), /emaDecay.*contrastive/],
  ['crops of views', own, settings({ ...crops, augmentation: 'views' }), /rareCropShare.*views/],
  [
    'positives of no contrast',
    own,
    settings({ supcon_positives: 'class' }),
    /contrastivePositives.*contrastive, .*off/,
  ],
  [
    'a single view of no pairs',
    own,
    settings({ supcon_single_view: 'whole' }),
    /contrastiveSingleView.*is off/,
  ],
  [
    'unimatch without images',
    own,
    settings(unimatch),
    /semiMethod: a training of the kind Incremental .*unlabeledData/,
  ],
])('%s are refused with the reason', (_, functions, hyperParameters, message) => {
  expect(() => checkUsed(functions, hyperParameters)).toThrow(message);
});

test.each([{ unsupervised_ramp_iters: 0 }, { pseudo_label_threshold: 0.9 }, { balanced_thresholds: true }])(
  '%o does nothing for a mean teacher, and is refused',
  (asked) => {
    expect(() => checkUsed(own, settings(asked, 'Semisupervised'))).toThrow(
      /^(unlabeledRampSteps|pseudoLabelThreshold|balancedThresholds): only semiMethod unimatch has a use for it; leave it out/,
    );
  },
);
