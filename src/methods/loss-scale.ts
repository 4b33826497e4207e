/**
 * @file The loss scale of mixed precision, and how it follows from what becomes of steps (Micikevicius et al. 2018,
 * https://arxiv.org/abs/1710.03740): a gradient beyond float16 halves it, a long time without one doubles it.
 */

/** A loss scale, and what is remembered to choose the next one. */
export interface LossScale {
  /** A power of two, so that to multiply and to divide by it rounds nothing. */
  readonly value: number;
  /** Steps since it last changed. */
  readonly goodSteps: number;
}

/** Before the first step: so high that the first steps find out how low it has to be. */
export const LOSS_SCALE_START: LossScale = { value: 2 ** 16, goodSteps: 0 };
/** Good steps after which a scale twice as large is tried. */
const GROWTH_INTERVAL = 2000;
/** Gradients that need more are none of a mean over pixels. */
const LARGEST = 2 ** 24;

/**
 * The scale of the next step: half of it after an overflow, twice after 2000 good steps, within 1 and 2²⁴.
 * @param committed whether the step was; one that was undone had a gradient beyond float16.
 */
export function nextLossScale({ value, goodSteps }: LossScale, committed: boolean): LossScale {
  if (!committed) return { value: Math.max(value / 2, 1), goodSteps: 0 };
  if (goodSteps + 1 < GROWTH_INTERVAL) return { value, goodSteps: goodSteps + 1 };
  return { value: Math.min(2 * value, LARGEST), goodSteps: 0 };
}

/** Whether a smaller scale may mend what was undone: the loss itself is computed without one. */
export const isOverflow = ({ value }: LossScale, loss: number): boolean => value > 1 && Number.isFinite(loss);
