/** @file One training with several seeds: what is left of a difference when chance is taken out. */

import { checkOptions } from '../base/check-options.js';
import { OtxError, option } from '../base/errors.js';
import { shown } from '../base/shown.js';
import { checkTrainOptions, requestOf, type TrainOptions } from '../training/options/train-options.js';
import { formatTrainingRequest, ownOfProgram } from '../training/options/training-config.js';
import { inputsOf, JOINT_KINDS, type JointOptions, workTogether } from './joint-work.js';
import { type StudyFiles, writeResults } from './result-files.js';
import { bestRun, type ScoreSpread, scoreSpread } from './spread.js';
import type { Study } from './study.js';
import { type FailedTraining, readRuns, type StudyRun } from './study-run.js';
import { trainingTask } from './training-task.js';

/** A training as of {@link train}, and the seeds with which it is repeated. */
export interface TrainSeedsOptions
  extends Omit<TrainOptions, 'seed' | 'output' | 'onEvent' | 'signal' | 'resumeFrom'>,
    JointOptions {
  /** Each at most once. More of them may be given later, with the same folder. */
  readonly seeds: readonly number[];
}

/** What the trainings of all seeds have come to. */
export interface TrainSeedsResult {
  /** Folder of the study. */
  readonly output: string;
  /** Trainings that are over, in the order of their seeds; also those of seeds that were given earlier. */
  readonly runs: readonly StudyRun[];
  /** Mean and sample deviation of their scores, by class too. */
  readonly spread: ScoreSpread;
  /** The one with the highest mean Dice; undefined without validation. */
  readonly best: StudyRun | undefined;
  /** Trainings whose loss stayed infinite or not a number. */
  readonly failed: readonly FailedTraining[];
  /** Names of trainings that other processes are still at; empty unless `wait` is false. */
  readonly elsewhere: readonly string[];
  /** What was written besides the run folders. */
  readonly files: StudyFiles;
}

/**
 * Trains with each of several seeds, in folders `runs/seed-…` below the output folder, and compares what comes of it.
 *
 * @throws OtxError as {@link train}, and `usage` for a folder that holds another study.
 */
export async function trainSeeds(options: TrainSeedsOptions): Promise<TrainSeedsResult> {
  // Those of a training are looked at by name below.
  checkOptions('trainSeeds()', options, JOINT_KINDS, Object.keys(options ?? {}));
  const { seeds, output, onEvent, signal, wait, ...training } = options;
  checkTrainOptions({ ...training, output });
  checkSeeds(seeds);
  const request = requestOf(training);
  const own = ownOfProgram(training);
  const names = seeds.map(nameOf);
  return workTogether(
    { output, onEvent, signal, wait },
    {
      kind: 'seeds',
      request,
      inputs: inputsOf(request),
      plan: async (study) => {
        for (const seed of seeds) {
          await study.plan(nameOf(seed), formatTrainingRequest({ ...training, seed }));
        }
      },
      tasks: async (study) => names.map((name) => trainingTask(study, name, own)),
      result: seedsResult,
    },
  );
}

const nameOf = (seed: number): string => `seed-${seed}`;

async function seedsResult(study: Study, elsewhere: readonly string[]): Promise<TrainSeedsResult> {
  const found = await readRuns(study, await study.names());
  const { runs, failed } = found;
  const best = bestRun(runs);
  const files = await writeResults(study, found, { kind: 'seeds', best: best?.name });
  return { output: study.root, runs, spread: scoreSpread(runs), best, failed, elsewhere, files };
}

/** @throws OtxError `usage` for none, or one that is twice or no seed. */
function checkSeeds(seeds: readonly number[]): void {
  const isSeed = (seed: unknown) => Number.isInteger(seed) && Number(seed) >= 0 && Number(seed) < 2 ** 32;
  if (Array.isArray(seeds) && seeds.length > 0 && seeds.every(isSeed) && new Set(seeds).size === seeds.length)
    return;
  throw new OtxError(
    'usage',
    `${option('seeds')} is ${shown(seeds)}; expected integers from 0 to 4294967295, each once`,
  );
}
