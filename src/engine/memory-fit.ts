/** @file How much memory a step takes of what is free. */

/** Of a thread with the runtime and small sessions; measured. */
export const RUNTIME_BYTES = 100 * 2 ** 20;
/** Measured: the arena cannot fill every gap between values of different sizes. */
export const ARENA_OVERHEAD = 1.35;
/** Of the free memory; images on their way and the validation step need some too. */
const MEMORY_SHARE = 0.8;

/** Whether a step whose values take `peak` bytes runs within `available` bytes. */
export function fits(peak: number, available: number): boolean {
  return ARENA_OVERHEAD * peak <= MEMORY_SHARE * available;
}
