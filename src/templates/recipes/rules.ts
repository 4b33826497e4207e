/**
 * @file The table of the recipe `auto`: a rule for each setting that it chooses where a training starts from anything else than
 * the ImageNet backbone. Numbers that were measured are those of docs/results.md and docs/pretraining.md. docs/recipes.md shows
 * what comes of it, printed from here.
 */

import type { TrainingSettings } from '../../settings/index.js';
import type { RecipeRule, Situation, TrainingKind } from './situation.js';

/** Images of a step, which rates and lengths were measured with. */
const BATCH = 8;
/**
 * A training on this many images makes about this many steps, and others more or fewer by the cube root of their number. On 120 images
 * 2130 steps reached 0.010 more than 1590 (docs/recipes.md).
 */
const LENGTH = { images: 100, steps: 2000 } as const;
/** Of thousands of images each is still to be seen so often. */
const FEWEST_EPOCHS = 20;
const MOST_WARM_UP = 100;
const WARM_UP_SHARE = 0.1;
/** Validations of a run at most, and one for its end, as long as there are not more steps between two of them. */
const VALIDATIONS = 40;
const LONGEST_INTERVAL = 100;
/** Waiting for epochs alone, trainings ended at two thirds of the Dice that they could reach (docs/results.md). */
const PATIENCE_STEPS = 300;
/** Self-supervised training learned something in as many epochs of 17 steps (docs/results.md). */
const SELF_SUPERVISED = { epochs: 15, steps: 250 } as const;

const isSegNext = ({ model }: Situation): boolean => model.startsWith('segnext');
const isPoly = ({ now }: Situation): boolean => now.learning_rate_schedule === 'poly';

/** Steps of an epoch with the batch of the settings, whose last, partial batch is dropped. */
function stepsPerEpoch({ images, now }: Situation): number {
  return Math.max(Math.floor(images / Math.min(now.batch_size, images)), 1);
}

function rule<N extends keyof TrainingSettings>(name: N, choose: RecipeRule<N>['choose']): RecipeRule {
  return { name, choose } as unknown as RecipeRule;
}

const batchSize = rule('batchSize', () => ({
  value: BATCH,
  reason: 'what rates and lengths of this recipe were measured with',
}));

const augmentation = rule('augmentation', () => ({
  value: 'plain',
  reason:
    'in some hundred steps plain reached a mean Dice of 0.689 where the documented augmentation, made for long trainings, reached 0.567',
}));

const schedule = rule('learningRateSchedule', () => ({
  value: 'poly',
  reason:
    'falls to nothing at the planned end: at a constant rate scores swing by a tenth from epoch to epoch',
}));

const learningRate = rule('learningRate', (situation) => {
  const { start, kind, now } = situation;
  if (now.optimizer === 'sgd') return undefined;
  const [peak, why] = isSegNext(situation)
    ? [
        5e-4,
        "the template's 8e-5 is for ImageNet: from 12 labels 5e-4 reached 0.502 where that reached 0.330",
      ]
    : kind === 'supervised'
      ? [2e-3, 'with the schedule poly 2e-3 for 1500 steps reached 0.852 from an early embedded backbone']
      : [1e-3, 'what this way of training was measured with'];
  const parts = [
    ...(start === 'weights' ? ['half of that from given weights, which know more than a backbone'] : []),
    ...(isPoly(situation) ? [] : [`half of that where ${now.learning_rate_schedule} keeps it up`]),
  ];
  return { value: peak / 2 ** parts.length, reason: [why, ...parts].join('; ') };
});

const inputSize = rule('inputSize', ({ side }) => {
  if (side > 1024) {
    return { value: '512x512', reason: 'the documented size, as the images are larger than 1024x1024' };
  }
  if (side > 512) {
    return { value: '384x384', reason: 'of images up to 1024x1024; a step takes half as long as at 512x512' };
  }
  const own = Math.min(Math.max(Math.ceil(side / 32) * 32, 64), 256);
  return own === 256
    ? { value: '256x256', reason: 'of images up to 512x512; a step takes a quarter of that at 512x512' }
    : { value: `${own}x${own}`, reason: 'the size of the images: more adds time and no detail' };
});

