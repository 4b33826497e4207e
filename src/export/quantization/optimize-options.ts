/** @file What a caller says of quantisation, what it is checked for, and what comes of it. */

import { checkOptions, type OptionKinds } from '../../base/check-options.js';
import { OtxError, option } from '../../base/errors.js';
import { shown } from '../../base/shown.js';
import type { ClassInfo, DataSource, Size } from '../../data/index.js';
import { namesUsedBy } from '../../inference/model-settings.js';
import type { ModelOptions } from '../../inference/opened-model.js';
import { MODEL_KINDS } from '../../inference/trained-model.js';
import { LABEL_SCHEMA_FILE } from '../../runs/label-schema.js';
import { kindsOf, type RunOptions } from '../../settings/run-vocabulary.js';
import { checkInputSize } from '../export-size.js';
import { READING } from '../measure/test-data.js';
import { CALIBRATIONS, type CalibrationMethod } from './ranges.js';
import type { QuantizedLayer } from './report.js';

/** Ways of quantising, the default first. */
export const OPTIMIZE_METHODS = ['ptq', 'qat'] as const;
/** How a model is quantised. */
export type OptimizeMethod = (typeof OPTIMIZE_METHODS)[number];

/** What to make small, by which images, and how much it may lose. */
export interface OptimizeOptions
  extends Omit<ModelOptions, 'inputSize'>,
    Pick<RunOptions, (typeof READING)[number]> {
  /**
   * `ptq`: post-training quantisation, which learns nothing. `qat`: quantisation-aware fine-tuning, which starts from that and trains the
   * network a little more while it is rounded. Default ptq.
   */
  readonly method?: OptimizeMethod | undefined;
  /** Of `qat`: how long it is trained, from 1 to 1000. Default 3. */
  readonly epochs?: number | undefined;
  /** Of `qat`: default a twentieth of that with which the model was trained. It sinks to nothing by its end. */
  readonly learningRate?: number | undefined;
  /** Folder for the files of {@link OptimizeResult}; those of an earlier call are replaced, others not. */
  readonly output: string;
  /** Size of the input, as of {@link exportModel}. */
  readonly inputSize?: Size | string | undefined;
  /** Root of the data that it was trained on, of whose images some are looked at. */
  readonly trainData: DataSource;
  /** Root of the data that it is scored on. */
  readonly validationData: DataSource;
  /** How many training images are looked at, from 1 to 100 000; fewer where there are fewer. Default 300. */
  readonly statSubsetSize?: number | undefined;
  /**
   * Which values of a tensor are kept apart: from the least to the largest (`minmax`), all but one in ten thousand at either end
   * (`percentile`), or those that lose the least information (`entropy`). Default minmax.
   */
  readonly calibration?: CalibrationMethod | undefined;
  /** Points of mean Dice, of 100, that may be lost on the validation data. Default 0.5. */
  readonly maxDrop?: number | undefined;
  /**
   * Whether weights use 7 of their 8 bits. Processors without instructions for products of bytes (VNNI) compute wrong sums with all
   * of them. Default true.
   */
  readonly reduceRange?: boolean | undefined;
  /**
   * Whether depthwise convolutions of Lite-HRNet and of networks of one's own are rounded as well, which costs much of the score unless
   * fine-tuning follows: for processors that have nothing but integers. Default false; those of SegNeXt always are.
   */
  readonly depthwise?: boolean | undefined;
  /** Of `ptq`: whether biases make up for what rounded weights add on average. Default true. */
  readonly biasCorrection?: boolean | undefined;
}

/** What was written, and how it does. */
export interface OptimizeResult {
  /** `ptq/model.onnx`, of `qat` `nncf/model.onnx`, which {@link evaluate}, {@link predict} and {@link createSegmenter} open. */
  readonly model: string;
  /**
   * `openvino.xml` beside it, with `openvino.bin`: the same for OpenVINO, rounded by FakeQuantize. Undefined for a network of one's own
   * with operators that have no form there, which a notice names.
   */
  readonly openvino: string | undefined;
  /** `label_schema.json` beside it. */
  readonly labelSchema: string;
  /** `ptq_performance.json` or `nncf_performance.json`: the Dice average of the file on the validation data. */
  readonly performance: string;
  /** `ptq_layers.csv` or `nncf_layers.csv`: {@link layers} as a table. */
  readonly layerTable: string;
  /** Of `qat`: the run folder of the fine-tuning, and its best epoch, 0 where none was better than what it began with. */
  readonly training: { readonly output: string; readonly bestEpoch: number } | undefined;
  /** Name of the template that the weights belong to. */
  readonly template: string;
  /** Of the model, background first. */
  readonly classes: readonly ClassInfo[];
  /** What became of every convolution, in the order of the network. */
  readonly layers: readonly QuantizedLayer[];
  /** Mean Dice with background on the validation data, of the trained model and of the file. */
  readonly mDice: { readonly trained: number; readonly optimized: number };
  /** The same without background. */
  readonly diceAverage: { readonly trained: number; readonly optimized: number };
  /** Share of the pixels that have the class which the trained model gives them, 0 to 1, on 64 images or fewer. */
  readonly equalPixels: number;
  /** Size of the file, of the file of {@link exportModel}, and of both files for OpenVINO together (0 for none), in bytes. */
  readonly bytes: { readonly trained: number; readonly optimized: number; readonly openvino: number };
}

