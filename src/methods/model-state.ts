/** @file The variables of a model as the engine keeps them: one pack of trained values, one of running statistics. */

import { layoutOf, type PackLayout } from '../engine/step.js';
import type { VariableSpec } from '../nn/index.js';
import type { StatePack } from './method.js';

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

/** The model's own packs as state of a method: they start with its weights and bear their names. */
export function modelPacks({ parameters, buffers }: ModelLayouts): StatePack[] {
  return [parameters, buffers].map((layout) => ({
    layout,
    nameOf: (key) => key,
    start: (weights) => packState(layout, weights),
  }));
}

/** One flat vector in the order of a layout. @param values by key; every key of the layout must be there. */
export function packState(layout: PackLayout, values: ReadonlyMap<string, Float32Array>): Float32Array {
  const flat = new Float32Array(layout.size);
  for (const { key, offset } of layout.entries) flat.set(values.get(key) as Float32Array, offset);
  return flat;
}
