/** @file What errors call an option: the flag that was typed, where the public API has a name of its own for it. */

import type {
  EvaluateOptions,
  ExportOptions,
  PredictOptions,
  ResumeOptions,
  TrainOptions,
} from '../index.js';
import { settings } from '../settings/index.js';

type ApiName = keyof (TrainOptions & ResumeOptions & EvaluateOptions & PredictOptions & ExportOptions);

/** By name in the API. */
const FLAGS: Readonly<Partial<Record<string, string>>> = {
  template: 'template',
  trainData: '--train-data-roots',
  validationData: '--val-data-roots',
  testData: '--test-data-roots',
  unlabeledData: '--unlabeled-data-roots',
  unlabeledFileList: '--unlabeled-file-list',
  input: '--input',
  weights: '--load-weights',
  loadWeights: '--load-weights',
  resumeFrom: '--resume-from',
  output: '--output',
  type: '--export-type',
  dataFormat: '--data-format',
  useOtxAdapter: '--use-otx-adapter',
  assume: '--assume',
  pretrained: '--pretrained',
  seed: '--seed',
  threads: '--threads',
  timeBudgetSeconds: '--time-budget',
  checkpointInterval: '--checkpoint-interval',
} satisfies Partial<Record<ApiName, string>>;

/** Parameters that have a flag as well. */
const FLAGS_OF_PARAMETERS: Readonly<Record<string, string>> = Object.fromEntries(
  settings.entries.flatMap(({ param, flag }) => (flag ? [[param, flag.long]] : [])),
);

/**
 * @param words of the command line before `params`.
 * @returns what the user calls an option of `OtxError.messageWith`.
 */
export function optionNames(
  words: readonly string[],
  params: readonly string[] = [],
): (option: string) => string {
  const isParameter = (name: string) =>
    params.some((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  return (option) => {
    const flag = FLAGS[option] ?? (isParameter(option) ? undefined : FLAGS_OF_PARAMETERS[option]);
    if (option === 'pretrained' && words.includes('--no-pretrained')) return '--no-pretrained';
    return flag ?? (option.includes('.') ? `--${option}` : option);
  };
}
