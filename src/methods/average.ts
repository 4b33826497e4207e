/**
 * @file An average of the weights of a training, kept beside them in the step graph: it follows them step by step. A teacher
 * of semi-supervised training is one; others are validated as the weights are, and may be kept in their place.
 */

import type { PackLayout } from '../engine/step.js';
import { averageKeep, movingAverage, uniformKeep } from '../optim/index.js';
import { STATE_PREFIX } from '../weights/training-state.js';
import type { Follower } from './learning.js';
import type { StatePack, StepPosition } from './method.js';
import { type ModelLayouts, packState } from './model-state.js';

/** Begins the names in a checkpoint of the tensors of an average; the key of the variable follows. */
export const averagePrefix = (name: string): string => `${STATE_PREFIX}${name}.`;

/** An average that is kept beside the weights. */
export interface WeightAverage {
  readonly name: string;
  /** What it keeps of itself in a step. */
  readonly keep: (position: StepPosition) => number;
}

/** Which averages there are. */
export interface AverageSettings {
  /** What a moving average keeps of itself in a step, from 0 to 1. 0: there is none. Default 0. */
  readonly emaDecay?: number | undefined;
  /** Share of the planned steps after which an average of all that follow begins, from 0 to 1. 1: there is none. Default 1. */
  readonly swaStart?: number | undefined;
}

/** Averages by settings: exponential, and uniform over the last steps (SWA, https://arxiv.org/abs/1803.05407). */
export function averagesBy({ emaDecay = 0, swaStart = 1 }: AverageSettings): WeightAverage[] {
  const ema: WeightAverage = { name: 'ema', keep: ({ update }) => averageKeep(emaDecay, update) };
  const swa: WeightAverage = {
    name: 'swa',
    keep: ({ update, planned }) => uniformKeep(Math.floor(swaStart * planned), update),
  };
  return [...(emaDecay > 0 ? [ema] : []), ...(swaStart < 1 ? [swa] : [])];
}

/** The scalar that says what an average keeps of itself. */
export const keepScalar = (name: string): string => `${name}Keep`;

/** Packs for an average: those of the model under other names. */
export function averageLayouts({ parameters, buffers }: ModelLayouts, name: string): ModelLayouts {
  return {
    parameters: { ...parameters, name: `${name}_parameters` },
    buffers: { ...buffers, name: `${name}_buffers` },
  };
}

/** The average as state of a method; it starts as a copy of the weights. */
export function averagePacks(layouts: ModelLayouts, name: string): StatePack[] {
  return Object.values(averageLayouts(layouts, name)).map((layout) => ({
    layout,
    nameOf: (key: string) => averagePrefix(name) + key,
    start: (weights: ReadonlyMap<string, Float32Array>) => packState(layout, weights),
  }));
}

/**
 * How the packs of an average follow those of the model: keep · average + (1 − keep) · weights, running statistics of batch
 * norm included, so that they are those of about the same weights.
 *
 * @param keep name of the scalar. Default {@link keepScalar}.
 */
export function averageFollowers(
  layouts: ModelLayouts,
  name: string,
  keep = keepScalar(name),
): Readonly<Record<string, Follower>> {
  const average = averageLayouts(layouts, name);
  const following = (layout: PackLayout, { name: follows }: PackLayout): Follower => ({
    layout,
    follows,
    next: (current, followed, scalar) => movingAverage(current, followed, scalar(keep)),
  });
  return {
    [average.parameters.name]: following(average.parameters, layouts.parameters),
    [average.buffers.name]: following(average.buffers, layouts.buffers),
  };
}
