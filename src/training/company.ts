/** @file How processes that train together stay together: the first one decides, and a wish to stop of any one stops all. */

import type { Ranks } from '../engine/ranks/ranks.js';
import { type RunState, runStateSchema, type StopReason } from '../runs/run-state.js';

export interface Company {
  /** Fires, in all processes after the same step, when one of them was asked to stop. */
  readonly signal: AbortSignal | undefined;
  /** To be called by all after each step. @returns why the epoch is to be cut, as the first process has it */
  readonly afterStep: (cutBy: StopReason | undefined) => Promise<StopReason | undefined>;
  /** To be called by all between epochs: the state becomes that of the first process. */
  readonly betweenEpochs: () => Promise<void>;
}

/**
 * @param state of the run; changed in place.
 * @param own fires when this process is asked to stop.
 */
export function joinIn(ranks: Ranks, state: RunState, own: AbortSignal | undefined): Company {
  if (ranks.size === 1) {
    return { signal: own, afterStep: async (cutBy) => cutBy, betweenEpochs: async () => undefined };
  }
  const agreed = new AbortController();
  const meet = async <T>(value: T): Promise<T> => {
    const all = await ranks.share({ isAsked: own?.aborted === true, value });
    if (all.some(({ isAsked }) => isAsked)) agreed.abort();
    return all[0]!.value;
  };
  return {
    signal: agreed.signal,
    afterStep: async (cutBy) => (await meet(cutBy ?? null)) ?? undefined,
    betweenEpochs: async () => {
      const first = await meet(ranks.rank === 0 ? state : null);
      if (ranks.rank > 0) Object.assign(state, runStateSchema.parse(first));
    },
  };
}
