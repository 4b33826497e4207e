/**
 * @file Every option of a training that is no setting, in one record: where its data is and where its results go, how it
 * computes and when it ends. Flags and help, configuration files, checks and JSON Schema follow from it.
 */

import { MOST_THREADS } from '../base/most-threads.js';
import { FORMAT_NAMES } from '../data/formats/formats.js';
import { DEVICE_WISHES, ENGINE_WISHES, PRECISIONS } from '../engine/settings.js';
import { pretrainedKind } from './pretrained-choice.js';
import { RECIPE_NAMES } from './recipe-name.js';
import { anyText, count, interval, oneOf, onOff, path, seconds, share, word } from './run-kinds.js';
import type { RunOptionRecord } from './run-option.js';

/** The record, in the order of help and of files. A new option is a new entry here. */
export const runOptions = {
  trainData: {
    ...path(),
    file: 'train_data_roots',
    flag: '--train-data-roots <folder>',
    onResume: 'moved',
    description: 'data set to learn from',
  },
  validationData: {
    ...path(),
    file: 'val_data_roots',
    flag: '--val-data-roots <folder>',
    onResume: 'moved',
    description:
      'data set to validate on after each epoch (default: what is meant for it in the training data or in a folder beside it, else a part ' +
      'of the training data)',
  },
  trainList: {
    ...path(),
    file: 'train_list',
    flag: '--train-list <file>',
    onResume: 'moved',
    description: 'learn from these images of the training data alone: a text file with one a line',
  },
  valList: {
    ...path(),
    file: 'val_list',
    flag: '--val-list <file>',
    onResume: 'moved',
    description:
      'validate on these images of the training data, and learn from the others unless there is a list of them',
  },
  valShare: {
    ...share(),
    file: 'val_share',
    flag: '--val-share <share>',
    onResume: 'fixed',
    description:
      'validate on this share of the training data, such as 0.2, chosen so that classes are spread alike and alike images ' +
      'stay together',
  },
  folds: {
    ...count({ min: 2, max: 100, what: 'parts' }),
    file: 'folds',
    flag: '--folds <number>',
    onResume: 'fixed',
    description:
      'for cross-validation: divide the training data into so many parts, and validate on one of them',
  },
  fold: {
    ...count({ min: 1, max: 100 }),
    file: 'fold',
    flag: '--fold <number>',
    onResume: 'fixed',
    description: 'which of these parts to validate on, from 1 (default: 1)',
  },
  unlabeledData: {
    ...path(),
    file: 'unlabeled_data_roots',
    flag: '--unlabeled-data-roots <path>',
    onResume: 'moved',
    description:
      'folder of images without masks, in any nesting, to learn from as well, or a list of them: from two images on it ' +
      'selects semi-supervised training',
  },
  unlabeledFileList: {
    ...path(),
    file: 'unlabeled_file_list',
    flag: '--unlabeled-file-list <file>',
    onResume: 'moved',
    description: 'use only these of them: a text file with one relative path per line',
  },
  dataFormat: {
    ...oneOf(FORMAT_NAMES),
    file: 'data_format',
    flag: '--data-format <name>',
    onResume: 'fixed',
    description:
      'layout of the data sets, of which docs/data.md has the names (default: found out by their content, so that train and ' +
      'validation data may differ)',
    help: `layout of the data sets: ${FORMAT_NAMES.join(', ')} (default: found out by their content)`,
  },
  writeMeta: {
    ...onOff(),
    file: 'write_meta',
    flag: '--write-meta',
    onResume: 'free',
    description:
      'write a meta file into the run that says what was concluded from masks without one (proposed_dataset_meta.json)',
  },
  useOtxAdapter: {
    ...onOff(),
    file: 'use_otx_adapter',
    param: 'algo_backend.use_otx_adapter',
    flag: '--use-otx-adapter [switch]',
    onResume: 'fixed',
    description:
      'true: masks go through polygons as in OTX; false: pixels as they are, as in benchmarks (default: false)',
  },
  assume: {
    ...anyText(),
    file: 'assume',
    flag: '--assume <readings>',
    onResume: 'fixed',
    description:
      'how to read masks whose files leave it open; the error that says so names the readings (one, or several with commas)',
  },
  bands: {
    ...anyText(),
    file: 'bands',
    flag: '--bands <numbers>',
    onResume: 'fixed',
    description:
      'bands of the images that are red, green and blue, e.g. 4,3,2, or one that is gray; the first is 1 (default: as the files ' +
      'say)',
  },
  output: {
    ...path(),
    file: 'output',
    flag: '-o, --output <folder>',
    onResume: 'free',
    description: 'folder of the run',
  },
  seed: {
    ...count({ min: 0, max: 2 ** 32 - 1 }),
    file: 'seed',
    flag: '--seed <number>',
    onResume: 'fixed',
    description: 'seed of everything random (default: 42; Selfsupervised: 5)',
  },
  loadWeights: {
    ...path(),
    file: 'load_weights',
    flag: '--load-weights <path>',
    onResume: 'fixed',
    description: 'start from the weights of a run folder, checkpoint, .pth, .pt or .safetensors file',
  },
  pretrained: {
    ...pretrainedKind(),
    file: 'pretrained',
    flag: '--pretrained [start]',
    off: 'start from random weights, as --pretrained none',
    onResume: 'fixed',
    description:
      'backbone to start from: imagenet, the published one, downloaded when it is not here yet; embedded, the one that comes with ' +
      'the package; none, random numbers; auto, the first of these that is to be had. true is imagenet, false is none (default: ' +
      'that of the template, which is auto in those of the package)',
    help:
      'backbone to start from: auto (the first of the others that is to be had), imagenet (published, downloaded when it is not ' +
      'here yet; also without a value), embedded (in the package) or none (default: auto)',
  },
  recipe: {
    ...word(RECIPE_NAMES),
    file: 'recipe',
    flag: '--recipe <name>',
    onResume: 'fixed',
    description:
      'what the settings are that nobody names: auto, those that suit what the training starts from and the number and size of the ' +
      'images (docs/recipes.md); otx, the documented ones from any start (default: auto)',
  },
  resumeFrom: {
    ...path(),
    flag: '--resume-from <path>',
    onResume: 'free',
    description: 'go on with an interrupted run, bit by bit: its folder or last.safetensors',
  },
  timeBudgetSeconds: {
    ...seconds(),
    file: 'time_budget',
    flag: '--time-budget <duration>',
    onResume: 'fixed',
    description: 'end within this time, with as many epochs as fit and at most those asked for',
    help: 'end within this time, e.g. 90s, 30m or 1.5h',
  },
  checkpointInterval: {
    ...interval(),
    flag: '--checkpoint-interval <when>',
    onResume: 'free',
    description: 'when to save besides after every validation (default: every 60 seconds)',
    help: 'save besides after every validation and every 60s: after e.g. 100 steps, or every e.g. 5m instead of 60s',
  },
  threads: {
    ...count({ min: 1, max: MOST_THREADS, what: 'threads' }),
    file: 'threads',
    flag: '--threads <number>',
    onResume: 'fixed',
    description: 'threads that compute (default: all that the process may use)',
  },
  engine: {
    ...word(ENGINE_WISHES),
    file: 'engine',
    flag: '--engine <name>',
    onResume: 'free',
    description:
      'what computes training steps: fused, ONNX Runtime with the kernels of this package (docs/kernels.md); stock, ONNX Runtime ' +
      'as it comes; auto, the first where it works here. Results differ in the last bits (default: auto; of a run that goes on, ' +
      'that which it had)',
    help: 'what computes training steps: fused (with kernels of this package), stock, or auto (default: auto, fused where it works)',
  },
  device: {
    ...word(DEVICE_WISHES),
    file: 'device',
    flag: '--device <name>',
    onResume: 'free',
    description:
      'where training steps are computed: cpu; webgpu or cuda, a graphics processor (docs/devices.md); auto, the one where a step ' +
      'takes the least time, which is tried first (default: cpu; of a run that goes on, where it was)',
    help: 'where training steps are computed: cpu, webgpu, cuda, or auto, the one where a step takes the least time (default: cpu)',
  },
  precision: {
    ...word(PRECISIONS),
    file: 'precision',
    flag: '--precision <name>',
    onResume: 'fixed',
    description:
      'in what numbers training steps are computed: float32; mixed, on graphics processors: float16 where that is precise enough, with ' +
      'float32 weights (docs/devices.md). Weights and all files are float32 with both (default: float32)',
    help: 'in what numbers training steps are computed: float32, or, on graphics processors, mixed with float16 (default: float32)',
  },
  adaptedBatchSize: {
    ...count({ min: 1, what: 'images' }),
    file: 'adapted_batch_size',
    onResume: 'free',
    description:
      'what auto_adapt_batch_size has found in an earlier run: with this batch size it does not look again, so that the ' +
      'training is the same everywhere',
  },
} as const satisfies RunOptionRecord;