const epochs = rule('epochs', ({ images }) => {
  const planned = LENGTH.steps * Math.cbrt(images / LENGTH.images);
  const ofBatch = Math.max(Math.floor(images / BATCH), 1);
  const value = Math.max(Math.round(planned / ofBatch), FEWEST_EPOCHS);
  return {
    value,
    reason:
      planned / ofBatch < FEWEST_EPOCHS
        ? `so many images are each to be seen ${FEWEST_EPOCHS} times: ${value * ofBatch} steps of ${BATCH}`
        : `${value * ofBatch} steps of ${BATCH}: ${LENGTH.steps} for ${LENGTH.images} images, twice as many for eight times the images`,
  };
});

const warmupSteps = rule('warmupSteps', (situation) => {
  const steps = situation.now.num_iters * stepsPerEpoch(situation);
  const tenth = Math.floor(WARM_UP_SHARE * steps);
  return tenth < MOST_WARM_UP
    ? { value: tenth, reason: `a tenth of ${steps} steps` }
    : { value: MOST_WARM_UP, reason: 'as documented, and no more than a tenth of the steps' };
});

/** Who changes one of these wants a training to stop early. */
const PATIENCE = ['early_stop_start', 'early_stop_patience', 'early_stop_iteration_patience'] as const;

const earlyStopping = rule('earlyStopping', (situation) => {
  const { now, documented } = situation;
  const changed = PATIENCE.filter((name) => now[name] !== documented[name]);
  if (changed.length > 0) return { value: true, reason: `${changed.join(', ')} was asked for` };
  return isPoly(situation)
    ? { value: false, reason: 'the schedule poly is planned to its end, where its scores are best' }
    : { value: true, reason: 'the schedule has no end of its own' };
});

const earlyStoppingPatienceSteps = rule('earlyStoppingPatienceSteps', ({ now }) =>
  now.enable_early_stopping
    ? {
        value: PATIENCE_STEPS,
        reason: 'an epoch may be a few steps: patience in epochs alone ended at two thirds of the score',
      }
    : undefined,
);

const validationInterval = rule('validationInterval', (situation) => {
  const { now } = situation;
  if (now.use_adaptive_interval) return undefined;
  const most = Math.max(Math.floor(LONGEST_INTERVAL / stepsPerEpoch(situation)), 1);
  return {
    value: Math.min(Math.ceil(now.num_iters / VALIDATIONS), most),
    reason: `at most ${VALIDATIONS} validations, where they are no more than ${LONGEST_INTERVAL} steps apart: more take the time of steps`,
  };
});

const sigmaScale = rule('sigmaScale', ({ now, kind }) => {
  const isMixed = now.augmentation === 'documented' || now.augmentation === 'views';
  const isBlurred = kind === 'semi-supervised' && now.semi_method === 'unimatch';
  return isMixed || isBlurred
    ? {
        value: 'crop',
        reason:
          'the documented blurs and blobs are as many pixels at any size, which were made for crops of 512x512',
      }
    : undefined;
});

const emaDecay = rule('emaDecay', () => ({
  value: 0,
  reason:
    'where the rate falls to nothing averages scored as the weights did (docs/test-time.md), and they are validated as well',
}));

const optimizer = rule('optimizer', ({ start }) => ({
  value: 'adam',
  reason:
    start === 'none'
      ? 'the documented sgd suits the ImageNet backbone: from random numbers it left the loss where it was'
      : 'the documented sgd suits the ImageNet backbone: adam learns from whatever start',
}));

const selfSupervisedEpochs = rule('epochs', (situation) => {
  const { epochs: few, steps } = SELF_SUPERVISED;
  const least = Math.ceil(steps / stepsPerEpoch(situation));
  return least > few
    ? { value: least, reason: `${steps} steps, after which regions of images were told apart` }
    : { value: few, reason: 'what was measured to learn; the documented 10 are for the ImageNet backbone' };
});

/** Of all that have labels. A rule sees what those before it chose. */
const LABELED = [
  batchSize,
  schedule,
  learningRate,
  inputSize,
  epochs,
  warmupSteps,
  earlyStopping,
  earlyStoppingPatienceSteps,
  validationInterval,
];

/** The rules of `auto` in their order, by the way of training. */
export const RULES: Readonly<Record<TrainingKind, readonly RecipeRule[]>> = {
  supervised: [augmentation, ...LABELED, emaDecay, sigmaScale],
  contrastive: [...LABELED, sigmaScale],
  'semi-supervised': [augmentation, ...LABELED, sigmaScale],
  // Its views are those of BYOL, whose blur is made for 224x224.
  'self-supervised': [optimizer, selfSupervisedEpochs],
};
