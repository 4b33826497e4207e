/** @file What errors call an option: the flag that was typed, where the public API has a name of its own for it. */

import {
  type ConvertOptions,
  type CrossValidateOptions,
  type DemonstrateOptions,
  type DeployOptions,
  describeSettings,
  type EvaluateOptions,
  type ExplainOptions,
  type ExportOptions,
  type OptimizeOptions,
  type PredictOptions,
  type ReportOptions,
  type ReproduceOptions,
  type SuggestLabelsOptions,
  type TrainSeedsOptions,
  type TuneOptions,
} from '../index.js';

const SETTINGS = describeSettings();

/** By name in the API; what other operations have besides, and what is an argument of a training. */
const FLAGS: Readonly<Partial<Record<string, string>>> = {
  ...Object.fromEntries(SETTINGS.flatMap(({ name, longFlag }) => (longFlag ? [[name, longFlag]] : []))),
  ...({
    template: 'template',
    testData: '--test-data-roots',
    input: '--input',
    weights: '--load-weights',
    model: '--model',
    tta: '--tta',
    type: '--export-type',
    batch: '--static-batch',
    opset: '--opset',
    precision: '--precision',
    normalisation: '--normalisation',
    layout: '--layout',
    channels: '--channels',
    outputForm: '--output-form',
    dumpFeatures: '--dump-features',
    to: '--to',
    parts: '--parts',
    loop: '--loop',
    fitToSize: '--fit-to-size',
    displayPerf: '--display-perf',
    statSubsetSize: '--stat-subset-size',
    calibration: '--calibration',
    maxDrop: '--max-drop',
    seeds: '--seeds',
    final: '--final',
    method: '--method',
    biasCorrection: '--no-bias-correction',
    dataRoot: '--data-root',
    tables: '--table',
    models: '--models',
    algorithms: '--explain-algorithm',
    allClasses: '--explain-all-classes',
    overlays: '--process-saliency-maps',
    overlayWeight: '--overlay-weight',
    count: '--number',
    worst: '--worst',
    strategy: '--by',
    search: '--search',
    trials: '--trials',
    timeSeconds: '--time',
    timeRatio: '--hpo-time-ratio',
  } satisfies Partial<
    Record<
      keyof (EvaluateOptions &
        PredictOptions &
        ExportOptions &
        ConvertOptions &
        DeployOptions &
        ExplainOptions &
        DemonstrateOptions &
        OptimizeOptions &
        CrossValidateOptions &
        ReportOptions &
        ReproduceOptions &
        TrainSeedsOptions &
        SuggestLabelsOptions &
        TuneOptions),
      string
    >
  >),
};

/** Flags of `otx optimize` for what a training has as parameters. */
const OF_OPTIMIZE: Readonly<Record<string, string>> = {
  epochs: '--epochs',
  learningRate: '--learning-rate',
} satisfies Partial<Record<keyof OptimizeOptions, string>>;

/** Of settings that have no flag, by name in the API. */
const PARAMS: Readonly<Record<string, string>> = Object.fromEntries(
  SETTINGS.flatMap(({ name, param }) => (param ? [[name, `--${param}`]] : [])),
);

/** Parameters that have a flag as well. */
const FLAGS_OF_PARAMETERS: Readonly<Record<string, string>> = Object.fromEntries(
  SETTINGS.flatMap(({ param, file, longFlag }) => (param && !file && longFlag ? [[param, longFlag]] : [])),
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
    const flag =
      FLAGS[option] ?? PARAMS[option] ?? (isParameter(option) ? undefined : FLAGS_OF_PARAMETERS[option]);
    const ofOptimize = words[0] === 'optimize' ? OF_OPTIMIZE[option] : undefined;
    if (ofOptimize) return ofOptimize;
    if (option === 'pretrained' && words.includes('--no-pretrained')) return '--no-pretrained';
    return flag ?? (option.includes('.') ? `--${option}` : option);
  };
}
