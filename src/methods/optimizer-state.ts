/** @file The optimiser in a step graph: its vectors as packs of state, and the update of the parameters. */

import type { PackLayout, StepBuilder } from '../engine/step.js';
import type { Tensor } from '../graph/index.js';
import { type OptimizerName, optimize, optimizerVectors } from '../optim/index.js';
import { OPTIMIZER_PREFIX } from '../weights/training-state.js';
import type { StatePack } from './state-pack.js';

/** What the optimiser remembers of the parameters in `layout`, as state of a method. */
export function optimizerPacks(name: OptimizerName, layout: PackLayout): StatePack[] {
  return vectorLayouts(name, layout).map((vector) => ({
    layout: vector,
    nameOf: (key) => `${OPTIMIZER_PREFIX}${vector.name}.${key}`,
  }));
}

/**
 * Ends a training step: the parameters of the pack in `layout` and the vectors of {@link optimizerPacks} become those after
 * one update. The step needs the scalars of `optimizerScalars`.
 *
 * @param parameters flat vector of the pack.
 * @param gradient of the loss by `parameters`.
 * @returns the new parameters, and the norm of the gradient before clipping (scalar).
 */
export function updateParameters(
  step: StepBuilder,
  name: OptimizerName,
  layout: PackLayout,
  parameters: Tensor,
  gradient: Tensor,
): { readonly parameters: Tensor; readonly norm: Tensor } {
  const vectors = vectorLayouts(name, layout).map((vector) => [vector.name, step.pack(vector).flat]);
  const next = optimize(name, {
    parameters,
    vectors: Object.fromEntries(vectors),
    gradient,
    entries: layout.entries,
    scalar: (scalar) => step.scalar(scalar),
  });
  step.update(layout.name, next.parameters);
  for (const [vector, value] of Object.entries(next.vectors)) step.update(vector, value);
  return { parameters: next.parameters, norm: next.norm };
}

const vectorLayouts = (name: OptimizerName, layout: PackLayout): PackLayout[] =>
  optimizerVectors(name).map((vector) => ({ ...layout, name: vector }));
