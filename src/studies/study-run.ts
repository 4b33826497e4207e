/** @file The trainings of a study as they are at the moment, which is all that its result is made of. */

import { type RunFacts, readRun } from './run-facts.js';
import type { Study, TaskFailure } from './study.js';

/** A training of a study that is over. */
export interface StudyRun extends RunFacts {
  /** In the study, such as `seed-0`. */
  readonly name: string;
}

/** A training that cannot be done. */
export interface FailedTraining extends TaskFailure {
  /** In the study. */
  readonly name: string;
}

/** What has become of some trainings. */
export interface StudyRuns {
  /** Those that are over. */
  readonly runs: readonly StudyRun[];
  /** Those that will not be tried again. */
  readonly failed: readonly FailedTraining[];
}

/** Looks at the trainings of these names, in their order. */
export async function readRuns(study: Study, names: readonly string[]): Promise<StudyRuns> {
  const runs: StudyRun[] = [];
  const failed: FailedTraining[] = [];
  for (const name of names) {
    const failure = await study.failureOf(name);
    if (failure) failed.push({ name, ...failure });
    const facts = failure ? undefined : await readRun(study.runFolder(name));
    if (facts?.finished) runs.push({ name, ...facts });
  }
  return { runs, failed };
}
