/**
 * @file Which trials are trained for how long: asynchronous successive halving (Li et al., "A System for Massively Parallel
 * Hyperparameter Tuning", MLSys 2020), with the trials of a rung judged in the order in which they came to it and not in which they
 * ended. So what is decided depends on scores alone, and any number of processes come to the same.
 */

/** Of so many trials one goes on. */
export const REDUCTION = 3;
const MOST_RUNGS = 3;

/** A trial and the rung up to which it is to be trained. */
export interface RungTask {
  /** From 0. */
  readonly trial: number;
  /** From 0. */
  readonly rung: number;
}

/**
 * Epochs at which trials stop: the last is that of a whole training, each before it a third, and none is before the first
 * validation.
 */
export function rungsOf(epochs: number, interval: number): number[] {
  const rungs = [epochs];
  while (rungs.length < MOST_RUNGS) {
    const next = Math.ceil(epochs / REDUCTION ** rungs.length / interval) * interval;
    if (next >= rungs[0]!) break;
    rungs.unshift(next);
  }
  return rungs;
}

/**
 * All that is to be done for these trials, as far as it is known by now; what is done is among it.
 *
 * @param trials how many, in order.
 * @param scoreAt of a trial at a rung; undefined where it has not come so far, -Infinity where it cannot.
 */
export function rungTasks(
  trials: number,
  rungs: number,
  scoreAt: (trial: number, rung: number) => number | undefined,
): RungTask[] {
  const tasks: RungTask[] = [];
  let entrants = Array.from({ length: trials }, (_, at) => at);
  for (let rung = 0; rung < rungs; rung++) {
    tasks.push(...entrants.map((trial) => ({ trial, rung })));
    const promoted: number[] = [];
    for (let many = 1; many * REDUCTION <= entrants.length; many++) {
      const seen = entrants.slice(0, many * REDUCTION);
      const scores = new Map(seen.map((trial) => [trial, scoreAt(trial, rung)]));
      if ([...scores.values()].includes(undefined)) break;
      const [best] = seen
        .filter((trial) => !promoted.includes(trial))
        .sort((a, b) => scores.get(b)! - scores.get(a)!);
      if (scores.get(best!)! > Number.NEGATIVE_INFINITY) promoted.push(best!);
    }
    entrants = promoted;
  }
  return tasks;
}
