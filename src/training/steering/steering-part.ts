/** @file What a part of a training that may ask for its end sees and answers. */

import type { EpochEvent, StepEvent } from '../../runs/events.js';
import type { RunState, StopReason } from '../../runs/run-state.js';
import type { HyperParameters } from '../../settings/index.js';

/** A step that has just been made. */
export interface SeenStep {
  readonly event: StepEvent;
  /** Seconds of the whole run so far. */
  readonly elapsed: number;
  /** Of this epoch, in the mean. */
  readonly secondsPerStep: number;
}

/** An epoch that has just ended, its validation included; nothing of it is saved yet. */
export interface SeenEpoch {
  readonly event: EpochEvent;
  /** Seconds of the whole run so far. */
  readonly elapsed: number;
  /** How long an epoch takes with all that belongs to it; undefined until one was seen from its beginning. */
  readonly secondsPerEpoch: number | undefined;
  /** Why a part had it end before its last step; undefined when it is whole. */
  readonly cutBy: StopReason | undefined;
}

/** A part of a training that may ask for its end. */
export interface Steering {
  /** An answer has the epoch end here, be validated and saved, and be the last. */
  readonly afterStep?: (seen: SeenStep) => StopReason | undefined;
  /** An answer has this epoch be the last. Asked after each epoch. */
  readonly afterEpoch?: (seen: SeenEpoch) => StopReason | undefined;
}

/** What parts are made from. */
export interface SteeredRun {
  /** Changed in place. */
  readonly state: RunState;
  readonly settings: HyperParameters['learning_parameters'];
  /** Epochs between validations. */
  readonly interval: number;
  /** In seconds; undefined for no limit. */
  readonly timeBudget: number | undefined;
  /** Images that a validation scores, each as often as it is scored. */
  readonly validationImages: number;
  /** Images in a step, over all its batches. */
  readonly imagesPerStep: number;
  /** Sides of the network inputs. */
  readonly sizes: { readonly train: number; readonly validation: number };
  /** Whether the caller has asked for the end. */
  readonly isEndAsked: () => boolean;
}
