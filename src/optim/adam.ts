/** @file Adam (https://arxiv.org/abs/1412.6980) on one flat vector of parameters. */
import { add, div, mul, sqrt, sub } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';

export interface AdamOptions {
  /** Decay of the first moment; default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment; default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment; default 1e-8. */
  readonly epsilon?: number;
}

/** What one update reads; all vectors have the same length. */
export interface AdamState {
  readonly parameters: Tensor;
  /** First moment, zero before the first update. */
  readonly m: Tensor;
  /** Second moment, zero before the first update. */
  readonly v: Tensor;
}

/** Scalars of an update that change from step to step; see {@link adamScalars}. */
export interface AdamScalars<T> {
  /** lr / (1 − β₁ᵗ) */
  readonly stepSize: T;
  /** √(1 − β₂ᵗ) */
  readonly secondMomentScale: T;
}

const defaults = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/**
 * m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², p ← p − stepSize · m / (√v / secondMomentScale + ε)
 */
export function adam(
  { parameters, m, v }: AdamState,
  gradient: Tensor,
  { stepSize, secondMomentScale }: AdamScalars<Tensor>,
  options: AdamOptions = {},
): AdamState {
  const { beta1, beta2, epsilon } = { ...defaults, ...options };
  const nextM = add(mul(m, beta1), mul(gradient, 1 - beta1));
  const nextV = add(mul(v, beta2), mul(mul(gradient, gradient), 1 - beta2));
  const denominator = add(div(sqrt(nextV), secondMomentScale), epsilon);
  const next = sub(parameters, mul(div(nextM, denominator), stepSize));
  return { parameters: next, m: nextM, v: nextV };
}

/**
 * Bias corrections, computed in double precision on the host: float32 loses 1 − β₂ᵗ for small t.
 * @param step number of this update, counted from 1
 */
export function adamScalars(
  learningRate: number,
  step: number,
  options: AdamOptions = {},
): AdamScalars<number> {
  const { beta1, beta2 } = { ...defaults, ...options };
  return {
    stepSize: learningRate / (1 - beta1 ** step),
    secondMomentScale: Math.sqrt(1 - beta2 ** step),
  };
}
