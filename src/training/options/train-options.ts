/** @file What a caller says about a training, new or resumed, and what it becomes: one configuration. */

import { resolve } from 'node:path';
import { checkOptions, type OptionKinds } from '../../base/check-options.js';
import { OtxError, option } from '../../base/errors.js';
import { shown } from '../../base/shown.js';
import { type DataSource, pathOf } from '../../data/index.js';
import type { TrainEvent } from '../../runs/events.js';
import type { RunConfig } from '../../runs/run-config.js';
import {
  type HyperParameterOverrides,
  type HyperParameters,
  resolveHyperParameters,
  type SettingOptions,
  settingsOf,
} from '../../settings/index.js';
import { type PretrainedChoice, pretrainedChoice } from '../../settings/pretrained-choice.js';
import { DEFAULT_RECIPE, type RecipeName } from '../../settings/recipe-name.js';
import type { CheckpointInterval } from '../../settings/run-kinds.js';
import { type RunOptions, runVocabulary } from '../../settings/run-vocabulary.js';
import { trainingSettings } from '../../settings/training-settings.js';
import {
  DEFAULT_TEMPLATE,
  defaultSeed,
  documentedSettings,
  loadTemplate,
  type Template,
  type TrainType,
} from '../../templates/index.js';
import type { BackboneSource } from '../../weights/index.js';
import { extendRun } from '../resume/extend-run.js';
import type { InterruptedRun } from '../resume/interrupted-run.js';
import { checkSameConfig, checkUnfinished } from '../resume/interrupted-run.js';
import { checkSameProgram, fromProgram, type OwnFunctions } from './from-program.js';

/** What new and resumed trainings have in common; settings that are left out are those of the template. */
interface CommonOptions
  extends SettingOptions,
    Omit<RunOptions, 'trainData' | 'validationData'>,
    OwnFunctions {
  /**
   * Where backbones come from and are kept. Default: public addresses, a folder of the user's cache, and for embedded ones the
   * package.
   */
  readonly pretrainedSource?: BackboneSource | undefined;
  /** File that some of these settings were read from: it is not written over. */
  readonly configFile?: string | undefined;
  /** What a user typed to get here, for `environment.json`. */
  readonly command?: string | undefined;
  /**
   * Is told how the training goes on. The answer `'stop'` ends it: after the step that is under way the weights are validated and
   * saved, and `train` returns. Such a run can be gone on with.
   */
  readonly onEvent?: ((event: TrainEvent) => unknown) | undefined;
  /**
   * Whether the run folder gets what people and other programs look at: `results.csv`, `events.jsonl`, charts, sheets and
   * TensorBoard's event files. Default true; with false it has the weights and what is needed to go on.
   */
  readonly reports?: boolean | undefined;
  /** Stops after the current step and saves. */
  readonly signal?: AbortSignal | undefined;
}

/** A new training. */
export interface TrainOptions extends CommonOptions {
  /** A template, its name or id, or the path of its YAML file. Default Lite-HRNet-s-mod2. */
  readonly template?: string | Template | undefined;
  /**
   * Root of the data set to learn from (docs/data.md has the layouts), or images with masks in memory. For self-supervised
   * training a folder of images: images directly in it, no masks and no validation data select that.
   */
  readonly trainData: DataSource;
  /**
   * Root of the data set to validate on after every epoch, or images with masks in memory; its classes must be those of the
   * training data. Default: what is meant for it in the training data or in a folder beside it (`val` beside `train`), else a part of the training data.
   * Self-supervised training takes none.
   */
  readonly validationData?: DataSource | undefined;
  /** Folder of the run. It must not hold the weights of an earlier run. */
  readonly output: string;
  /** Not of a new training; see {@link ResumeOptions}. */
  readonly resumeFrom?: undefined;
}

/**
 * Goes on with a run, in its folder and with its settings; other settings given here must be the same. More epochs
 * extend it, even when it was finished.
 */
export interface ResumeOptions extends CommonOptions {
  /** Folder of the run, or its `last.safetensors`. */
  readonly resumeFrom: string;
  /** Must be that of the run. Default: that of the run. */
  readonly template?: string | Template | undefined;
  /** Where the data is now, if it was moved. What was in memory must be given again. */
  readonly trainData?: DataSource | undefined;
  /** Where the validation data is now, if it was moved. What was in memory must be given again. */
  readonly validationData?: DataSource | undefined;
  /** Must be the folder of the run. Default: the folder of the run. */
  readonly output?: string | undefined;
}

