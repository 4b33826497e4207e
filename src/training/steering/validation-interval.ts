/** @file How often to validate: where an epoch is only a few steps, scoring after each would take most of the time. */

/** Epochs between validations: max(round(5·exp(−0.025·steps)), 1), thus 5 for tiny data sets and 1 from 48 steps on. */
export function validationInterval(stepsPerEpoch: number): number {
  return Math.max(Math.round(5 * Math.exp(-0.025 * stepsPerEpoch)), 1);
}
