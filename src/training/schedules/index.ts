/** @file The rules that steer a training, as pure functions of plain state: what a checkpoint holds continues them exactly. */

export {
  checkEarlyStopping,
  EARLY_STOPPING_START,
  type EarlyStoppingOptions,
  type EarlyStoppingState,
} from './early-stopping.js';
export { type LearningRateSchedule, learningRateAt } from './learning-rate.js';
export { lookAtPlateau, PLATEAU_START, type PlateauState } from './plateau.js';
export { validationInterval } from './validation-interval.js';
