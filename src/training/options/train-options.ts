/** @file What a caller says about a training, new or resumed, and what it becomes: one configuration. */

import { resolve } from 'node:path';
import { checkOptions, type OptionKinds } from '../../base/check-options.js';
import { OtxError, option } from '../../base/errors.js';
import { shown } from '../../base/text.js';
import type { TrainEvent } from '../../runs/events.js';
import { checkRunConfig, type RunConfig } from '../../runs/run-config.js';
import { type SettingOptions, settingsOf } from '../../settings/index.js';
import { trainingSettings } from '../../settings/training-settings.js';
import {
  defaultSeed,
  loadTemplate,
  settingsOfTraining,
  type Template,
  type TrainType,
} from '../../templates/index.js';
import type { PretrainedOptions } from '../../weights/index.js';
import { extendRun } from '../resume/extend-run.js';
import type { InterruptedRun } from '../resume/interrupted-run.js';
import { checkSameConfig, checkUnfinished } from '../resume/interrupted-run.js';

/** When the newest state is saved besides after every validation; whichever comes first. */
export interface CheckpointInterval {
  /** Steps between checkpoints. Default: no limit. */
  readonly steps?: number;
  /** Seconds between checkpoints. Default 60. */
  readonly seconds?: number;
}

/** What new and resumed trainings have in common; settings that are left out are those of the template. */
interface CommonOptions extends SettingOptions {
  /**
   * Folder of images without masks in any nesting, or a list file whose paths are relative to its folder. Giving it selects
   * semi-supervised training.
   */
  readonly unlabeledData?: string | undefined;
  /** List file that names the images to use, by paths relative to `unlabeledData`. Default: all. */
  readonly unlabeledFileList?: string | undefined;
  /**
   * Layout of the data sets: docs/data.md has the names, such as `voc`. Default: found out by the content of the folders, so that
   * train and validation data may differ.
   */
  readonly dataFormat?: string | undefined;
  /** Whether masks go through polygons, as in the reference; see docs/data.md. Default false. */
  readonly useOtxAdapter?: boolean | undefined;
  /**
   * Readings of the masks, with commas between them, where the files leave several open that differ in what is learned; see
   * docs/data.md. Default: such data is an error that names them.
   */
  readonly assume?: string | undefined;
  /** Equal seeds, data and threads give bit-identical weights. Default 42, for self-supervised training 5. */
  readonly seed?: number | undefined;
  /** Checkpoint or run folder whose weights to start from; the optimiser starts fresh. */
  readonly loadWeights?: string | undefined;
  /** Whether to start from the published ImageNet backbone of the model, which may be downloaded. Default: as the template says. */
  readonly pretrained?: boolean | undefined;
  /** Where published files come from and are kept. Default: their public addresses, and a folder of the user's cache. */
  readonly pretrainedSource?: Pick<PretrainedOptions, 'baseUrl' | 'cacheDir'> | undefined;
  /** Threads of the engine. Default: all that the process may use. */
  readonly threads?: number | undefined;
  /** Ends in this time, with as many epochs as fit and at most `num_iters`. Default: no limit. */
  readonly timeBudgetSeconds?: number | undefined;
  /** Batch size that `auto_adapt_batch_size` found in an earlier run; with this one it does not look again. */
  readonly adaptedBatchSize?: number | undefined;
  /** When the newest state is saved besides. Default: every 60 seconds. */
  readonly checkpointInterval?: CheckpointInterval | undefined;
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
  /** A template, its name or id, or the path of its YAML file. */
  readonly template: string | Template;
  /**
   * Root of the data set to learn from (Common Semantic Segmentation layout), or for self-supervised training a folder of
   * images. Images directly in it, no masks and no validation data select self-supervised training.
   */
  readonly trainData: string;
  /**
   * Root of the data set to validate on after every epoch; its classes must be those of the training data. Self-supervised
   * training takes none.
   */
  readonly validationData?: string | undefined;
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
  /** Where the data is now, if it was moved. */
  readonly trainData?: string | undefined;
  /** Where the validation data is now, if it was moved. */
  readonly validationData?: string | undefined;
  /** Must be the folder of the run. Default: the folder of the run. */
  readonly output?: string | undefined;
}

const KINDS = {
  unlabeledData: 'path?',
  unlabeledFileList: 'path?',
  dataFormat: 'string?',
  useOtxAdapter: 'boolean?',
  assume: 'string?',
  seed: 'number?',
  loadWeights: 'path?',
  pretrained: 'boolean?',
  pretrainedSource: 'object?',
  threads: 'number?',
  timeBudgetSeconds: 'number?',
  adaptedBatchSize: 'number?',
  checkpointInterval: 'object?',
  configFile: 'path?',
  command: 'string?',
  onEvent: 'function?',
  reports: 'boolean?',
  signal: 'signal?',
  template: 'template?',
  validationData: 'path?',
  resumeFrom: 'path?',
} as const satisfies OptionKinds;
const KINDS_OF_NEW = { ...KINDS, template: 'template', trainData: 'path', output: 'path' } as const;
const KINDS_OF_RESUMED = { ...KINDS, trainData: 'path?', output: 'path?' } as const;

