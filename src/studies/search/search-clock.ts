/** @file How much time a search has left, and which trainings still fit into it. */

import { isOver } from '../run-facts.js';
import type { SearchClock } from './trial-work.js';
import type { SearchState, TrialRun, TrialTask } from './trials.js';

/** How long a search may take; at most one of both. */
export interface SearchTime {
  /** Of this call. */
  readonly timeSeconds?: number | undefined;
  /** In trainings with the default settings; what earlier calls have spent counts. */
  readonly timeRatio?: number | undefined;
}

/** The clock of a call, which learns from the default how long trainings take. */
export class CallClock implements SearchClock {
  private readonly start = performance.now();
  private limit: number;
  /** Seconds that earlier calls have trained; unknown before the first look. */
  private before: number | undefined;

  constructor(private readonly time: SearchTime) {
    this.limit = time.timeSeconds ?? Number.POSITIVE_INFINITY;
  }

  readonly left = (): number => this.limit - (performance.now() - this.start) / 1000;

  /** The tasks that are to be done: those that fit; by a ratio, the default alone until it is known how long it takes. */
  fitting({ tasks, trials, repeats }: SearchState): readonly TrialTask[] {
    const [first] = trials;
    const begun = [...trials, ...repeats].filter((run) => run !== undefined);
    this.before ??= begun.reduce((sum, { seconds }) => sum + seconds, 0);
    const isKnown = isOver(first);
    if (this.time.timeRatio !== undefined) {
      if (!isKnown) return tasks.slice(0, 1);
      this.limit = this.time.timeRatio * first.seconds - this.before;
    }
    if (!isKnown) return this.left() > 0 ? tasks : [];
    const perEpoch = first.seconds / first.epochs;
    return tasks.filter(({ training, epochs = first.epochs }) => {
      const done = begun.find(({ name }: TrialRun) => name === training)?.epochs ?? 0;
      return perEpoch * (epochs - done) <= this.left();
    });
  }
}
