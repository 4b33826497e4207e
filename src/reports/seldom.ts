/** @file Work that follows the training at a distance: never twice at once, and never for more than a small share of the time. */

/** Seconds between two starts at least. */
const MIN_SECONDS = 5;
/** Of the time, at most this part is spent. */
const MAX_SHARE = 0.05;

export interface Seldom {
  /** Does the work now if it is due; otherwise it stays wanted for a later call. */
  request(): void;
  /** Does the work now if it is still wanted. */
  flush(): void;
}

/** @param work starts the work and ends with it; must not throw. @param clock in seconds. */
export function seldom(
  work: () => Promise<void>,
  clock: () => number = () => performance.now() / 1000,
): Seldom {
  let wanted = false;
  let running = false;
  let due = Number.NEGATIVE_INFINITY;
  const start = () => {
    wanted = false;
    running = true;
    const started = clock();
    work().finally(() => {
      running = false;
      due = Math.max(started + MIN_SECONDS, clock() + (clock() - started) / MAX_SHARE);
    });
  };
  return {
    request: () => {
      wanted = true;
      if (!running && clock() >= due) start();
    },
    flush: () => {
      if (wanted) start();
    },
  };
}
