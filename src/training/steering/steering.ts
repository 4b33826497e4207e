/**
 * @file What may end a training: parts that see the same events, keep what they must remember in the state of the run, and may
 * ask for the end. A new one is a file of its own and an entry of the list.
 */

import type { StopReason } from '../../runs/run-state.js';
import { earlyStopping } from './early-stopping.js';
import { epochLimit } from './epoch-limit.js';
import { onRequest } from './on-request.js';
import type { SteeredRun, Steering } from './steering-part.js';
import { timeBudget } from './time-budget.js';

/** In the order in which their reasons count. */
const PARTS: readonly ((run: SteeredRun) => Steering)[] = [epochLimit, earlyStopping, timeBudget, onRequest];

/** All parts as one. */
export function steer(run: SteeredRun): Required<Steering> {
  const parts = PARTS.map((create) => create(run));
  const first = (reasons: readonly (StopReason | undefined)[]) =>
    reasons.find((reason) => reason !== undefined);
  return {
    afterStep: (seen) => first(parts.map((part) => part.afterStep?.(seen))),
    afterEpoch: (seen) => first(parts.map((part) => part.afterEpoch?.(seen))),
  };
}
