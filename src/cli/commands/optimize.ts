/** @file `otx optimize`. */

import type { Command } from 'commander';
import { OtxError, option } from '../../base/errors.js';
import { listSome, megabytes, quoted } from '../../base/text.js';
import {
  CALIBRATIONS,
  type CalibrationMethod,
  type DataFile,
  OPTIMIZE_METHODS,
  type OptimizeMethod,
  type OptimizeResult,
  optimizeModel,
  readDataFile,
} from '../../index.js';
import { parseInputSize } from '../arguments.js';
import { afterExport } from '../closing.js';
import { addSettingFlags, settingsNamed } from '../setting-flags.js';
import { type CommandContext, DEFAULT_OUTPUTS, LATEST, paramsHint } from './context.js';

/** Layers that are named. */
const LISTED = 6;

interface Flags {
  loadWeights?: string;
  trainDataRoots?: string;
  valDataRoots?: string;
  output?: string;
  method?: OptimizeMethod;
  epochs?: number;
  learningRate?: number;
  inputSize?: { width: number; height: number };
  statSubsetSize?: number;
  calibration?: CalibrationMethod;
  maxDrop?: number;
  depthwise?: boolean;
  reduceRange: boolean;
  biasCorrection: boolean;
  dataFormat?: string;
  useOtxAdapter?: boolean;
  assume?: string;
  bands?: string;
  threads?: number;
}

export function addOptimize(program: Command, context: CommandContext): void {
  const { terminal, settings, run, outputFor, weightsFrom } = context;
  const command = program
    .command('optimize')
    .description('write a trained model with its convolutions in 8-bit integers: about a third of the size')
    .argument('[template]', 'template of the model; needed for weights of PyTorch, others name it')
    .option(
      '--load-weights <path>',
      `run folder, checkpoint, or .pth, .pt or .safetensors file from elsewhere ${LATEST}`,
    )
    .option('--train-data-roots <folder>', 'data set it was trained on, of whose images some are looked at')
    .option('--val-data-roots <folder>', 'data set on which it must score as before')
    .option(
      '-o, --output <folder>',
      `folder of ptq/model.onnx and ptq_performance.json, of ${OPTIMIZE_METHODS[1]} nncf/model.onnx and nncf_performance.json (default: ${DEFAULT_OUTPUTS}/<time>_optimize)`,
    )
    .option('--input-size <width x height>', 'size of the input, as of otx export', parseInputSize)
    .option(
      '--method <name>',
      `${OPTIMIZE_METHODS[0]}: as the model is; ${OPTIMIZE_METHODS[1]}: train it a little more while it is rounded, where too much is lost ` +
        `otherwise (default: ${OPTIMIZE_METHODS[0]})`,
    )
    .option(
      '--epochs <number>',
      `of ${OPTIMIZE_METHODS[1]}: how long it is trained (default: 3)`,
      numberOf('--epochs'),
    )
    .option(
      '--learning-rate <rate>',
      `of ${OPTIMIZE_METHODS[1]} (default: a twentieth of that of the training)`,
      numberOf('--learning-rate'),
    )
    .option(
      '--stat-subset-size <number>',
      'how many training images are looked at (default: 300)',
      numberOf('--stat-subset-size'),
    )
    .option(
      '--calibration <name>',
      `which values are kept apart: ${CALIBRATIONS.join(', ')} (default: ${CALIBRATIONS[0]})`,
    )
    .option(
      '--max-drop <points>',
      'points of mean Dice, of 100, that may be lost; layers stay in floats until it holds (default: 0.5)',
      numberOf('--max-drop'),
    )
    .option(
      '--depthwise',
      'depthwise convolutions of Lite-HRNet in 8 bits as well, which costs much without --method qat; those of SegNeXt always are',
    )
    .option('--no-reduce-range', 'weights with all 8 bits, for processors that have VNNI alone')
    .option('--no-bias-correction', `of ${OPTIMIZE_METHODS[0]}: biases as they were learned`);
  addSettingFlags(command, settingsNamed('dataFormat', 'useOtxAdapter', 'assume', 'bands', 'threads'))
    .addHelpText('after', paramsHint('optimize', 'postprocessing.confidence_threshold 0.5'))
    .action(async (template: string | undefined, flags: Flags) => {
      const asked = settings('optimize', flags.useOtxAdapter);
      if (flags.inputSize && asked.inputSize !== undefined) {
        throw new OtxError(
          'usage',
          '--input-size and params --learning_parameters.input_size are both given; choose one of them',
        );
      }
      const data = await dataOf(flags, context);
      const weights = await weightsFrom(flags.loadWeights);
      const output = await outputFor('optimize', flags.output);
      const { dataFormat, assume, bands, threads, statSubsetSize, calibration, maxDrop } = flags;
      const { reduceRange, depthwise, method, epochs, learningRate } = flags;
      // Its default is no choice, which fine-tuning would refuse.
      const biasCorrection = flags.biasCorrection ? undefined : false;
      const result = await run((hooks) =>
        optimizeModel({
          ...{ template, weights, output, dataFormat, assume, bands, threads, ...asked },
          ...data,
          ...{ statSubsetSize, calibration, maxDrop, reduceRange, biasCorrection },
          ...{ method, epochs, learningRate, depthwise, inputSize: flags.inputSize ?? asked.inputSize },
          ...hooks,
        }),
      );
      terminal.print([...linesOf(result), '', afterExport(result.model, undefined)].join('\n'));
    });
}

