/** @file What a study tells its caller besides what its trainings tell. */

import type { JobEvent, TrainEvent } from '../runs/events.js';

/** A task of a study, such as a training, begins or is over. */
export interface TaskEvent {
  readonly type: 'task';
  /** Of the task, as its file in `plan` and its folder in `runs`. */
  readonly name: string;
  /**
   * `started` and `resumed` here, `finished` or `failed` here, or `elsewhere`: other processes are at work on all that is left, and this
   * one waits for them.
   */
  readonly state: 'started' | 'resumed' | 'finished' | 'failed' | 'elsewhere';
  /** Tasks that are over, in all processes. */
  readonly done: number;
  /** Tasks in all, as far as they are planned. */
  readonly total: number;
  /** What else is to be said, in a sentence: the score of a finished training, or why one failed. */
  readonly message: string | undefined;
}

/** Everything that a study reports: of itself, and of the training that this process is at. */
export type StudyEvent = TaskEvent | TrainEvent | JobEvent;
