/**
 * @file Every setting of a training, in one record: its name in the API, its type and range, its default, its name in files
 * and on the command line, and what it affects. All else follows from it: types, help, parsing, files, JSON Schema.
 */

import { AUGMENTATION_NAMES, SIGMA_SCALES } from '../data/augmentation.js';
import { STORAGE_SCHEMES } from '../data/images/image-cache.js';
import { SINGLE_VIEWS } from '../data/views/whole-view.js';
import { isClassWeights } from '../losses/class-weights.js';
import { POSITIVES } from '../losses/detcon.js';
import { LOSS_NAMES, LOSS_WORDS } from '../losses/loss.js';
import { OPTIMIZER_NAMES } from '../optim/optimizers.js';
import { SCHEDULE_NAMES } from '../optim/schedules/schedules.js';
import { averageSettings } from './average-settings.js';
import { boolean, bytes, choice, float, integer, size, text, tileSize } from './kinds.js';
import type { SettingRecord } from './setting.js';
import { unlabeledSettings } from './unlabeled-settings.js';

/**
 * The record. A new setting is a new entry here, one of semi-supervised training in unlabeled-settings.ts, one of averages of weights in
 * average-settings.ts; a template names what it has otherwise. The reference counts epochs only (both patiences in steps 0): with 15 steps in an epoch that ends a training
 * at two thirds of the Dice it can reach (docs/results.md).
 */
