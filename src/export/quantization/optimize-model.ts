/** @file A trained model made small: its convolutions in 8-bit integers, chosen so that its score stays what it was. */

import { join } from 'node:path';
import { breathe } from '../../base/abortable.js';
import { checkOptions } from '../../base/check-options.js';
import { OtxError, option } from '../../base/errors.js';
import { Outputs } from '../../base/outputs/outputs.js';
import { shown } from '../../base/shown.js';
import type { ClassInfo, DataSource } from '../../data/index.js';
import { createEngine, type Engine } from '../../engine/engine.js';
import type { Tensor } from '../../graph/index.js';
import { USUAL_FORM } from '../../inference/file-form.js';
import { namesUsedBy } from '../../inference/model-settings.js';
import { encodeGraph } from '../../inference/network-file.js';
import { networkGraph } from '../../inference/network-graph.js';
import { openTrained } from '../../inference/open-model.js';
import type { ModelOptions, OpenedModel } from '../../inference/opened-model.js';
import { openPortable } from '../../inference/portable-model.js';
import { loadTrainedModel, MODEL_KINDS, type TrainedModel } from '../../inference/trained-model.js';
import { datasetInputs, joinInputs, weightsInputs } from '../../runs/inputs.js';
import { formatLabelSchema, LABEL_SCHEMA_FILE } from '../../runs/label-schema.js';
import { kindsOf, type RunOptions } from '../../settings/run-vocabulary.js';
import { equalShare } from '../measure/measure-file.js';
import { openTestData, READING, type TestData, type TestDataOptions } from '../measure/test-data.js';
import { modelInfo } from '../model-info.js';
import { calibrate, noiseOf } from './calibrate.js';
import { chooseLayers } from './choose-layers.js';
import { batchesOf, type Scores, scoresOf } from './images.js';
import { type ConvLayer, convLayers, isDepthwise } from './layers.js';
import { quantizeGraph, type RoundingOptions } from './quantize-graph.js';
import { QUANTIZED_KEY, refuseExported } from './quantized-file.js';
import { CALIBRATIONS, type CalibrationMethod } from './ranges.js';
import { layerTable, type QuantizedLayer } from './report.js';

/** What to make small, by which images, and how much it may lose. */
export interface OptimizeOptions extends ModelOptions, Pick<RunOptions, (typeof READING)[number]> {
  /** Folder for the files of {@link OptimizeResult}; those of an earlier call are replaced, others not. */
  readonly output: string;
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
  /** Whether biases make up for what rounded weights add on average. Default true. */
  readonly biasCorrection?: boolean | undefined;
}

/** What was written, and how it does. */
export interface OptimizeResult {
  /** `ptq/model.onnx`, which {@link evaluate}, {@link predict} and {@link createSegmenter} open. */
  readonly model: string;
  /** `ptq/label_schema.json` */
  readonly labelSchema: string;
  /** `ptq_performance.json`: the Dice average of the file on the validation data. */
  readonly performance: string;
  /** `ptq_layers.csv`: {@link layers} as a table. */
  readonly layerTable: string;
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
  /** Size of the file, and of the file of {@link exportModel}, in bytes. */
  readonly bytes: { readonly trained: number; readonly optimized: number };
}

const FILES = {
  model: 'ptq/model.onnx',
  labelSchema: `ptq/${LABEL_SCHEMA_FILE}`,
  performance: 'ptq_performance.json',
  layerTable: 'ptq_layers.csv',
} as const;

const DEFAULT_IMAGES = 300;
const MOST_IMAGES = 100_000;
const DEFAULT_DROP = 0.5;
/** Samples that a graph mixes are told apart from one sample only where there are two of them. */
const BATCH = 2;

const KINDS = {
  ...MODEL_KINDS,
  ...kindsOf(...READING),
  ...({ output: 'path', trainData: 'data', validationData: 'data', statSubsetSize: 'number?' } as const),
  ...({ maxDrop: 'number?', reduceRange: 'boolean?', biasCorrection: 'boolean?' } as const),
};

