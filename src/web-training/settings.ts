/** @file What may be chosen for a training in a browser, checked, and the settings that follow. */

import { OtxError } from '../base/errors.js';
import { AUGMENTATION_NAMES, type AugmentationName } from '../data/augmentation.js';
import type { HyperParameters } from '../settings/index.js';
import { WEB_TEMPLATE } from './template.js';

/** How to learn. */
export interface WebTrainingSettings {
  /** Passes over the pictures. Default 60. */
  readonly epochs?: number | undefined;
  /** Pictures in a step, at most as many as there are. Default 4, or as many as there are. */
  readonly batchSize?: number | undefined;
  /** Side of the square network input in training, in pixels: a multiple of 32 from 32 to 512. Default 128. */
  readonly inputSize?: number | undefined;
  /** Largest step of the optimiser. Default 0.001. */
  readonly learningRate?: number | undefined;
  /** Steps over which the learning rate rises to its value. Default 20. */
  readonly warmUpSteps?: number | undefined;
  /** What is done to pictures before they are learned from; see docs/data.md. Default `documented`. */
  readonly augmentation?: AugmentationName | undefined;
  /** Decides about everything random. Default 5. */
  readonly seed?: number | undefined;
}

/** Settings in full, and what of them was chosen, by group and name. */
export interface ChosenSettings {
  readonly hyperParameters: HyperParameters;
  readonly overrides: Readonly<Record<string, Record<string, number | string | boolean>>>;
  readonly seed: number;
}

const LARGEST_INPUT = 512;
const INPUT_STEP = 32;
const MOST = 1_000_000;

/** @throws OtxError `usage` for a value that is not allowed. @param pictures to learn from */
export function chooseSettings(given: WebTrainingSettings, pictures: number): ChosenSettings {
  const { epochs = 60, inputSize = 128, learningRate = 0.001, warmUpSteps = 20, seed = 5 } = given;
  const { batchSize = Math.min(4, pictures), augmentation = 'documented' } = given;
  if (pictures < 1) throw new OtxError('usage', 'there are no pictures to learn from');
  checkWhole({ epochs, batchSize }, 1);
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
  if (!AUGMENTATION_NAMES.includes(augmentation)) {
    throw new OtxError('usage', `augmentation is ${augmentation}; expected ${AUGMENTATION_NAMES.join(', ')}`);
  }
  const overrides = {
    learning_parameters: {
      ...{ batch_size: batchSize, num_iters: epochs, input_size: `${inputSize}x${inputSize}`, augmentation },
      ...{ learning_rate: learningRate, learning_rate_warmup_iters: warmUpSteps },
      // The page has a button for it.
      enable_early_stopping: false,
      auto_adapt_batch_size: 'None',
    },
  } as const;
  const { hyperParameters } = WEB_TEMPLATE;
  const learning_parameters = { ...hyperParameters.learning_parameters, ...overrides.learning_parameters };
  return { hyperParameters: { ...hyperParameters, learning_parameters }, overrides, seed };
}

function checkWhole(values: Readonly<Record<string, number>>, least: number): void {
  for (const [name, value] of Object.entries(values)) {
    if (Number.isInteger(value) && value >= least && value <= MOST) continue;
    throw new OtxError('usage', `${name} is ${value}; expected a whole number from ${least} to ${MOST}`);
  }
}
