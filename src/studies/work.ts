/** @file Doing the tasks of a study, each by one process at a time, until nothing is left. */

import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortable, throwIfAborted } from '../base/abortable.js';
import { OtxError } from '../base/errors.js';
import { isClaim } from '../base/outputs/claim.js';
import type { LockOwner } from '../base/outputs/lock.js';
import { keepingThreads } from '../data/index.js';
import type { StudyEvent, TaskEvent } from './events.js';
import type { Study } from './study.js';

/** How often a process that waits looks what the others have done. */
const LOOK_MILLISECONDS = 2000;

/** What a task has for its work. */
export interface TaskHooks {
  /** Fires when the work is to be saved and stopped. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: StudyEvent) => unknown;
  /** The process that was at it before, and died. */
  readonly before: LockOwner | undefined;
}

/** Something that is done once in a study, whoever does it. */
export interface Task {
  /** Unlike that of all other tasks of the study. */
  readonly name: string;
  /** Whether it is over, by what is in the folder. */
  isDone(): Promise<boolean>;
  /** Whether what it needs is there. Default: it is. */
  isReady?(): Promise<boolean>;
  /** Whether some of it is done, by what is in the folder. */
  isBegun(): Promise<boolean>;
  /**
   * Does it, or what is left of it.
   *
   * @returns what is to be said of it, in a sentence.
   * @throws OtxError `numeric` for what will never succeed: this is noted, and the task is not tried again. All other errors end the work.
   */
  perform(hooks: TaskHooks): Promise<string | undefined>;
}

/** How to work on a study. */
export interface WorkOptions {
  /** All tasks that are known by now. Asked again after each one, so that they may follow from results. */
  readonly tasks: () => Promise<readonly Task[]>;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: StudyEvent) => unknown) | undefined;
  /** Whether to stay until what other processes are at is over, to take it over if they die. Default true. */
  readonly wait?: boolean | undefined;
}

/**
 * Works on a study with all other processes that do.
 *
 * @returns names of the tasks that other processes are still at; empty unless `wait` is false.
 * @throws OtxError `aborted`, after saving, when the signal has fired; what a task throws.
 */
export async function workOn(study: Study, options: WorkOptions): Promise<string[]> {
  return keepingThreads(options.signal, () => doAll(study, options));
}

async function doAll(study: Study, options: WorkOptions): Promise<string[]> {
  const { signal, onEvent = () => undefined, wait = true } = options;
  let isWaiting = false;
  for (;;) {
    throwIfAborted(signal, 'working on a study');
    const tasks = await options.tasks();
    const open = await openTasks(study, tasks);
    if (open.length === 0) return [];
    const tell = (state: TaskEvent['state'], name: string, message?: string) => {
      const isOver = state === 'finished' || state === 'failed';
      const done = tasks.length - open.length + (isOver ? 1 : 0);
      onEvent({ type: 'task', name, state, done, total: tasks.length, message });
    };
    if (await doOne(study, open, { signal, onEvent, tell })) {
      isWaiting = false;
      continue;
    }
    if (!wait) return open.map(({ name }) => name);
    if (!isWaiting) tell('elsewhere', open[0]!.name);
    isWaiting = true;
    await abortable(sleep(LOOK_MILLISECONDS), signal, 'waiting for other processes');
  }
}

async function openTasks(study: Study, tasks: readonly Task[]): Promise<Task[]> {
  const isOpen = await Promise.all(
    tasks.map(async (task) => !(await task.isDone()) && (await study.failureOf(task.name)) === undefined),
  );
  return tasks.filter((_, at) => isOpen[at]);
}

interface DoOptions {
  readonly signal: AbortSignal | undefined;
  readonly onEvent: (event: StudyEvent) => unknown;
  readonly tell: (state: TaskEvent['state'], name: string, message?: string) => void;
}

/** Does the first task that is free. @returns whether the folder is to be looked at again at once. */
async function doOne(study: Study, open: readonly Task[], { tell, ...hooks }: DoOptions): Promise<boolean> {
  for (const task of open) {
    throwIfAborted(hooks.signal, 'working on a study');
    if (task.isReady && !(await task.isReady())) continue;
    const claim = await study.take(task.name);
    if (!isClaim(claim)) continue;
    const { name } = task;
    try {
      // Another may have done it between the look and the claim.
      if ((await openTasks(study, [task])).length === 0) return true;
      tell((await task.isBegun()) ? 'resumed' : 'started', name, takenOver(claim.before));
      const signal = AbortSignal.any([...(hooks.signal ? [hooks.signal] : []), claim.lost]);
      const message = await task.perform({ signal, onEvent: hooks.onEvent, before: claim.before });
      tell('finished', name, message);
    } catch (error) {
      if (!(error instanceof OtxError)) throw error;
      const isLost = error.code === 'aborted' && claim.lost.aborted && !hooks.signal?.aborted;
      if (!isLost && error.code !== 'numeric') throw error;
      if (!isLost) await study.noteFailure(name, error);
      tell('failed', name, isLost ? 'another process has taken it over' : error.message);
    } finally {
      await claim.release();
    }
    return true;
  }
  return false;
}

function takenOver(before: LockOwner | undefined): string | undefined {
  if (!before) return undefined;
  const where = before.host === hostname() ? '' : ` of the machine ${before.host}`;
  return `process ${before.pid}${where}, which was at it, is gone`;
}
