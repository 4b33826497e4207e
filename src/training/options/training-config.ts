/** @file All that a training would use as YAML, and such YAML read back as options. */

import { OtxError } from '../../base/errors.js';
import { formatRunConfig, readRunConfig } from '../../runs/run-config.js';
import { settingsFromParams } from '../../settings/describe-settings.js';
import type { SettingOptions } from '../../settings/index.js';
import { type RunOptions, runVocabulary } from '../../settings/run-vocabulary.js';
import { openInterruptedRun } from '../resume/interrupted-run.js';
import { completeOptions } from './complete-options.js';
import { foreseeRecipe } from './foresee-recipe.js';
import { checkSameProgram, type OwnFunctions } from './from-program.js';
import {
  configOf,
  type ResumeOptions,
  requestOf,
  resumedConfig,
  type TrainOptions,
  templateOf,
} from './train-options.js';

/** Options of {@link train} that a configuration names. */
export type ConfigOptions = SettingOptions &
  RunOptions &
  OwnFunctions & {
    /** Name of a template, or path of its file. */
    readonly template?: string | undefined;
    /** The file itself. */
    readonly configFile?: string | undefined;
  };

/**
 * Reads a configuration: the `config.yaml` of a run, or what {@link formatTrainingConfig} has written. Everything may be left
 * out of it.
 *
 * @param own functions that go with it: a run that began with some is repeated with them alone.
 * @returns options for {@link train}; those that the file does not name are not there.
 * @throws OtxError `usage` naming the file, the entry that is wrong and what is allowed.
 */
export async function readTrainingConfig(path: string, own: OwnFunctions = {}): Promise<ConfigOptions> {
  return (await readOptions(path, own)) as ConfigOptions;
}

/** What a training takes from the program that runs it, as no file can hold it. */
export interface OwnOfProgram
  extends OwnFunctions,
    Partial<Pick<TrainOptions, 'trainData' | 'validationData'>>,
    Pick<TrainOptions, 'pretrainedSource' | 'checkpointInterval' | 'reports' | 'command'> {}

/** Those of some options. */
export function ownOfProgram(options: Partial<TrainOptions>): OwnOfProgram {
  const { augment, lossFunction, model, trainData, validationData } = options;
  const { pretrainedSource, checkpointInterval, reports, command } = options;
  const inMemory = {
    ...(typeof trainData === 'object' ? { trainData } : {}),
    ...(typeof validationData === 'object' ? { validationData } : {}),
  };
  return {
    ...{ augment, lossFunction, model, pretrainedSource, checkpointInterval, reports, command },
    ...inMemory,
  };
}

/**
 * A training as it was asked for, as YAML: of what was left out nothing is said, so that it is chosen when the training begins.
 *
 * @param options as for {@link train}; the folder of the run is not kept.
 * @throws OtxError `usage` for settings that are not allowed.
 */
export function formatTrainingRequest(options: Partial<TrainOptions>): string {
  return formatRunConfig(requestOf(options));
}

/**
 * Reads what {@link formatTrainingRequest} has written.
 *
 * @param own what no file can hold, of the same program.
 * @returns options for {@link train}, to which the folder of the run has to be added.
 * @throws OtxError as {@link readTrainingConfig}, and `usage` where the data is not named.
 */
export async function readTrainingRequest(
  path: string,
  own: OwnOfProgram = {},
): Promise<Omit<TrainOptions, 'output'>> {
  const { trainData, resumeFrom: _, ...options } = await readOptions(path, own);
  if (trainData === undefined) {
    throw new OtxError('usage', `${path}: names no data to learn from (train_data_roots)`);
  }
  return { ...options, trainData };
}

type ReadOptions = Omit<ConfigOptions, 'trainData' | 'validationData'> &
  Partial<Pick<TrainOptions, 'trainData' | 'validationData'>>;

async function readOptions(path: string, own: OwnOfProgram): Promise<ReadOptions> {
  const { hyper_parameters = {}, template, from_program = [], ...file } = await readRunConfig(path);
  checkSameProgram(path, from_program, { ...own });
  const options = runVocabulary.fromConfig(file);
  const known = { ...(template === undefined ? {} : { template }), configFile: path };
  try {
    return { ...known, ...options, ...own, ...settingsFromParams(hyper_parameters, options) };
  } catch (error) {
    if (!(error instanceof OtxError)) throw error;
    // Under the names that entries have in the file.
    const message = error.messageWith((name) => (name.includes('.') ? `hyper_parameters.${name}` : name));
    throw new OtxError(error.code, `${path}: ${message}`, { cause: error });
  }
}

/**
 * Everything that a training would use, as YAML that {@link readTrainingConfig} and `--config` read. Nothing is begun. What the recipe
 * chose has its reason above it. What it will choose when more is known, such as the start behind `auto`, or the number of the images
 * where the data is missing, is left out of the settings, and comments say what it may be.
 *
 * @param options as for {@link train}; data and output may be missing, paths are written as they are given.
 * @throws OtxError `usage` for settings that are not allowed, `checkpoint` for a run that cannot be gone on with.
 */
export async function formatTrainingConfig(options: Partial<TrainOptions> | ResumeOptions): Promise<string> {
  if (options.resumeFrom !== undefined) {
    const run = await openInterruptedRun(options.resumeFrom);
    return formatRunConfig(resumedConfig(run, options).config).trimEnd();
  }
  const { options: complete, trainType, notices } = await completeOptions(options);
  const template = templateOf(complete);
  const { settings, ...comments } = await foreseeRecipe(complete, template, trainType);
  const config = configOf(complete, template, trainType, (path) => path, settings);
  const head = [...notices, ...comments.head];
  return formatRunConfig(config, { ...comments, head }).trimEnd();
}
