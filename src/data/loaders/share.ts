/** @file Which batches a process takes where a step of the training has several: parts, which processes share. */

/** How the batches of a step are shared. */
export interface Share {
  /** Batches that make one step, over all processes. */
  readonly parts: number;
  /** Which of the processes this one is, from 0. */
  readonly rank: number;
  /** Processes; they divide `parts`. */
  readonly ranks: number;
}

/** One process, whose steps are single batches. */
export const WHOLE_SHARE: Share = { parts: 1, rank: 0, ranks: 1 };

/** Batches that this process takes in each step. */
export const batchesPerStep = ({ parts, ranks }: Share): number => parts / ranks;

/**
 * Number, over all processes, of the batch that this process takes as its own of that number; both are counted from 0 through
 * all steps. In each round every process takes the next one, in their order: who adds up round by round has the order of one
 * process that takes all.
 */
export function sharedBatch(share: Share, own: number): number {
  const perStep = batchesPerStep(share);
  return Math.floor(own / perStep) * share.parts + (own % perStep) * share.ranks + share.rank;
}
