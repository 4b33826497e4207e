/** @file What follows from settings. Nothing of Node is in it. */

import type { HyperParameters } from './hyper-parameters.js';

/**
 * The probability below which the best class of a pixel does not count.
 *
 * @returns undefined when every pixel has its best class.
 */
export function confidenceThreshold({ postprocessing }: HyperParameters): number | undefined {
  return postprocessing.result_based_confidence_threshold ? undefined : postprocessing.confidence_threshold;
}

/**
 * Sides of the square network inputs in pixels.
 * The reference trains on crops of 512 and validates and exports at 544; other sizes keep that ratio. `Auto` must have
 * been resolved by a training (its checkpoints hold what it chose); where there is no training set it means Default.
 */
export function inputSizes(parameters: HyperParameters): { train: number; validation: number } {
  const text = parameters.learning_parameters.input_size;
  const train = text === 'Default' || text === 'Auto' ? 512 : Number.parseInt(text, 10);
  return { train, validation: Math.round((544 * train) / 512) };
}