/** @throws OtxError `usage` for options that are missing or of another type than TypeScript would let pass. */
export function checkTrainOptions(options: TrainOptions | ResumeOptions): void {
  const isResumed = (options as TrainOptions | ResumeOptions | undefined | null)?.resumeFrom !== undefined;
  checkOptions(
    'train()',
    options,
    isResumed ? KINDS_OF_RESUMED : KINDS_OF_NEW,
    Object.keys(trainingSettings),
  );
}

/** A configuration with everything in it that a training needs. */
export type CompleteConfig = RunConfig & {
  readonly train_data_roots: string;
  readonly output: string;
};

/**
 * The configuration of a new run.
 *
 * @throws OtxError `usage` or `template` for settings that are not allowed.
 */
export function newConfig(
  options: TrainOptions,
  trainType: TrainType,
): { config: CompleteConfig; template: Template } {
  const { template: asked } = options;
  const template = typeof asked === 'string' ? loadTemplate(asked) : asked;
  const hyper_parameters = settingsOfTraining(
    template,
    trainType,
    settingsOf(options),
    startsFromWeights(template, options),
  );
  if (options.pretrained && options.loadWeights !== undefined) {
    throw new OtxError(
      'usage',
      `${option('pretrained')} and ${option('loadWeights')} ${options.loadWeights} are both asked for; choose one of them`,
    );
  }
  const given = {
    val_data_roots: options.validationData === undefined ? undefined : resolve(options.validationData),
    unlabeled_data_roots: options.unlabeledData === undefined ? undefined : resolve(options.unlabeledData),
    unlabeled_file_list:
      options.unlabeledFileList === undefined ? undefined : resolve(options.unlabeledFileList),
    data_format: options.dataFormat,
    assume: options.assume,
    load_weights: options.loadWeights === undefined ? undefined : resolve(options.loadWeights),
    threads: options.threads,
    time_budget: options.timeBudgetSeconds,
    adapted_batch_size: options.adaptedBatchSize,
  };
  const config: CompleteConfig = {
    template: templateReference(template),
    train_data_roots: resolve(options.trainData),
    use_otx_adapter: options.useOtxAdapter ?? false,
    output: resolve(options.output),
    seed: options.seed ?? defaultSeed(trainType),
    pretrained: startsPretrained(template, options),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    hyper_parameters,
  };
  checkRunConfig(config);
  checkInterval(options.checkpointInterval);
  return { template, config };
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
  checkSameConfig(root, before.resume.config, {
    data_format: options.dataFormat,
    use_otx_adapter: options.useOtxAdapter,
    assume: options.assume,
    seed: options.seed,
    load_weights: options.loadWeights === undefined ? undefined : resolve(options.loadWeights),
    pretrained: options.pretrained,
    threads: options.threads,
    time_budget: options.timeBudgetSeconds,
    unlabeled_data_roots: options.unlabeledData,
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
  const validationData = options.validationData ?? config.val_data_roots;
  const unlabeledData = options.unlabeledData ?? config.unlabeled_data_roots;
  const unlabeledFileList = options.unlabeledFileList ?? config.unlabeled_file_list;
  return {
    template,
    run,
    config: {
      ...config,
      ...(unlabeledData === undefined ? {} : { unlabeled_data_roots: resolve(unlabeledData) }),
      ...(unlabeledFileList === undefined ? {} : { unlabeled_file_list: resolve(unlabeledFileList) }),
      train_data_roots: resolve(options.trainData ?? config.train_data_roots ?? ''),
      ...(validationData === undefined ? {} : { val_data_roots: resolve(validationData) }),
      output: resolve(root),
    },
  };
}

/** Whether a new run starts from the published backbone: weights that are given take its place. */
export function startsPretrained(
  template: Template,
  { pretrained, loadWeights }: Pick<CommonOptions, 'pretrained' | 'loadWeights'>,
): boolean {
  return loadWeights === undefined && (pretrained ?? template.pretrained);
}

/** Whether a new run starts from any weights, instead of random numbers alone. */
export function startsFromWeights(
  template: Template,
  options: Pick<CommonOptions, 'pretrained' | 'loadWeights'>,
): boolean {
  return options.loadWeights !== undefined || startsPretrained(template, options);
}

/** A name where that finds the same template again, else the path. */
export function templateReference({ name, path }: Template): string {
  try {
    return loadTemplate(name).path === path ? name : path;
  } catch {
    return path;
  }
}
