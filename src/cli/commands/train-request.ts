/** @file What `otx train` was asked for: flags over the file behind `--config`, and the same written as YAML. */

import { Option } from 'commander';
import { OtxError, option } from '../../base/errors.js';
import type { HyperParameterOverrides } from '../../index.js';
import { formatRunConfig, type RunConfig, readRunConfig } from '../../runs/run-config.js';
import { checkHyperParameters, settings, withImplied } from '../../settings/index.js';
import { defaultSeed, loadTemplate, settingsOfTraining } from '../../templates/index.js';
import {
  resumedConfig,
  startsFromWeights,
  startsPretrained,
  templateReference,
} from '../../training/options/train-options.js';
import { chooseTrainType } from '../../training/options/train-type.js';
import { openInterruptedRun } from '../../training/resume/interrupted-run.js';
import { readDataFile } from '../data-file.js';
import { chooseAdapter, takeAdapter } from './otx-adapter-option.js';

/** As commander gives them. */
export interface TrainFlags {
  trainDataRoots?: string;
  valDataRoots?: string;
  unlabeledDataRoots?: string;
  unlabeledFileList?: string;
  dataFormat?: string;
  useOtxAdapter?: boolean;
  assume?: string;
  output?: string;
  seed?: number;
  loadWeights?: string;
  pretrained?: boolean;
  resumeFrom?: string;
  threads?: number;
  gpus?: string;
  deterministic?: boolean;
  data?: string;
  timeBudget?: number;
  checkpointInterval?: { steps?: number; seconds?: number };
  config?: string;
  printConfig?: boolean;
}

/** Under the names of the public API; what nobody gave is undefined. */
export interface TrainRequest {
  readonly template: string | undefined;
  readonly trainData: string | undefined;
  readonly validationData: string | undefined;
  readonly unlabeledData: string | undefined;
  readonly unlabeledFileList: string | undefined;
  readonly dataFormat: string | undefined;
  readonly useOtxAdapter: boolean | undefined;
  readonly assume: string | undefined;
  readonly output: string | undefined;
  readonly seed: number | undefined;
  readonly loadWeights: string | undefined;
  readonly pretrained: boolean | undefined;
  readonly threads: number | undefined;
  readonly timeBudgetSeconds: number | undefined;
  readonly adaptedBatchSize: number | undefined;
  readonly configFile: string | undefined;
  readonly hyperParameters: HyperParameterOverrides;
}

/**
 * Flags and `params` over the configuration file.
 *
 * @param useOtxAdapter by flag or parameter.
 * @throws OtxError `usage` for a file or a setting that is not allowed.
 */
export async function trainRequest(
  template: string | undefined,
  flags: TrainFlags,
  params: HyperParameterOverrides,
  useOtxAdapter: boolean | undefined,
): Promise<TrainRequest> {
  const file = await configFile(flags.config);
  const fromFile = file.hyperParameters;
  const data = flags.data === undefined ? {} : await readDataFile(flags.data);
  const fromFlags = flaggedSettings(flags);
  return {
    template: template ?? file.template,
    trainData: flags.trainDataRoots ?? data.train ?? file.train_data_roots,
    validationData: flags.valDataRoots ?? data.val ?? file.val_data_roots,
    unlabeledData: flags.unlabeledDataRoots ?? data.unlabeled ?? file.unlabeled_data_roots,
    unlabeledFileList: flags.unlabeledFileList ?? data.unlabeledFileList ?? file.unlabeled_file_list,
    dataFormat: flags.dataFormat ?? file.data_format,
    useOtxAdapter: useOtxAdapter ?? file.use_otx_adapter,
    assume: flags.assume ?? file.assume,
    output: flags.output ?? file.output,
    seed: flags.seed ?? file.seed,
    loadWeights: flags.loadWeights ?? file.load_weights,
    pretrained: flags.pretrained ?? file.pretrained,
    threads: flags.threads ?? file.threads,
    timeBudgetSeconds: flags.timeBudget ?? file.time_budget,
    adaptedBatchSize: file.adapted_batch_size,
    configFile: flags.config,
    hyperParameters: {
      learning_parameters: {
        ...fromFile.learning_parameters,
        ...fromFlags.learning_parameters,
        ...params.learning_parameters,
      },
      postprocessing: {
        ...fromFile.postprocessing,
        ...fromFlags.postprocessing,
        ...withImplied(params).postprocessing,
      },
      algo_backend: {
        ...fromFile.algo_backend,
        ...fromFlags.algo_backend,
        ...params.algo_backend,
      },
    },
  };
}