const KINDS = {
  ...runVocabulary.kinds,
  pretrainedSource: 'object?',
  configFile: 'path?',
  command: 'string?',
  onEvent: 'function?',
  reports: 'boolean?',
  signal: 'signal?',
  template: 'template?',
  trainData: 'data?',
  validationData: 'data?',
  augment: 'function?',
  lossFunction: 'function?',
  model: 'function?',
} as const satisfies OptionKinds;
const KINDS_OF_NEW = { ...KINDS, trainData: 'data', output: 'path' } as const;

/** @throws OtxError `usage` for options that are missing or of another type than TypeScript would let pass. */
export function checkTrainOptions(options: TrainOptions | ResumeOptions): void {
  const isResumed = (options as TrainOptions | ResumeOptions | undefined | null)?.resumeFrom !== undefined;
  checkOptions('train()', options, isResumed ? KINDS : KINDS_OF_NEW, Object.keys(trainingSettings));
}

/** A configuration with everything in it that a training needs. */
export type CompleteConfig = RunConfig & {
  readonly output: string;
};

/** The template that was asked for, or the default. @throws OtxError `template` for an unknown one. */
export function templateOf({ template = DEFAULT_TEMPLATE }: Pick<TrainOptions, 'template'>): Template {
  return typeof template === 'string' ? loadTemplate(template) : template;
}

/** Which recipe a new run follows. @throws OtxError `usage` for an unknown one. */
export function recipeOf({ recipe }: Pick<CommonOptions, 'recipe'>): RecipeName {
  runVocabulary.check({ recipe });
  return (recipe?.trim().toLowerCase() as RecipeName | undefined) ?? DEFAULT_RECIPE;
}

/**
 * The configuration of a new run.
 *
 * @param settings all of them, by a recipe. Default: the documented ones with what was asked for on top, as long as too little is
 * known for a recipe.
 * @throws OtxError `usage` or `template` for settings that are not allowed.
 */
export function newConfig(
  options: TrainOptions,
  trainType: TrainType,
  settings?: HyperParameters,
): { config: CompleteConfig; template: Template } {
  const template = templateOf(options);
  const asks = startAsked(options);
  if ((asks === 'imagenet' || asks === 'embedded') && options.loadWeights !== undefined) {
    throw new OtxError(
      'usage',
      `${option('pretrained')} and ${option('loadWeights')} ${options.loadWeights} are both asked for; choose one of them`,
    );
  }
  // A run that could not be resumed or evaluated is not begun.
  checkInterval(options.checkpointInterval);
  runVocabulary.check(withPaths(options));
  return { template, config: configOf(options, template, trainType, resolve, settings) as CompleteConfig };
}

/**
 * Everything that a new training would use. Data and output may still be missing.
 *
 * @param place makes of a path what is written.
 * @param settings as for {@link newConfig}.
 * @throws OtxError `usage` for settings that are not allowed.
 */
export function configOf(
  options: Partial<TrainOptions>,
  template: Template,
  trainType: TrainType,
  place: (path: string) => string,
  settings?: HyperParameters,
): RunConfig {
  const own = fromProgram({ ...options });
  const chosen = {
    useOtxAdapter: options.useOtxAdapter ?? false,
    seed: options.seed ?? defaultSeed(trainType),
    pretrained: startOf(template, options),
    recipe: recipeOf(options),
  };
  return {
    template: templateReference(template),
    ...runVocabulary.toConfig({ ...withPaths(options), ...chosen }, place),
    ...(own.length > 0 ? { from_program: own } : {}),
    seed: chosen.seed,
    hyper_parameters: settings ?? documentedWith(template, trainType, settingsOf(options)),
  };
}

/**
 * A training as it was asked for and nothing else, so that what was left out is chosen when it begins. Its folder is not part of it.
 *
 * @throws OtxError `usage` or `template` for settings that are not allowed.
 */
export function requestOf(options: Partial<TrainOptions>): Partial<RunConfig> {
  const { output: _, resumeFrom: __, ...asked } = options;
  checkInterval(asked.checkpointInterval);
  const given = withPaths(asked);
  runVocabulary.check(given);
  const own = fromProgram({ ...asked });
  return {
    ...(asked.template === undefined ? {} : { template: templateReference(templateOf(asked)) }),
    ...runVocabulary.toConfig(given, resolve),
    ...(own.length > 0 ? { from_program: own } : {}),
    hyper_parameters: settingsOf(asked) as RunConfig['hyper_parameters'],
  };
}