/** @throws OtxError `usage` where a data set is not named */
async function dataOf({ trainDataRoots, valDataRoots }: Flags, { workspace }: CommandContext) {
  const file = workspace()?.data;
  const { train, val }: DataFile = file === undefined ? {} : await readDataFile(file);
  const required = (name: 'trainData' | 'validationData', path: string | undefined) => {
    if (path !== undefined) return path;
    const hint = file === undefined ? '' : `, and ${file} names none`;
    throw new OtxError('usage', `missing required option ${option(name)}${hint}`);
  };
  return {
    trainData: required('trainData', trainDataRoots ?? train),
    validationData: required('validationData', valDataRoots ?? val),
  };
}

function linesOf(result: OptimizeResult): string[] {
  const { layers, mDice, diceAverage, equalPixels, bytes, model, openvino, layerTable, training } = result;
  const because = (reason: string) => layers.filter((layer) => layer.reason === reason);
  const [depthwise, sensitive] = [because('depthwise'), because('sensitive')];
  const rounded = layers.length - depthwise.length - sensitive.length;
  const difference = 100 * (mDice.optimized - mDice.trained);
  const names = listSome(
    sensitive.map(({ name }) => name),
    LISTED,
  );
  return [
    `written ${model}: ${megabytes(bytes.optimized)}, ${(bytes.optimized / bytes.trained).toFixed(2)} of ${megabytes(bytes.trained)}`,
    ...(openvino ? [`written ${openvino}: the same for OpenVINO, ${megabytes(bytes.openvino)}`] : []),
    `${rounded} of ${layers.length} convolutions in 8 bits; in floats: ${depthwise.length} depthwise` +
      (sensitive.length > 0 ? `, ${sensitive.length} without which the score fell too far (${names})` : ''),
    ...(training
      ? [
          `fine-tuned in ${training.output}: ${training.bestEpoch === 0 ? 'no epoch was better than none' : `epoch ${training.bestEpoch} is the best`}`,
        ]
      : []),
    `mean Dice ${mDice.optimized.toFixed(4)} with background, ${difference < 0 ? '' : '+'}${difference.toFixed(2)} points; ` +
      `${(Math.floor(1e4 * equalPixels) / 100).toFixed(2)} % of the pixels have the class of the trained model`,
    `what became of each layer: ${layerTable}`,
    `Performance(score: ${diceAverage.optimized}, dashboard: (1 metric groups))`,
  ];
}

const numberOf =
  (flag: string) =>
  (text: string): number => {
    if (/^\d+(\.\d+)?(e-?\d+)?$/i.test(text)) return Number(text);
    throw new OtxError('usage', `${flag}: ${quoted(text)} is no number`);
  };
