/** @file The optimisers by name, as the reference sets them: what happens to a gradient between the loss and the new weights. */
import { mul, reduceSum, sqrt } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';
import { adam, adamScalars } from './adam.js';
import { adamW, adamWScalars } from './adamw.js';
import { clipByGlobalNorm } from './clip.js';
import { sgd } from './sgd.js';
import type { ParameterEntry } from './weight-decay.js';

/**
 * `adam`: gradients clipped, no decay (Lite-HRNet). `adamw`: no clipping, decay of 1e-4 except for norms (SegNeXt).
 * `sgd`: gradients clipped, momentum 0.9, L2 penalty of 1e-3 on everything, as the reference has it for DetCon.
 */
export const OPTIMIZER_NAMES = ['adam', 'adamw', 'sgd'] as const;
export type OptimizerName = (typeof OPTIMIZER_NAMES)[number];

/** The joint L2 norm to which gradients are scaled down for Adam and SGD. */
const MAX_GRADIENT_NORM = 40;
const SGD_WEIGHT_DECAY = 1e-3;

const MOMENTS = ['exp_avg', 'exp_avg_sq'] as const;
const VELOCITY = 'momentum_buffer';

/** What an optimiser remembers: names of vectors as long as that of the parameters, zero at the beginning (PyTorch's names). */
export function optimizerVectors(name: OptimizerName): readonly string[] {
  return name === 'sgd' ? [VELOCITY] : MOMENTS;
}

/** Vectors by name; see {@link optimizerVectors}. */
export type OptimizerVectors = Readonly<Record<string, Tensor>>;

export interface OptimizerInputs {
  /** Flat vector of all parameters. */
  readonly parameters: Tensor;
  readonly vectors: OptimizerVectors;
  /** Flat, in the order of the parameters. */
  readonly gradient: Tensor;
  /** The parameters in the order of the flat vectors. */
  readonly entries: readonly ParameterEntry[];
  /** Declares a scalar of the step; {@link optimizerScalars} has its value. */
  readonly scalar: (name: string) => Tensor;
}

export interface Optimized {
  readonly parameters: Tensor;
  readonly vectors: OptimizerVectors;
  /** Norm of the gradient as it was given (scalar). */
  readonly norm: Tensor;
}

/** One update. */
export function optimize(name: OptimizerName, inputs: OptimizerInputs): Optimized {
  const { parameters, vectors, gradient, entries, scalar } = inputs;
  const { gradient: limited, norm } =
    name === 'adamw'
      ? { gradient, norm: sqrt(reduceSum(mul(gradient, gradient))) }
      : clipByGlobalNorm(gradient, MAX_GRADIENT_NORM);
  if (name === 'sgd') {
    const options = { weightDecay: SGD_WEIGHT_DECAY };
    const next = sgd({ parameters, velocity: vectors[VELOCITY]! }, limited, scalar('learningRate'), options);
    return { parameters: next.parameters, vectors: { [VELOCITY]: next.velocity }, norm };
  }
  const state = { parameters, m: vectors[MOMENTS[0]]!, v: vectors[MOMENTS[1]]! };
  const scalars = { stepSize: scalar('stepSize'), secondMomentScale: scalar('secondMomentScale') };
  const next =
    name === 'adam'
      ? adam(state, limited, scalars)
      : adamW(state, limited, { ...scalars, keep: scalar('keep') }, { entries });
  return { parameters: next.parameters, vectors: { [MOMENTS[0]]: next.m, [MOMENTS[1]]: next.v }, norm };
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
  if (name === 'sgd') return { learningRate };
  return name === 'adam' ? { ...adamScalars(learningRate, step) } : { ...adamWScalars(learningRate, step) };
}
