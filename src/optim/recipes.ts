/** @file The optimisers of the training recipes by name: what happens to a gradient between the loss and the new weights. */
import { mul, reduceSum, sqrt } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';
import { type AdamState, adam, adamScalars } from './adam.js';
import { adamW, adamWScalars } from './adamw.js';
import { clipByGlobalNorm } from './clip.js';
import type { ParameterEntry } from './weight-decay.js';

/** `adam`: gradients clipped, no decay (Lite-HRNet). `adamw`: no clipping, decay of 1e-4 except for norms (SegNeXt). */
export const OPTIMIZER_NAMES = ['adam', 'adamw'] as const;
export type OptimizerName = (typeof OPTIMIZER_NAMES)[number];

/** The joint L2 norm to which gradients are scaled down for Adam. */
const MAX_GRADIENT_NORM = 40;

export interface OptimizerInputs {
  readonly state: AdamState;
  /** Flat, in the order of the parameters. */
  readonly gradient: Tensor;
  /** The parameters in the order of the flat vectors. */
  readonly entries: readonly ParameterEntry[];
  /** Declares a scalar of the step; {@link optimizerScalars} has its value. */
  readonly scalar: (name: string) => Tensor;
}

/** @returns the state after one update, and the norm of the gradient as it was given (scalar). */
export function optimize(
  name: OptimizerName,
  { state, gradient, entries, scalar }: OptimizerInputs,
): { readonly next: AdamState; readonly norm: Tensor } {
  const scalars = { stepSize: scalar('stepSize'), secondMomentScale: scalar('secondMomentScale') };
  if (name === 'adam') {
    const clipped = clipByGlobalNorm(gradient, MAX_GRADIENT_NORM);
    return { next: adam(state, clipped.gradient, scalars), norm: clipped.norm };
  }
  return {
    next: adamW(state, gradient, { ...scalars, keep: scalar('keep') }, { entries }),
    norm: sqrt(reduceSum(mul(gradient, gradient))),
  };
}

/**
 * The scalars of one update by name.
 * @param step number of this update, counted from 1
 */
export function optimizerScalars(
  name: OptimizerName,
  learningRate: number,
  step: number,
): Record<string, number> {
  return name === 'adam' ? { ...adamScalars(learningRate, step) } : { ...adamWScalars(learningRate, step) };
}