export const trainingSettings = {
  batchSize: {
    ...integer({ min: 1, max: 512 }),
    param: 'learning_parameters.batch_size',
    default: 8,
    unit: 'images',
    affects: 'result',
    onResume: 'fixed',
    description: 'images per training step; reduced when the data set is smaller',
  },
  accumulate: {
    ...integer({ min: 1, max: 4096 }),
    param: 'learning_parameters.accumulate',
    flag: {
      long: '--accumulate',
      value: '<batches>',
      help: 'batches whose mean gradient makes one update; processes of MPI share them (default: 1, of MPI one for each process)',
    },
    default: 1,
    unit: 'batches',
    affects: 'result',
    onResume: 'fixed',
    description:
      'batches of batch_size images that make one update: it is that of the mean of their gradients, and running statistics become ' +
      'the mean of what the batches make of them. Several processes share them (docs/scale.md)',
  },
  syncBatchNorm: {
    ...boolean(),
    param: 'learning_parameters.sync_batch_norm',
    flag: {
      long: '--sync-bn',
      value: '[switch]',
      help: 'batch norms go by mean and variance of all batches of an update, of all processes (default: false)',
    },
    default: false,
    affects: 'result',
    onResume: 'fixed',
    description: 'batch norms go by mean and variance of all batches of an update (docs/scale.md)',
  },
  optimizer: {
    ...choice(OPTIMIZER_NAMES),
    param: 'learning_parameters.optimizer',
    default: 'adam',
    affects: 'result',
    onResume: 'fixed',
    description:
      'adam: gradients clipped to norm 40, no decay; adamw: weight decay 1e-4, no clipping; sgd: momentum 0.9, ' +
      'weight decay 1e-3, gradients clipped to norm 40; it takes ten times the learning rate of adam or more',
  },
  loss: {
    ...choice(LOSS_NAMES),
    param: 'learning_parameters.loss',
    default: 'cross_entropy',
    affects: 'result',
    onResume: 'fixed',
    description: `what the segmentation is trained on; ${LOSS_WORDS}`,
  },
  classWeights: {
    ...text(isClassWeights, 'none, auto, balanced, or weights up to 1000 such as road=1,pole=5 or 1,5,2'),
    param: 'learning_parameters.class_weights',
    flag: {
      long: '--class-weights',
      value: '<weights>',
      help: 'how much pixels of each class count in the loss: none, auto, balanced, or e.g. road=1,pole=5 (default: none)',
    },
    default: 'none',
    affects: 'result',
    onResume: 'fixed',
    description:
      "how much a pixel of each class counts in the loss. balanced: by the inverse of the class's share of the pixels; auto: " +
      'milder, 1 / ln(1.02 + share), where a class has less than 2 % of them; or weights by name (1 for others) or in the ' +
      'order of the classes',
  },
  rareCropShare: {
    ...float({ min: 0, max: 1 }),
    param: 'learning_parameters.rare_crop_share',
    flag: {
      long: '--rare-crops',
      value: '<share>',
      help: 'share of the training crops that are laid around a pixel of a rare class, e.g. 0.5 (default: 0)',
    },
    default: 0,
    affects: 'result',
    onResume: 'fixed',
    usedBy: ['augment'],
    description:
      'share of the training crops that are laid around a pixel of one of the classes of the image, the rarer of which are ' +
      'drawn more often; such crops are never shrunk. Of augmentations that crop: documented, geometric, plain',
  },
  learningRate: {
    ...float({ min: 1e-7, max: 0.1 }),
    param: 'learning_parameters.learning_rate',
    default: 0.001,
    affects: 'result',
    onResume: 'fixed',
    description: 'learning rate of the optimiser after the warm-up',
  },
  warmupSteps: {
    ...integer({ min: 0, max: 10000 }),
    param: 'learning_parameters.learning_rate_warmup_iters',
    default: 100,
    unit: 'steps',
    affects: 'result',
    onResume: 'fixed',
    description: 'steps over which the learning rate rises linearly; 0 switches the warm-up off',
  },
  learningRateSchedule: {
    ...choice(SCHEDULE_NAMES),
    param: 'learning_parameters.learning_rate_schedule',
    default: 'plateau',
    affects: 'result',
    onResume: 'fixed',
    description:
      'after the warm-up: a tenth after 5 validations below the best mean Dice (an equal score is as good), polynomial ' +
      'decay, or constant',
  },
  plateauPatienceSteps: {
    ...integer({ min: 0, max: 1000 }),
    param: 'learning_parameters.plateau_iteration_patience',
    default: 300,
    unit: 'steps',
    affects: 'result',
    onResume: 'fixed',
    description:
      'steps that must also have passed, since the last score as good as the best or the last lowering, before a plateau ' +
      'lowers the learning rate',
  },
  ...averageSettings,
  epochs: {
    ...integer({ min: 1, max: 100000 }),
    param: 'learning_parameters.num_iters',
    default: 300,
    unit: 'epochs',
    affects: 'result',
    onResume: 'extend',
    description: 'epochs: passes over the training images, whatever the reference calls them',
  },
  workers: {
    ...integer({ min: 0, max: 8 }),
    param: 'learning_parameters.num_workers',
    default: 2,
    unit: 'threads',
    affects: 'speed',
    onResume: 'free',
    usedBy: ['evaluate'],
    description: 'threads that decode images; 0 decodes in the main thread',
  },
  autoWorkers: {
    ...boolean(),
    param: 'learning_parameters.auto_num_workers',
    default: false,
    affects: 'speed',
    onResume: 'free',
    description: 'choose num_workers by the number of processor cores',
  },
  earlyStopping: {
    ...boolean(),
    param: 'learning_parameters.enable_early_stopping',
    default: true,
    affects: 'result',
    onResume: 'fixed',
    description: 'end the training when mean Dice no longer rises',
  },
  earlyStoppingStart: {
    ...integer({ min: 0, max: 1000 }),
    param: 'learning_parameters.early_stop_start',
    default: 3,
    unit: 'epochs',
    affects: 'result',
    onResume: 'fixed',
    description: 'first epoch whose score early stopping looks at',
  },
  earlyStoppingPatience: {
    ...integer({ min: 0, max: 50 }),
    param: 'learning_parameters.early_stop_patience',
    default: 5,
    unit: 'validations',
    affects: 'result',
    onResume: 'fixed',
    description: 'validations in a row without a better score after which the training ends',
  },
  earlyStoppingPatienceSteps: {
    ...integer({ min: 0, max: 1000 }),
    param: 'learning_parameters.early_stop_iteration_patience',
    default: 300,
    unit: 'steps',
    affects: 'result',
    onResume: 'fixed',
    description: 'steps that must also have passed since the best score before the training ends early',
  },
  adaptiveInterval: {
    ...boolean(),
    param: 'learning_parameters.use_adaptive_interval',
    default: false,
    affects: 'result',
    onResume: 'fixed',
    description:
      'validate (and look at plateaus and early stopping) only every few epochs when epochs are short',
  },
  validationInterval: {
    ...integer({ min: 1, max: 10000 }),
    param: 'learning_parameters.validation_interval',
    default: 1,
    unit: 'epochs',
    affects: 'result',
    onResume: 'fixed',
    description:
      'epochs from one validation to the next, at which plateaus and early stopping look as well; use_adaptive_interval may make it ' +
      'longer. The last epoch is always validated, and with a time budget every one',
  },
  contrastive: {
    ...boolean(),
    param: 'learning_parameters.enable_supcon',
    default: false,
    affects: 'result',
    onResume: 'fixed',
    description:
      'supervised training: every fifth step also compares two views of the images, region by region',
  },
  contrastivePositives: {
    ...choice(POSITIVES),
    param: 'learning_parameters.supcon_positives',
    default: 'image',
    affects: 'result',
    onResume: 'fixed',
    description:
      'contrastive training: which regions are to become alike. image: those of one class in the two views of an image, as in ' +
      'the reference, where those of other images count as different; class: those of one class in all images of the batch, ' +
      'the background apart',
  },
  contrastiveSingleView: {
    ...choice(SINGLE_VIEWS),
    param: 'learning_parameters.supcon_single_view',
    default: 'first',
    affects: 'result',
    onResume: 'fixed',
    description:
      'contrastive training: what the four of five steps show that compare nothing. first: the first of the two views, as in ' +
      'the reference; whole: whole images, sharp and in their own colours, half of them mirrored',
  },
  adaptBatchSize: {
    ...choice(['None', 'Safe', 'Full']),
    param: 'learning_parameters.auto_adapt_batch_size',
    default: 'Safe',
    affects: 'result',
    onResume: 'fixed',
    description:
      'fit the batch to the memory: Safe only reduces it, Full also enlarges it; the learning rate follows its root',
  },
  inputSize: {
    ...size(),
    param: 'learning_parameters.input_size',
    default: 'Default',
    affects: 'result',
    onResume: 'fixed',
    usedBy: ['evaluate', 'predict', 'export', 'augment'],
    description:
      'side of the training crop; validation, test and export use 544/512 of it. Default is 512 (544), Auto ' +
      'chooses a smaller one for small images',
  },
  tile: {
    ...tileSize(),
    param: 'tiling_parameters.tile_size',
    flag: {
      long: '--tile',
      value: '<size>',
      help: 'look at images in windows of this size in pixels, e.g. 512 or 640x480; off: as a whole (default: auto)',
    },
    default: 'auto',
    affects: 'result',
    onResume: 'fixed',
    usedBy: ['evaluate', 'predict', 'export', 'augment'],
    description:
      'size of the windows in which images that are larger are looked at, each resized to the network input: learned from one ' +
      'at a random place, validated and segmented in all. auto: windows of the size of the training images, for images at ' +
      'least twice as large in both directions; off: images are looked at as a whole',
  },
  overlap: {
    ...float({ min: 0, max: 0.9 }),
    param: 'tiling_parameters.tile_overlap',
    flag: {
      long: '--overlap',
      value: '<share>',
      help: 'how much of a window the next one repeats (default: 0.25)',
    },
    default: 0.25,
    affects: 'result',
    onResume: 'fixed',
    usedBy: ['evaluate', 'predict', 'export'],
    description: 'share of a window that the next one at least repeats where images are looked at in windows',
  },
  augmentation: {
    ...choice(AUGMENTATION_NAMES),
    param: 'learning_parameters.augmentation',
    default: 'documented',
    affects: 'result',
    onResume: 'fixed',
    description:
      'what is done to training images; "otx augment" shows it. Default of contrastive training is views, ' +
      'which may also be two draws of another one',
  },
  sigmaScale: {
    ...choice(SIGMA_SCALES),
    param: 'learning_parameters.sigma_scale',
    default: 'fixed',
    affects: 'result',
    onResume: 'fixed',
    description:
      'how large blurs are, and the blobs of the documented mixing. fixed: as many pixels at any input size, as in the reference; crop: ' +
      "as large a part of the crop as the reference's are of its 512x512",
  },
  ...unlabeledSettings,
  confidenceThreshold: {
    ...float({ min: 0, max: 1 }),
    param: 'postprocessing.confidence_threshold',
    default: 0.35,
    affects: 'result',
    onResume: 'fixed',
    usedBy: ['evaluate', 'predict', 'export'],
    description:
      'pixels whose best class is less probable become background in eval and predict; giving it alone also sets ' +
      'result_based_confidence_threshold to false',
  },
  resultBasedThreshold: {
    ...boolean(),
    param: 'postprocessing.result_based_confidence_threshold',
    default: true,
    affects: 'result',
    onResume: 'fixed',
    usedBy: ['evaluate', 'predict', 'export'],
    description: 'leave the decision to the result: every pixel has its best class, whatever its probability',
  },
  trainType: {
    ...choice(['Incremental', 'Semisupervised', 'Selfsupervised']),
    param: 'algo_backend.train_type',
    flag: {
      long: '--train-type',
      value: '<type>',
      help:
        'Incremental, Semisupervised or Selfsupervised (default: Semisupervised with unlabeled images, Selfsupervised for a ' +
        'folder of images without masks, else Incremental)',
    },
    default: 'Incremental',
    affects: 'result',
    onResume: 'fixed',
    description:
      'kind of training: Incremental is supervised, also with classes added to earlier ones; Semisupervised also learns ' +
      'from images without masks; Selfsupervised trains the ' +
      'backbone on images without masks',
  },
  cacheBytes: {
    ...bytes(),
    param: 'algo_backend.mem_cache_size',
    flag: {
      long: '--mem-cache-size',
      value: '<bytes>',
      help: 'memory for decoded training images, e.g. 8GB',
    },
    default: 1e9,
    unit: 'bytes',
    affects: 'speed',
    onResume: 'free',
    description: 'memory for decoded training images, which are then read only once; 0 keeps none',
  },
  storageCache: {
    ...choice(STORAGE_SCHEMES),
    param: 'algo_backend.storage_cache_scheme',
    default: 'NONE',
    affects: 'result',
    onResume: 'fixed',
    description:
      'copies of the labeled training images in this form are kept in the cache folder and read in their place: for slow ' +
      'drives and slow formats; JPEG/75 and JPEG/95 change the pixels',
  },
} as const satisfies SettingRecord;
