/**
 * @file Ends a training in a given time, with as many epochs as fit, planned from measured speed. All times are in seconds.
 */

import type { SteeredRun, Steering } from './steering-part.js';

/** A run that is slightly slower later on must still end in time. */
const MARGIN = 1.05;
/** A forward pass is about a third of a training step; validation also resizes and counts. */
const VALIDATION_SHARE = 0.5;

export interface EpochPlan {
  readonly budget: number;
  /** Time spent so far. */
  readonly elapsed: number;
  /** Duration of an epoch with everything that belongs to it. */
  readonly epochSeconds: number;
  /** Epochs finished. */
  readonly finished: number;
  /** Epochs that are not exceeded whatever the time. */
  readonly limit: number;
}

/** Epochs of the whole training; those that are finished if no other fits. */
export function planEpochs({ budget, elapsed, epochSeconds, finished, limit }: EpochPlan): number {
  const more = Math.floor(Math.max(budget - elapsed, 0) / (epochSeconds * MARGIN));
  return Math.min(finished + more, limit);
}

export interface ValidationGuess {
  readonly secondsPerTrainingImage: number;
  /** An image that several weights are scored on counts as often. */
  readonly images: number;
  /** Sides of the network inputs. */
  readonly sizes: { readonly train: number; readonly validation: number };
}

/** Expected duration of a validation before any has been measured. */
export function guessValidationSeconds({ secondsPerTrainingImage, images, sizes }: ValidationGuess): number {
  return secondsPerTrainingImage * images * VALIDATION_SHARE * (sizes.validation / sizes.train) ** 2;
}

/** True when an epoch has to be cut short, so that its validation and the checkpoint still fit. */
export function mustValidateNow(budget: number, elapsed: number, validationSeconds: number): boolean {
  return elapsed + validationSeconds * MARGIN >= budget;
}

export function timeBudget(run: SteeredRun): Steering {
  const { state, settings, imagesPerStep, sizes, timeBudget: budget } = run;
  if (budget === undefined) return {};
  let validationSeconds: number | undefined;
  const guess = (secondsPerStep: number) =>
    guessValidationSeconds({
      secondsPerTrainingImage: secondsPerStep / imagesPerStep,
      images: run.validationImages,
      sizes,
    });
  return {
    afterStep: ({ elapsed, secondsPerStep }) =>
      mustValidateNow(budget, elapsed, validationSeconds ?? guess(secondsPerStep))
        ? 'time-budget'
        : undefined,
    afterEpoch: ({ event: { epoch, metrics, seconds }, elapsed, secondsPerEpoch, cutBy }) => {
      if (metrics) validationSeconds = seconds.validation;
      if (secondsPerEpoch !== undefined) {
        const plan = { budget, elapsed, epochSeconds: secondsPerEpoch, finished: epoch };
        state.epochs = planEpochs({ ...plan, limit: settings.num_iters });
      }
      return cutBy === 'time-budget' || epoch >= state.epochs ? 'time-budget' : undefined;
    },
  };
}
