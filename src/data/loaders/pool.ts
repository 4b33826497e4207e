/** @file Threads for decoding and augmentation, shared by all loaders that ask for the same number of them. */
import { Piscina } from 'piscina';
import { OtxError } from '../../base/errors.js';
import { watchThreads } from '../../base/unfinished.js';
import { workerUrl } from '../../base/worker-url.js';
import { TASKS } from './tasks.js';
import type { TaskOutcome, TaskRequest } from './worker.js';

type Tasks = typeof TASKS;
type TaskOf<N extends keyof Tasks> = Parameters<Tasks[N]>[0];
type ResultOf<N extends keyof Tasks> = Tasks[N] extends (task: never) => Promise<infer R> ? R : never;

/** Data threads where the caller does not say. */
export const DEFAULT_WORKERS = 2;

/**
 * Lets go of a pool. Who was stopped does not wait for the tasks under way: a large image takes seconds.
 */
export async function letGo(pool: DataPool, signal: AbortSignal | undefined): Promise<void> {
  const released = pool.release();
  released.catch(() => {});
  if (!signal?.aborted) await released;
}

/** Runs tasks of tasks.ts, in the order in which they are given. */
export interface DataPool {
  readonly workers: number;
  run<N extends keyof Tasks>(name: N, task: TaskOf<N>): Promise<ResultOf<N>>;
  /** Ends the threads once every holder of the pool has let go of it. */
  release(): Promise<void>;
}

interface Threads {
  readonly threads: Piscina;
  readonly workers: number;
  holders: number;
  readonly underWay: Set<Promise<TaskOutcome>>;
}

const open = new Map<number, Threads>();
/** How many are at work that keeps threads. */
let keepers = 0;

/**
 * Does work in which several take up threads one after the other, who all get the same: what is let go of stays until the end of the
 * work. Starting threads takes longer than looking through a small data set. Who was stopped does not wait for tasks under way.
 */
export async function keepingThreads<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  keepers++;
  try {
    return await work();
  } finally {
    keepers--;
    const idle = [...open.values()].filter(({ holders }) => keepers === 0 && holders === 0);
    const ended = Promise.all(idle.map(end));
    ended.catch(() => {});
    if (!signal?.aborted) await ended;
  }
}

async function end({ workers, underWay, threads }: Threads): Promise<void> {
  open.delete(workers);
  // A thread that answers after the pool was destroyed would raise an error that nobody can catch.
  await Promise.allSettled(underWay);
  await threads.destroy();
}

/**
 * A pool of `workers` threads, or the calling thread itself for 0.
 * @throws OtxError `usage` for a count that is not a whole number from 0 to 64.
 */
export function acquirePool(workers: number): DataPool {
  if (!Number.isInteger(workers) || workers < 0 || workers > 64) {
    throw new OtxError(
      'usage',
      `the number of data workers is ${workers}; expected a whole number from 0 to 64`,
    );
  }
  return workers === 0 ? callingThread : acquireThreads(workers);
}

const callingThread: DataPool = {
  workers: 0,
  run: async (name, task) => (TASKS[name] as (task: unknown) => Promise<never>)(task),
  release: async () => {},
};

function acquireThreads(workers: number): DataPool {
  let entry = open.get(workers);
  if (!entry) {
    watchThreads();
    const filename = workerUrl(import.meta.url, './worker.js').href;
    entry = {
      threads: new Piscina({ filename, name: 'runTask', minThreads: workers, maxThreads: workers }),
      workers,
      holders: 0,
      underWay: new Set(),
    };
    open.set(workers, entry);
  }
  const { threads } = entry;
  const held = entry;
  held.holders++;
  let released = false;
  return {
    workers,
    async run<N extends keyof Tasks>(name: N, task: TaskOf<N>): Promise<ResultOf<N>> {
      const request: TaskRequest = { name, task };
      const running: Promise<TaskOutcome> = threads.run(request);
      held.underWay.add(running);
      const outcome = await running.finally(() => held.underWay.delete(running));
      if (!outcome.ok) throw new OtxError(outcome.code, outcome.message);
      return outcome.value as ResultOf<N>;
    },
    async release() {
      if (released) return;
      released = true;
      held.holders--;
      if (held.holders === 0 && keepers === 0) await end(held);
    },
  };
}
