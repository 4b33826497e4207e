/** @file Gradient clipping and optimisers on flat vectors. */
export { type AdamOptions, type AdamScalars, type AdamState, adam, adamScalars } from './adam.js';
export {
  type AdamWOptions,
  type AdamWScalars,
  adamW,
  adamWScalars,
  type DecayGroups,
  isNormalization,
} from './adamw.js';
export { clipByGlobalNorm } from './clip.js';
export { averageKeep, movingAverage, uniformKeep } from './moving-average.js';
export {
  OPTIMIZER_NAMES,
  type OptimizerName,
  optimize,
  optimizerScalars,
  optimizerVectors,
} from './optimizers.js';
export {
  type LearningRateOptions,
  type LearningRateSchedule,
  learningRateAt,
  SCHEDULE_NAMES,
  type ScheduleState,
  scheduleOf,
} from './schedules/schedules.js';
export { type SgdOptions, type SgdState, sgd } from './sgd.js';
export type { ParameterEntry } from './weight-decay.js';