/**
 * Post-training quantisation: writes a trained model as an ONNX file whose convolutions are computed with 8-bit integers, weights with a
 * scale for each output channel, values between layers with one scale. Where the score falls too far, the layers that rounding
 * disturbs most are left in floats, as few as possible. Depthwise convolutions of Lite-HRNet always are. The same call gives the same
 * file on the same machine with the same number of threads.
 *
 * @throws OtxError `checkpoint` for weights that cannot be used, among them files that were exported or quantised already; `dataset`,
 * `usage`, `output`, or `aborted` when the signal fired.
 */
export async function optimizeModel(options: OptimizeOptions): Promise<OptimizeResult> {
  checkOptions('optimizeModel()', options, KINDS, ['calibration', ...namesUsedBy('predict')]);
  checkRanges(options);
  const { output, weights, trainData, validationData, threads, onEvent, signal } = options;
  await refuseExported(weights);
  const trained = await loadTrainedModel(options);
  const model = await openTrained(trained, { weights, threads, signal, onEvent });
  let outputs: Outputs | undefined;
  let engine: Engine | undefined;
  try {
    const validation = await openTestData(imagesOf(options, 'val'), model);
    const training = await openTestData(imagesOf(options, 'train'), model);
    outputs = await Outputs.open({
      root: output,
      files: Object.values(FILES),
      inputs: joinInputs(
        weightsInputs(weights),
        datasetInputs('the training data', trainData, training.dataset),
        datasetInputs('the validation data', validationData, validation.dataset),
      ),
    });
    const expected = await scoresOf(validation, model, options);
    engine = await createEngine({ threads });
    const found = await quantize({ trained, engine, training, validation, expected, options });
    await breathe(signal, 'the model was quantised');
    const { scores } = found;
    await outputs.write(FILES.model, found.bytes);
    await outputs.write(FILES.labelSchema, formatLabelSchema(trained.classes));
    const performance = { 'Dice Average': scores.diceAverage };
    await outputs.write(FILES.performance, `${JSON.stringify(performance, null, 2)}\n`);
    await outputs.write(FILES.layerTable, layerTable(found.layers));
    onEvent?.({ type: 'output', folder: output });
    const paths = Object.entries(FILES).map(([name, file]) => [name, join(output, file)]);
    return {
      ...(Object.fromEntries(paths) as Record<keyof typeof FILES, string>),
      ...{ template: trained.template.name, classes: trained.classes, layers: found.layers },
      mDice: { trained: expected.mDice, optimized: scores.mDice },
      diceAverage: { trained: expected.diceAverage, optimized: scores.diceAverage },
      equalPixels: equalShare(scores.labels, expected.labels),
      bytes: { trained: found.exactBytes, optimized: found.bytes.length },
    };
  } finally {
    await Promise.all([engine?.dispose(), model.dispose(), outputs?.close()]);
  }
}

function checkRanges({
  calibration = 'minmax',
  statSubsetSize: images = 1,
  maxDrop = 0,
}: OptimizeOptions): void {
  if (!CALIBRATIONS.includes(calibration)) {
    const words = CALIBRATIONS.join(', ');
    throw new OtxError(
      'usage',
      `${option('calibration')} is ${shown(calibration)}; expected one of ${words}`,
    );
  }
  if (!(Number.isInteger(images) && images >= 1 && images <= MOST_IMAGES)) {
    throw new OtxError(
      'usage',
      `${option('statSubsetSize')} is ${images}; expected a whole number from 1 to ${MOST_IMAGES}`,
    );
  }
  if (!(maxDrop >= 0 && maxDrop <= 100)) {
    throw new OtxError('usage', `${option('maxDrop')} is ${maxDrop}; expected a number from 0 to 100`);
  }
}

function imagesOf(options: OptimizeOptions, role: 'train' | 'val'): TestDataOptions {
  const { dataFormat, useOtxAdapter, assume, bands, onEvent, signal } = options;
  const { trainData, validationData, statSubsetSize = DEFAULT_IMAGES } = options;
  const which =
    role === 'train' ? { testData: trainData, most: statSubsetSize } : { testData: validationData };
  return { ...which, role, dataFormat, useOtxAdapter, assume, bands, onEvent, signal };
}