/** What a training begins to be prepared with. */
function documentedWith(
  template: Template,
  trainType: TrainType,
  asked: HyperParameterOverrides,
): HyperParameters {
  return resolveHyperParameters({ hyperParameters: documentedSettings(template, trainType, asked) }, asked);
}

/** @throws OtxError `usage` for an interval that is never over, or always. */
function checkInterval(interval: CheckpointInterval = {}): void {
  for (const [name, value] of Object.entries(interval) as [string, unknown][]) {
    if (value === undefined || (typeof value === 'number' && value > 0)) continue;
    throw new OtxError(
      'usage',
      `${option('checkpointInterval')} of ${shown(value)} ${name}; expected a number above 0`,
    );
  }
}

/**
 * The configuration of a run that goes on, and the run with the epochs that it now has.
 *
 * @throws OtxError `usage` when the caller wants something else than the run began with, `checkpoint` for a finished run
 * that is given no more epochs.
 */
export function resumedConfig(
  before: InterruptedRun,
  options: ResumeOptions,
): { config: CompleteConfig; template: Template; run: InterruptedRun } {
  const { root } = before;
  checkInterval(options.checkpointInterval);
  const asks = settingsOf(options);
  const given = withPaths(options);
  runVocabulary.check(given);
  checkSameProgram(root, before.resume.config.from_program ?? [], { ...options });
  checkSameConfig(root, before.resume.config, {
    ...runVocabulary.toConfig(given, resolve),
    ...(given.pretrained === undefined ? {} : { pretrained: resumedStart(options) }),
    ...(given.recipe === undefined ? {} : { recipe: recipeOf(options) }),
    hyper_parameters: asks as RunConfig['hyper_parameters'],
  });
  const run = extendRun(before, asks.learning_parameters?.num_iters);
  checkUnfinished(run);
  const { config } = run.resume;
  const template = loadTemplate(config.template);
  const asked = typeof options.template === 'string' ? loadTemplate(options.template) : options.template;
  if (asked && asked.name !== template.name) {
    throw new OtxError(
      'usage',
      `${root}: is a run of ${template.name}, not of ${asked.name}; leave the template out`,
    );
  }
  if (options.output !== undefined && resolve(options.output) !== resolve(root)) {
    throw new OtxError(
      'usage',
      `${root}: a resumed run goes on in its own folder, not in ${options.output}; leave ${option('output')} out`,
    );
  }
  const moved = runVocabulary.entries.filter(({ onResume }) => onResume === 'moved').map(({ key }) => key);
  const newPlaces = Object.fromEntries(moved.map((key) => [key, given[key as keyof RunOptions]]));
  const places = { ...config, ...runVocabulary.toConfig(newPlaces, resolve) };
  return {
    template,
    run,
    config: {
      ...places,
      ...(places.train_data_roots === undefined
        ? {}
        : { train_data_roots: resolve(places.train_data_roots) }),
      output: resolve(root),
    },
  };
}

/** What a configuration can have of options: data in memory has no path. */
function withPaths(options: Partial<TrainOptions> | ResumeOptions): RunOptions {
  const { trainData, validationData, ...others } = options;
  return { ...others, trainData: pathOf(trainData), validationData: pathOf(validationData) };
}

/** What must be that of the run; `auto` is whatever it has begun with. */
function resumedStart(options: ResumeOptions): PretrainedChoice | undefined {
  const asks = startAsked(options);
  return asks === 'auto' ? undefined : asks;
}

type StartOptions = Pick<CommonOptions, 'pretrained' | 'loadWeights'>;

/** The choice of the caller in one form. */
function startAsked({ pretrained }: StartOptions): PretrainedChoice | undefined {
  return pretrained === undefined ? undefined : pretrainedChoice.safeParse(pretrained).data;
}

/** Which backbone a new run starts from: weights that are given take its place. */
export function startOf(template: Template, options: StartOptions): PretrainedChoice {
  if (options.loadWeights !== undefined) return 'none';
  return startAsked(options) ?? template.pretrained;
}

/** A name where that finds the same template again, else the path. */
export function templateReference({ name, path }: Template): string {
  try {
    return loadTemplate(name).path === path ? name : path;
  } catch {
    return path;
  }
}
