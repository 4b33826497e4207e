/** @file Cross-validation: each part of the data is validated on once, by a model that has not learned from it. */

import { checkOptions } from '../base/check-options.js';
import { OtxError, option } from '../base/errors.js';
import type { ClassInfo } from '../data/index.js';
import { confusionOf } from '../reports/index.js';
import { ConfusionMatrix, type SegmentationMetrics } from '../runs/metrics.js';
import { runVocabulary } from '../settings/run-vocabulary.js';
import { checkTrainOptions, requestOf, type TrainOptions } from '../training/options/train-options.js';
import { formatTrainingRequest, ownOfProgram } from '../training/options/training-config.js';
import { inputsOf, JOINT_KINDS, type JointOptions, workTogether } from './joint-work.js';
import { type StudyFiles, writeResults } from './result-files.js';
import { isOver, type RunFacts, readRun } from './run-facts.js';
import { bestRun, type ScoreSpread, scoreSpread } from './spread.js';
import type { Study } from './study.js';
import { type FailedTraining, readRuns, type StudyRun } from './study-run.js';
import { trainingTask } from './training-task.js';

const DEFAULT_FOLDS = 5;
const FINAL = 'final';
/** Of the setting. */
const LONGEST_INTERVAL = 10_000;
/** What comes of the folds besides their scores. */
export const FINAL_MODELS = ['ensemble', 'retrain'] as const;
/** `ensemble`: the mean of the models of all folds; `retrain`: one more training, on all images. */
export type FinalModel = (typeof FINAL_MODELS)[number];

/** A training as of {@link train}, and how its data is divided. */
export interface CrossValidateOptions
  extends Omit<
      TrainOptions,
      'trainData' | 'validationData' | 'output' | 'onEvent' | 'signal' | 'resumeFrom' | NotHere
    >,
    JointOptions {
  /** Root of the data set, which is divided. */
  readonly trainData: string;
  /** Parts of equal size, from 2 to 100, that have each class alike and alike images together. Default 5. */
  readonly folds?: number | undefined;
  /** Default `ensemble`, for which there is nothing more to train. */
  readonly final?: FinalModel | undefined;
}

/** What says otherwise what to validate on. */
const NOT_HERE = ['fold', 'valShare', 'valList', 'trainList'] as const;
type NotHere = (typeof NOT_HERE)[number];

/** What cross-validation has come to. */
export interface CrossValidateResult {
  /** Folder of the study. */
  readonly output: string;
  /** Trainings of the folds that are over, in order. */
  readonly runs: readonly StudyRun[];
  /** Mean and sample deviation over the folds, by class too. */
  readonly spread: ScoreSpread;
  /**
   * Scores over the pixels of all images together, each segmented by the model that has not learned from it; undefined until all
   * folds are over, and where one was not better than the weights that were given.
   */
  readonly outOfFold: OutOfFold | undefined;
  /** The model that was trained on all images; undefined unless it was asked for and is over. */
  readonly final: RunFacts | undefined;
  /** The fold with the highest mean Dice. */
  readonly best: StudyRun | undefined;
  /** Folds whose loss stayed infinite or not a number. */
  readonly failed: readonly FailedTraining[];
  /** Names of trainings that other processes are still at; empty unless `wait` is false. */
  readonly elsewhere: readonly string[];
  /** What was written besides the run folders. */
  readonly files: StudyFiles;
}

/** All images, each by a model that has not seen it. */
export interface OutOfFold {
  /** Background first. */
  readonly classes: readonly ClassInfo[];
  /** Of all pixels together. */
  readonly metrics: SegmentationMetrics;
  /** Pixels: of the true class of the row, how many were predicted as the class of the column. */
  readonly confusion: readonly (readonly number[])[];
}

/**
 * Trains once for each part of the data, which is validated on while the others are learned from, in folders `runs/fold-…` below the
 * output folder; on request once more on all images, in `runs/final`.
 *
 * The training on all images has nothing to validate on. It runs for as many epochs as the best ones of the folds on average,
 * without early stopping, and keeps its last weights; its score is on images that it has learned from and says nothing.
 *
 * @throws OtxError as {@link train}, and `usage` for a folder that holds another study.
 */
