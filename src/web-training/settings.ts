/** @file What may be chosen for a training in a browser, checked, and the settings that follow. */

import { OtxError } from '../base/errors.js';
import { AUGMENTATION_NAMES, type AugmentationName } from '../data/augmentation.js';
import { LOSS_NAMES, type LossName } from '../losses/index.js';
import { OPTIMIZER_NAMES, type OptimizerName } from '../optim/index.js';
import type { HyperParameters } from '../settings/index.js';
import { type WebTemplate, type WebTemplateName, webTemplate } from './templates.js';

/** How to learn. */
export interface WebTrainingSettings {
  /** Which network. Default `Lite-HRNet-s-mod2`, the smallest and fastest. */
  readonly template?: WebTemplateName | undefined;
  /** Passes over the pictures. Default 60. */
  readonly epochs?: number | undefined;
  /** Pictures in a step, at most as many as there are. Default 4, or as many as there are. */
  readonly batchSize?: number | undefined;
  /** Side of the square network input in training, in pixels: a multiple of 32 from 32 to 512. Default 128. */
  readonly inputSize?: number | undefined;
  /** Largest step of the optimiser. Default: that of the template, of Lite-HRNet 0.001. */
  readonly learningRate?: number | undefined;
  /** Steps over which the learning rate rises to its value. Default 20. */
  readonly warmUpSteps?: number | undefined;
  /** What is done to pictures before they are learned from; see docs/data.md. Default `documented`. */
  readonly augmentation?: AugmentationName | undefined;
  /** What is made small; see docs/rare-classes.md. Default `cross_entropy`. */
  readonly loss?: LossName | undefined;
  /** Default: that of the template, of Lite-HRNet `adam`. */
  readonly optimizer?: OptimizerName | undefined;
  /** Epochs from one validation, with its event `epoch`, to the next; the last epoch has one as well. Default 1. */
  readonly validationInterval?: number | undefined;
  /** Decides about everything random. Default 5. */
  readonly seed?: number | undefined;
}

/** Their names. */
export const WEB_SETTINGS = [
  ...(['template', 'epochs', 'batchSize', 'inputSize', 'learningRate', 'warmUpSteps'] as const),
  ...(['augmentation', 'loss', 'optimizer', 'validationInterval', 'seed'] as const),
] satisfies readonly (keyof WebTrainingSettings)[];

/** Settings in full, and what of them was chosen, by group and name. */
export interface ChosenSettings {
  readonly template: WebTemplate;
  readonly hyperParameters: HyperParameters;
  readonly overrides: Readonly<Record<string, Record<string, number | string | boolean>>>;
  readonly seed: number;
}

/** Side of an input in pixels. */
export const LARGEST_INPUT = 512;
const INPUT_STEP = 32;
/** Of whatever is counted. */
export const MOST = 1_000_000;

/** @throws OtxError `usage` for a value that is not allowed. @param pictures to learn from */
export function chooseSettings(given: WebTrainingSettings, pictures: number): ChosenSettings {
  const template = webTemplate(given.template ?? 'Lite-HRNet-s-mod2');
  const own = template.hyperParameters.learning_parameters;
  const { epochs = 60, inputSize = 128, warmUpSteps = 20, seed = 5, validationInterval = 1 } = given;
  const { learningRate = own.learning_rate, loss = own.loss, optimizer = own.optimizer } = given;
  const { batchSize = Math.min(4, pictures), augmentation = 'documented' } = given;
  if (pictures < 1) throw new OtxError('usage', 'there are no pictures to learn from');
  checkWhole({ epochs, batchSize, validationInterval }, 1);
  checkWhole({ warmUpSteps, seed }, 0);
  if (batchSize > pictures) {
    throw new OtxError('usage', `batchSize is ${batchSize}, of ${pictures} pictures; take fewer in a step`);
  }
  if (!(inputSize >= INPUT_STEP && inputSize <= LARGEST_INPUT && inputSize % INPUT_STEP === 0)) {
    throw new OtxError(
      'usage',
      `inputSize is ${inputSize}; expected a multiple of ${INPUT_STEP} from ${INPUT_STEP} to ${LARGEST_INPUT}`,
    );
  }
  if (!(learningRate > 0 && learningRate <= 1)) {
    throw new OtxError('usage', `learningRate is ${learningRate}; expected a number above 0, at most 1`);
  }
  checkOneOf('augmentation', augmentation, AUGMENTATION_NAMES);
  checkOneOf('loss', loss, LOSS_NAMES);
  checkOneOf('optimizer', optimizer, OPTIMIZER_NAMES);
  const overrides = {
    learning_parameters: {
      ...{ batch_size: batchSize, num_iters: epochs, input_size: `${inputSize}x${inputSize}`, augmentation },
      ...{ learning_rate: learningRate, learning_rate_warmup_iters: warmUpSteps },
      ...{ loss, optimizer, validation_interval: validationInterval },
      // The page has a button for it.
      enable_early_stopping: false,
      auto_adapt_batch_size: 'None',
    },
  } as const;
  const { hyperParameters } = template;
  const learning_parameters = { ...hyperParameters.learning_parameters, ...overrides.learning_parameters };
  return { template, hyperParameters: { ...hyperParameters, learning_parameters }, overrides, seed };
}

function checkOneOf(name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) {
    throw new OtxError('usage', `${name} is ${value}; expected ${allowed.join(', ')}`);
  }
}

function checkWhole(values: Readonly<Record<string, number>>, least: number): void {
  for (const [name, value] of Object.entries(values)) {
    if (Number.isInteger(value) && value >= least && value <= MOST) continue;
    throw new OtxError('usage', `${name} is ${value}; expected a whole number from ${least} to ${MOST}`);
  }
}
