/** @file AdamW: Adam with decoupled weight decay (https://arxiv.org/abs/1711.05101) on one flat vector of parameters. */
import type { Tensor } from '../graph/tensor.js';
import { type AdamOptions, type AdamScalars, type AdamState, adam, adamScalars } from './adam.js';
import { decayed, type ParameterEntry } from './weight-decay.js';

export interface AdamWOptions extends AdamOptions {
  /** Decay per step in units of the learning rate; default 1e-4. */
  readonly weightDecay?: number;
}

/** Scalars of an update that change from step to step; see {@link adamWScalars}. */
export interface AdamWScalars<T> extends AdamScalars<T> {
  /** 1 − lr · weightDecay */
  readonly keep: T;
}

export interface DecayGroups {
  /** The parameters in the order of the flat vector, such as the entries of its pack. */
  readonly entries: readonly ParameterEntry[];
  /** True for the names of parameters that are not decayed; default {@link isNormalization}. */
  readonly exempt?: (key: string) => boolean;
}

/**
 * The parameters that SegNeXt trains without decay, by name. Everything else is decayed, biases included, and also the
 * norms whose names do not say so: those of the stem and of the head.
 */
export const isNormalization = (key: string): boolean => key.includes('norm') || key.includes('pos_block');

/** p ← keep · p for the decayed parameters, then {@link adam}. */
export function adamW(
  state: AdamState,
  gradient: Tensor,
  { keep, ...scalars }: AdamWScalars<Tensor>,
  { entries, exempt = isNormalization }: DecayGroups,
  options: AdamOptions = {},
): AdamState {
  const parameters = decayed(state.parameters, keep, entries, exempt);
  return adam({ ...state, parameters }, gradient, scalars, options);
}

/**
 * The scalars of one update, computed in double precision on the host.
 * @param step number of this update, counted from 1
 */
export function adamWScalars(
  learningRate: number,
  step: number,
  { weightDecay = 1e-4, ...options }: AdamWOptions = {},
): AdamWScalars<number> {
  return { ...adamScalars(learningRate, step, options), keep: 1 - learningRate * weightDecay };
}
