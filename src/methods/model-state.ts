/** @file The variables of a model as the engine keeps them: one pack of trained values, one of running statistics. */

import { layoutOf, type PackLayout } from '../engine/step.js';
import type { VariableSpec } from '../nn/index.js';

/** Where the variables of a model live in the engine. */
export interface ModelLayouts {
  /** Trained values. */
  readonly parameters: PackLayout;
  /** Running statistics and counters, which the forward pass itself updates. */
  readonly buffers: PackLayout;
}

/** Packs for the variables of a model, in the model's order. */
export function modelLayouts(variables: readonly VariableSpec[]): ModelLayouts {
  return {
    parameters: layoutOf(
      'parameters',
      variables.filter(({ kind }) => kind === 'parameter'),
    ),
    buffers: layoutOf(
      'buffers',
      variables.filter(({ kind }) => kind === 'buffer'),
    ),
  };
}
