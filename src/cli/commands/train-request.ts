/** @file What `otx train` was asked for: flags over the file behind `--config`, and the same written as YAML. */

import { OtxError } from '../../base/errors.js';
import type { HyperParameterOverrides } from '../../index.js';
import {
  checkHyperParameters,
  defaultSeed,
  loadTemplate,
  settingsOfTraining,
  withImplied,
} from '../../templates/index.js';
import { openInterruptedRun } from '../../training/resume.js';
import { formatRunConfig, type RunConfig, readRunConfig } from '../../training/run-config.js';
import { startsPretrained, templateReference } from '../../training/train-options.js';
import { chooseTrainType } from '../../training/train-type.js';

/** As commander gives them. */
export interface TrainFlags {
  trainDataRoots?: string;
  valDataRoots?: string;
  trainType?: string;
  unlabeledDataRoots?: string;
  unlabeledFileList?: string;
  useOtxAdapter?: boolean;
  output?: string;
  seed?: number;
  loadWeights?: string;
  pretrained?: boolean;
  resumeFrom?: string;
  timeBudget?: number;
  checkpointInterval?: { steps?: number; seconds?: number };
  memCacheSize?: string;
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
  readonly useOtxAdapter: boolean | undefined;
  readonly output: string | undefined;
  readonly seed: number | undefined;
  readonly loadWeights: string | undefined;
  readonly pretrained: boolean | undefined;
  readonly threads: number | undefined;
  readonly timeBudgetSeconds: number | undefined;
  readonly configFile: string | undefined;
  readonly hyperParameters: HyperParameterOverrides;
}

/**
 * Flags and `params` over the configuration file.
 *
 * @throws OtxError `usage` for a file or a setting that is not allowed.
 */
export async function trainRequest(
  template: string | undefined,
  flags: TrainFlags,
  params: HyperParameterOverrides,
): Promise<TrainRequest> {
  const file: Partial<RunConfig> = flags.config === undefined ? {} : await readRunConfig(flags.config);
  const fromFile = checkHyperParameters(file.hyper_parameters);
  const cache =
    flags.memCacheSize === undefined
      ? {}
      : checkHyperParameters({ algo_backend: { mem_cache_size: flags.memCacheSize } });
  const type =
    flags.trainType === undefined
      ? {}
      : checkHyperParameters({ algo_backend: { train_type: flags.trainType } });
  return {
    template: template ?? file.template,
    trainData: flags.trainDataRoots ?? file.train_data_roots,
    validationData: flags.valDataRoots ?? file.val_data_roots,
    unlabeledData: flags.unlabeledDataRoots ?? file.unlabeled_data_roots,
    unlabeledFileList: flags.unlabeledFileList ?? file.unlabeled_file_list,
    useOtxAdapter: flags.useOtxAdapter ?? file.use_otx_adapter,
    output: flags.output ?? file.output,
    seed: flags.seed ?? file.seed,
    loadWeights: flags.loadWeights ?? file.load_weights,
    pretrained: flags.pretrained ?? file.pretrained,
    threads: file.threads,
    timeBudgetSeconds: flags.timeBudget ?? file.time_budget,
    configFile: flags.config,
    hyperParameters: {
      learning_parameters: { ...fromFile.learning_parameters, ...params.learning_parameters },
      postprocessing: { ...fromFile.postprocessing, ...withImplied(params).postprocessing },
      algo_backend: {
        ...fromFile.algo_backend,
        ...cache.algo_backend,
        ...type.algo_backend,
        ...params.algo_backend,
      },
    },
  };
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
    return formatRunConfig((await openInterruptedRun(resumeFrom)).resume.config).trimEnd();
  }
  if (request.template === undefined) throw new OtxError('usage', "missing required argument 'template'");
  const template = loadTemplate(request.template);
  const trainType = await chooseTrainType(request);
  const config: RunConfig = {
    template: templateReference(template),
    train_data_roots: request.trainData,
    val_data_roots: request.validationData,
    unlabeled_data_roots: request.unlabeledData,
    unlabeled_file_list: request.unlabeledFileList,
    use_otx_adapter: request.useOtxAdapter ?? false,
    output: request.output,
    seed: request.seed ?? defaultSeed(trainType),
    load_weights: request.loadWeights,
    pretrained: startsPretrained(template, request),
    threads: request.threads,
    time_budget: request.timeBudgetSeconds,
    hyper_parameters: settingsOfTraining(template, trainType, request.hyperParameters),
  };
  return formatRunConfig(config).trimEnd();
}