/** Folders and files, by their names in the reference. */
const NAMES: Readonly<Record<OptimizeMethod, string>> = { ptq: 'ptq', qat: 'nncf' };

/** What is written. */
export const filesOf = (method: OptimizeMethod) => {
  const name = NAMES[method];
  return {
    model: `${name}/model.onnx`,
    labelSchema: `${name}/${LABEL_SCHEMA_FILE}`,
    performance: `${name}_performance.json`,
    layerTable: `${name}_layers.csv`,
  } as const;
};

/** For OpenVINO. */
export const irFilesOf = (method: OptimizeMethod) => ({
  xml: `${NAMES[method]}/openvino.xml`,
  bin: `${NAMES[method]}/openvino.bin`,
});

/** Of the fine-tuning. */
export const TRAINING_FOLDER = 'nncf/training';
/** What the fine-tuning depends on besides the settings of its run. */
export const PLAN_FILE = 'nncf_plan.json';

/** What is not said. */
export const DEFAULTS = {
  method: 'ptq',
  images: 300,
  maxDrop: 0.5,
  epochs: 3,
  calibration: 'minmax',
} as const;

const MOST_IMAGES = 100_000;
const MOST_EPOCHS = 1000;

const OWN_KINDS = {
  output: 'path',
  trainData: 'data',
  validationData: 'data',
  statSubsetSize: 'number?',
  maxDrop: 'number?',
  reduceRange: 'boolean?',
  biasCorrection: 'boolean?',
  depthwise: 'boolean?',
  epochs: 'number?',
  learningRate: 'number?',
} as const satisfies OptionKinds;
const KINDS = { ...MODEL_KINDS, ...kindsOf(...READING), ...OWN_KINDS };
const WORDS = { method: OPTIMIZE_METHODS, calibration: CALIBRATIONS } as const;

/** @throws OtxError `usage` */
export function checkOptimizeOptions(options: OptimizeOptions): void {
  checkOptions('optimizeModel()', options, KINDS, [...Object.keys(WORDS), ...namesUsedBy('predict')]);
  for (const [name, words] of Object.entries(WORDS)) {
    const word = options[name as keyof typeof WORDS] ?? words[0];
    if ((words as readonly unknown[]).includes(word)) continue;
    throw refused(name, shown(word), `one of ${words.join(', ')}`);
  }
  const { statSubsetSize: images = 1, maxDrop = 0, epochs = 1, learningRate = 1 } = options;
  if (!isWhole(images, MOST_IMAGES)) throw refused('statSubsetSize', images, wholeTo(MOST_IMAGES));
  if (!(maxDrop >= 0 && maxDrop <= 100)) throw refused('maxDrop', maxDrop, 'a number from 0 to 100');
  if (!isWhole(epochs, MOST_EPOCHS)) throw refused('epochs', epochs, wholeTo(MOST_EPOCHS));
  if (!(learningRate > 0 && learningRate <= 1)) {
    throw refused('learningRate', learningRate, 'a number above 0, up to 1');
  }
  checkMethod(options);
  if (typeof options.inputSize === 'object') checkInputSize(options.inputSize);
}

/** What a method has no use for is not passed over in silence. */
function checkMethod({
  method = DEFAULTS.method,
  epochs,
  learningRate,
  biasCorrection,
}: OptimizeOptions): void {
  const useless = method === 'ptq' ? { epochs, learningRate } : { biasCorrection };
  for (const [name, value] of Object.entries(useless)) {
    if (value === undefined) continue;
    throw new OtxError(
      'usage',
      `${option(name)} has no effect on ${option('method')} ${method}; leave it out`,
    );
  }
}

const isWhole = (value: number, most: number): boolean =>
  Number.isInteger(value) && value >= 1 && value <= most;
const wholeTo = (most: number): string => `a whole number from 1 to ${most}`;
const refused = (name: string, value: unknown, expected: string): OtxError =>
  new OtxError('usage', `${option(name)} is ${value}; expected ${expected}`);
