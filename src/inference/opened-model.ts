/** @file A trained model that is ready to segment, wherever its weights come from. */

import { OtxError } from '../base/errors.js';
import type { ClassInfo, DataReading, Size } from '../data/index.js';
import type { Network } from './network.js';
import type { TrainedModelOptions } from './trained-model.js';

/** Which model to open, and how it computes. */
export interface ModelOptions extends TrainedModelOptions {
  /** Threads of the engine. Default: all that the process may use. */
  readonly threads?: number | undefined;
}

/** What must be known to make classes of what a network says. */
export interface Reading {
  /** Background first. */
  readonly classes: readonly ClassInfo[];
  /** Size of the network input in pixels. */
  readonly inputSize: Size;
  /** Pixels whose best class is less probable are background; undefined for none. */
  readonly threshold: number | undefined;
  /** How the data was read that it learned from, where that is known. */
  readonly data?: DataReading | undefined;
}

/** A trained model in evaluation mode. */
export interface OpenedModel extends Reading, Network {}

export function senseless(path: string, found: string): OtxError {
  return new OtxError(
    'numeric',
    `${path}: gives ${found} for an image; use an earlier checkpoint, or train again`,
  );
}
