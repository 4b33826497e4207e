/** @file Ends a training when all its epochs are done. */

import type { SteeredRun, Steering } from './steering-part.js';

export function epochLimit({ settings }: SteeredRun): Steering {
  return { afterEpoch: ({ event }) => (event.epoch >= settings.num_iters ? 'epochs' : undefined) };
}