/** Settings that have a flag of their own, by the flags that were typed. */
function flaggedSettings(flags: TrainFlags): HyperParameterOverrides {
  const typed: Readonly<Record<string, unknown>> = { ...flags };
  const given = settings.entries.flatMap(({ key, flag }) => {
    const value = flag && typed[new Option(flag.long).attributeName()];
    return value === undefined ? [] : [[key, value]];
  });
  return checkHyperParameters(settings.toGroups(Object.fromEntries(given)));
}

interface ConfigFile extends Omit<Partial<RunConfig>, 'hyper_parameters'> {
  readonly hyperParameters: HyperParameterOverrides;
}

/** Errors name entries as they stand in the file. */
async function configFile(path: string | undefined): Promise<ConfigFile> {
  if (path === undefined) return { hyperParameters: {} };
  const { hyper_parameters = {}, ...file } = await readRunConfig(path);
  try {
    const { values, adapter } = takeAdapter(hyper_parameters);
    const use_otx_adapter = chooseAdapter(file.use_otx_adapter, adapter);
    return { ...file, use_otx_adapter, hyperParameters: checkHyperParameters(values) };
  } catch (error) {
    if (!(error instanceof OtxError)) throw error;
    const message = error.messageWith((name) => (name.includes('.') ? `hyper_parameters.${name}` : name));
    throw new OtxError(error.code, `${path}: ${message}`, { cause: error });
  }
}

/**
 * The YAML of everything that a training would use. Data and output may still be missing.
 *
 * @throws OtxError `usage` without a template.
 */
export async function printableConfig(
  request: TrainRequest,
  resumeFrom: string | undefined,
): Promise<string> {
  if (resumeFrom !== undefined) {
    const run = await openInterruptedRun(resumeFrom);
    return formatRunConfig(
      resumedConfig(run, { ...request, ...settings.toFlat(request.hyperParameters), resumeFrom }).config,
    ).trimEnd();
  }
  if (request.template === undefined)
    throw new OtxError('usage', `missing required argument ${option('template')}`);
  const template = loadTemplate(request.template);
  const trainType = await chooseTrainType(request);
  const config: RunConfig = {
    template: templateReference(template),
    train_data_roots: request.trainData,
    val_data_roots: request.validationData,
    unlabeled_data_roots: request.unlabeledData,
    unlabeled_file_list: request.unlabeledFileList,
    data_format: request.dataFormat,
    use_otx_adapter: request.useOtxAdapter ?? false,
    assume: request.assume,
    output: request.output,
    seed: request.seed ?? defaultSeed(trainType),
    load_weights: request.loadWeights,
    pretrained: startsPretrained(template, request),
    threads: request.threads,
    time_budget: request.timeBudgetSeconds,
    adapted_batch_size: request.adaptedBatchSize,
    hyper_parameters: settingsOfTraining(
      template,
      trainType,
      request.hyperParameters,
      startsFromWeights(template, request),
    ),
  };
  const yaml = formatRunConfig(config).trimEnd();
  const isOwnRecipe = trainType === 'Selfsupervised' && !startsFromWeights(template, request);
  return isOwnRecipe ? `${FROM_SCRATCH}\n${yaml}` : yaml;
}

/** A comment of YAML. */
const FROM_SCRATCH =
  '# From random weights: optimizer adam and 15 epochs, unless others were asked for. From --pretrained or --load-weights\n' +
  "# they are the reference's, sgd and 10.";