export async function crossValidate(options: CrossValidateOptions): Promise<CrossValidateResult> {
  // Those of a training are looked at by name below.
  checkOptions('crossValidate()', options, JOINT_KINDS, Object.keys(options ?? {}));
  const { folds = DEFAULT_FOLDS, final = 'ensemble', output, onEvent, signal, wait, ...training } = options;
  checkTrainOptions({ ...training, folds, output });
  checkRequest({ ...training }, folds, final);
  // Whether a final model is wanted may be said later.
  const request = requestOf({ ...training, folds });
  const own = ownOfProgram(training);
  const names = Array.from({ length: folds }, (_, at) => `fold-${at + 1}`);
  return workTogether(
    { output, onEvent, signal, wait },
    {
      kind: 'cross-validation',
      request,
      inputs: inputsOf(request),
      plan: async (study) => {
        for (const [at, name] of names.entries()) {
          await study.plan(name, formatTrainingRequest({ ...training, folds, fold: at + 1 }));
        }
      },
      tasks: async (study) => {
        const tasks = names.map((name) => trainingTask(study, name, own));
        if (final !== 'retrain') return tasks;
        const { runs, failed } = await readRuns(study, names);
        if (runs.length === 0 || runs.length + failed.length < folds) return tasks;
        await study.plan(FINAL, formatTrainingRequest(onEverything(training, runs)));
        return [...tasks, trainingTask(study, FINAL, own)];
      },
      result: (study, elsewhere) => crossValidateResult(study, names, elsewhere),
    },
  );
}

/** As long as the folds took to be best, and not looked at before the end. */
function onEverything(
  training: Omit<CrossValidateOptions, keyof JointOptions | 'folds' | 'final'>,
  runs: readonly StudyRun[],
): Partial<TrainOptions> {
  const best = runs.map(({ bestEpoch, epochs }) => bestEpoch ?? epochs);
  const epochs = Math.max(1, Math.round(best.reduce((sum, epoch) => sum + epoch, 0) / best.length));
  const { trainData } = training;
  return {
    ...training,
    ...{
      validationData: trainData,
      epochs,
      earlyStopping: false,
      validationInterval: Math.min(epochs, LONGEST_INTERVAL),
    },
    adaptiveInterval: false,
  };
}

async function crossValidateResult(
  study: Study,
  names: readonly string[],
  elsewhere: readonly string[],
): Promise<CrossValidateResult> {
  const found = await readRuns(study, names);
  const { runs, failed } = found;
  const best = bestRun(runs);
  const outOfFold = runs.length === names.length ? await poolOf(runs) : undefined;
  const facts = await readRun(study.runFolder(FINAL));
  const final = isOver(facts) ? facts : undefined;
  const about = { kind: 'cross-validation', best: best?.name, outOfFold, final: final && FINAL };
  const files = await writeResults(study, found, about);
  const spread = scoreSpread(runs);
  return { output: study.root, runs, spread, outOfFold, final, best, failed, elsewhere, files };
}

/** Undefined where the counts of a fold are not known. */
async function poolOf(runs: readonly StudyRun[]): Promise<OutOfFold | undefined> {
  const [first] = runs;
  if (!first) return undefined;
  const names = first.classes.map(({ name }) => name).join('\n');
  let sum = first.classes.map(() => first.classes.map(() => 0));
  for (const { run, bestEpoch = 0, classes } of runs) {
    const counts = await confusionOf(run, bestEpoch);
    if (!counts || classes.map(({ name }) => name).join('\n') !== names) return undefined;
    sum = sum.map((row, at) => row.map((count, column) => count + (counts[at]?.[column] ?? 0)));
  }
  return { classes: first.classes, metrics: ConfusionMatrix.of(sum).summary(), confusion: sum };
}

/** @throws OtxError `usage` */
function checkRequest(training: Readonly<Record<string, unknown>>, folds: number, final: FinalModel): void {
  runVocabulary.check({ folds });
  if (!FINAL_MODELS.includes(final)) {
    throw new OtxError('usage', `${option('final')} is ${final}; expected ${FINAL_MODELS.join(' or ')}`);
  }
  if (typeof training.trainData !== 'string') {
    throw new OtxError(
      'usage',
      `${option('trainData')}: images in memory are not divided; give the root of a data set`,
    );
  }
  const other = ['validationData', ...NOT_HERE].find((name) => training[name] !== undefined);
  if (other === undefined) return;
  throw new OtxError(
    'usage',
    `${option(other)}: cross-validation validates on each part of the training data in turn; leave it out`,
  );
}
