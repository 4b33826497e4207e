/** @file What all jobs of several trainings have in common: a study in a folder, worked on, and told how far it is. */

import { OtxError } from '../base/errors.js';
import type { Inputs } from '../base/outputs/places.js';
import { fileInputs } from '../runs/inputs.js';
import type { RunConfig } from '../runs/run-config.js';
import type { StudyEvent } from './events.js';
import { Study, type StudyKind } from './study.js';
import { type Task, workOn } from './work.js';

/** How a job of several trainings runs. */
export interface JointOptions {
  /**
   * Folder of the study. The same call in several processes, on one machine or on several that share the folder, divides the
   * trainings among them; one that was killed is gone on with by the same call.
   */
  readonly output: string;
  /** Is told how it goes on: which trainings begin and end here, and all that they tell. */
  readonly onEvent?: ((event: StudyEvent) => unknown) | undefined;
  /** Stops after the current step and saves. */
  readonly signal?: AbortSignal | undefined;
  /** Whether to stay until the trainings of other processes are over, to take over those of one that dies. Default true. */
  readonly wait?: boolean | undefined;
}

/** What is in the way of each other. */
export const JOINT_KINDS = {
  output: 'path',
  onEvent: 'function?',
  signal: 'signal?',
  wait: 'boolean?',
} as const;

/** A study and how it is worked on. */
export interface JointWork<R> {
  readonly kind: StudyKind;
  readonly request: Readonly<Record<string, unknown>>;
  readonly inputs: Inputs;
  /** Plans what is known beforehand. */
  readonly plan: (study: Study) => Promise<void>;
  /** All tasks that are known by now. */
  readonly tasks: (study: Study) => Promise<readonly Task[]>;
  /** What comes of the folder. @param elsewhere what other processes are still at */
  readonly result: (study: Study, elsewhere: readonly string[]) => Promise<R>;
}

/**
 * Opens a study, works on it with all others that do, and tells what came of it.
 *
 * @throws OtxError `aborted` with how far it is; what the trainings throw.
 */
export async function workTogether<R>(
  { output, onEvent, signal, wait }: JointOptions,
  { kind, request, inputs, plan, tasks, result }: JointWork<R>,
): Promise<R> {
  const study = await Study.enter({ root: output, kind, request, inputs });
  try {
    await plan(study);
    onEvent?.({ type: 'output', folder: output });
    const elsewhere = await workOn(study, { tasks: () => tasks(study), signal, onEvent, wait });
    return await result(study, elsewhere);
  } catch (error) {
    if (!(error instanceof OtxError && error.code === 'aborted')) throw error;
    const all = await tasks(study);
    const isDone = await Promise.all(all.map((task) => task.isDone()));
    throw new OtxError(
      'aborted',
      `stopped: ${isDone.filter(Boolean).length} of ${all.length} trainings of ${output} are over, and the same command with this ` +
        'folder goes on with the others',
      { cause: error },
    );
  } finally {
    await study.close();
  }
}

/** What trainings of a request read, which no study is written into. */
export function inputsOf({
  train_data_roots,
  val_data_roots,
  unlabeled_data_roots,
}: Partial<RunConfig>): Inputs {
  return { folders: fileInputs('the data', train_data_roots, val_data_roots, unlabeled_data_roots).files };
}
