/** @file Names of the tensors in a checkpoint that only a resumed training needs. */

/** Begins the names of an optimiser's tensors. */
export const OPTIMIZER_PREFIX = 'optimizer.';
/** Begins the names of all else that a training remembers, e.g. `state.teacher.`. */
export const STATE_PREFIX = 'state.';

/** Whether a tensor of that name is needed to go on with a training, but not to use its model. */
export function isTrainingState(name: string): boolean {
  return name.startsWith(OPTIMIZER_PREFIX) || name.startsWith(STATE_PREFIX);
}
