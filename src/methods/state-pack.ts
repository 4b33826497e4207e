/** @file What a method remembers between steps. */

import type { PackLayout } from '../engine/step.js';

/** State that the engine keeps between steps. */
export interface StatePack {
  readonly layout: PackLayout;
  /**
   * Name in a checkpoint of the tensor with that key in the pack: the key itself for the weights of the model, otherwise
   * one for which `isTrainingState` (src/weights/training-state.ts) holds. No two tensors of a method share a name.
   */
  readonly nameOf: (key: string) => string;
  /**
   * Value before the first step.
   * @param weights values by key of `Method.variables`; not to be changed. Default: all zero.
   */
  readonly start?: (weights: ReadonlyMap<string, Float32Array>) => Float32Array;
}