/** What quantisation works on. */
interface Work {
  readonly trained: TrainedModel;
  readonly engine: Engine;
  readonly training: TestData;
  readonly validation: TestData;
  /** Of the trained model. */
  readonly expected: Scores;
  readonly options: OptimizeOptions;
}

async function quantize(work: Work) {
  const { trained, engine, training, validation, expected, options } = work;
  const { calibration: method = 'minmax', reduceRange = true, biasCorrection: correctBias = true } = options;
  const graph = networkGraph(trained, { batch: BATCH });
  const all = convLayers(Object.values(graph.outputs));
  const usable = all.filter(({ node }) => !(leavesDepthwise(trained) && isDepthwise(node)));
  const { inputSize } = trained;
  const batches = batchesOf(training, { ...options, inputSize, batch: BATCH });
  try {
    const computer = { engine, graph };
    const calibration = await calibrate(computer, usable, batches, method);
    const rounding: RoundingOptions = { calibration, bits: reduceRange ? 7 : 8, correctBias };
    const noise = await noiseOf(computer, usable, batches, rounding);
    const noiseOfLayer = new Map(usable.map((layer, i) => [layer, noise[i]!]));
    const loudest = usable.toSorted((a, b) => noiseOfLayer.get(b)! - noiseOfLayer.get(a)!);
    const written = (outputs: readonly Tensor[], rounded: number) =>
      encodeGraph(
        { inputs: graph.inputs, outputs: { output: outputs[0]! } },
        {
          name: trained.template.name,
          metadata: {
            ...modelInfo(trained, USUAL_FORM),
            ...(rounded > 0 && { [QUANTIZED_KEY]: `int8: ${rounded} of ${all.length} convolutions` }),
          },
          dynamicBatch: true,
          // What stays in floats need not take more bytes than it is worth.
          ...(rounded > 0 && { weights: 'float16' }),
        },
      );
    const exact = Object.values(graph.outputs);
    const { found, exact: kept } = await chooseLayers(
      loudest,
      (options.maxDrop ?? DEFAULT_DROP) / 100,
      async (rounded) => {
        const bytes = written(quantizeGraph(exact, rounded, rounding), rounded.length);
        const scores = await scoresOfFile(bytes, engine, validation, options);
        return { drop: expected.mDice - scores.mDice, found: { bytes, scores } };
      },
    );
    const sensitive = new Set(loudest.slice(0, kept));
    return {
      ...found,
      exactBytes: written(exact, 0).length,
      layers: all.map((layer) => describeLayer(layer, sensitive, noiseOfLayer.get(layer))),
    };
  } finally {
    await batches.dispose();
  }
}

/** Their results have another range in each channel, of which one scale for all of them makes too little. */
const leavesDepthwise = ({ template }: TrainedModel): boolean => !template.model.startsWith('segnext');

function describeLayer(
  layer: ConvLayer,
  sensitive: ReadonlySet<ConvLayer>,
  noise: number | undefined,
): QuantizedLayer {
  const reason = noise === undefined ? 'depthwise' : sensitive.has(layer) ? 'sensitive' : undefined;
  const weights = layer.node.inputs[1]!.size;
  return { name: layer.name, precision: reason ? 'float32' : 'int8', reason, weights, noise };
}

async function scoresOfFile(
  bytes: Uint8Array,
  engine: Engine,
  validation: TestData,
  options: OptimizeOptions,
): Promise<Scores> {
  const model: OpenedModel = await openPortable(bytes, 'the quantised model', async (file) => {
    const loaded = await engine.load(file);
    return {
      run: async (data, shape) =>
        (await loaded.run({ input: { dtype: 'float32', shape, data } })).output?.data,
      release: () => loaded.release(),
    };
  });
  try {
    return await scoresOf(validation, model, options);
  } finally {
    await model.dispose();
  }
}
