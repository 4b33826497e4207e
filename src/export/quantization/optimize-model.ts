/** @file A trained model made small: its convolutions in 8-bit integers, chosen so that its score stays what it was. */

import { join } from 'node:path';
import { breathe } from '../../base/abortable.js';
import { OtxError } from '../../base/errors.js';
import { Outputs } from '../../base/outputs/outputs.js';
import { keepingThreads, type SubsetRole } from '../../data/index.js';
import { createEngine, type Engine } from '../../engine/engine.js';
import type { Tensor } from '../../graph/index.js';
import { USUAL_FORM } from '../../inference/file-form.js';
import { encodeGraph } from '../../inference/network-file.js';
import { type NetworkGraph, networkGraph, TRACED_BATCH } from '../../inference/network-graph.js';
import { openTrained } from '../../inference/open-model.js';
import type { OpenedModel } from '../../inference/opened-model.js';
import { openPortable } from '../../inference/portable-model.js';
import type { TrainedModel } from '../../inference/trained-model.js';
import { datasetInputs, joinInputs, weightsInputs } from '../../runs/inputs.js';
import { formatLabelSchema } from '../../runs/label-schema.js';
import { loadSized } from '../export-size.js';
import { equalShare } from '../measure/measure-file.js';
import { openTestData, type TestData, type TestDataOptions } from '../measure/test-data.js';
import { modelInfo } from '../model-info.js';
import { calibrate, noiseOf } from './calibrate.js';
import { chooseLayers } from './choose-layers.js';
import { calibrationOf, rangesByLayer } from './fake-quantize.js';
import { fineTune } from './fine-tune.js';
import { batchesOf, type Scores, scoresOf } from './images.js';
import { type ConvLayer, convLayers, isDepthwise } from './layers.js';
import {
  checkOptimizeOptions,
  DEFAULTS,
  filesOf,
  irFilesOf,
  type OptimizeOptions,
  type OptimizeResult,
  PLAN_FILE,
  TRAINING_FOLDER,
} from './optimize-options.js';
import { type Calibration, quantizeGraph, type RoundingOptions } from './quantize-graph.js';
import { QUANTIZED_KEY, refuseExported } from './quantized-file.js';
import { quantizedIr } from './quantized-ir.js';
import { layerTable, type QuantizedLayer } from './report.js';
import type { WeightBits } from './rounding.js';

/**
 * Writes a trained model as an ONNX file, and the same for OpenVINO, whose convolutions are computed with 8-bit integers, weights with a scale for each output
 * channel, values between layers with one scale. Where the score falls too far, the layers that rounding disturbs most are left in
 * floats, as few as possible. Depthwise convolutions of Lite-HRNet are unless asked for. The same call gives the same file on the same machine
 * with the same number of threads.
 *
 * The method `qat` trains the network a little more before, in the folder `nncf/training`, while it is rounded as the file will be. What was
 * interrupted goes on with the next call.
 *
 * @throws OtxError `checkpoint` for weights that cannot be used, among them files that were exported or quantised already; `dataset`,
 * `usage`, `output`, or `aborted` when the signal fired.
 */
export async function optimizeModel(options: OptimizeOptions): Promise<OptimizeResult> {
  return optimizeOn('val', options);
}

/** {@link optimizeModel} @param role of the images on which the file is scored, where a root has several subsets */
export async function optimizeOn(role: SubsetRole, options: OptimizeOptions): Promise<OptimizeResult> {
  checkOptimizeOptions(options);
  return keepingThreads(options.signal, () => optimize(role, options));
}

async function optimize(role: SubsetRole, options: OptimizeOptions): Promise<OptimizeResult> {
  const { output, weights, trainData, validationData, threads, onEvent, signal } = options;
  const { method = DEFAULTS.method } = options;
  const files = filesOf(method);
  await refuseExported(weights);
  const trained = await loadSized(options);
  const model = await openTrained(trained, { weights, threads, signal, onEvent });
  let outputs: Outputs | undefined;
  let engine: Engine | undefined;
  try {
    const validation = await openTestData(imagesOf(options, role), model);
    const training = await openTestData(imagesOf(options), model);
    outputs = await Outputs.open({
      root: output,
      files: [
        ...[...Object.values(files), ...Object.values(irFilesOf(method))],
        ...(method === 'qat' ? [PLAN_FILE] : []),
      ],
      inputs: joinInputs(
        weightsInputs(weights),
        datasetInputs('the training data', trainData, training.dataset),
        datasetInputs('the validation data', validationData, validation.dataset),
      ),
    });
    const expected = await scoresOf(validation, model, options);
    engine = await createEngine({ threads });
    const found = await quantize({ trained, engine, training, validation, expected, outputs, options });
    await breathe(signal, 'the model was quantised');
    const { scores } = found;
    await outputs.write(files.model, found.bytes);
    const ir = await writeIr(outputs, found, options);
    await outputs.write(files.labelSchema, formatLabelSchema(trained.classes));
    const performance = { 'Dice Average': scores.diceAverage };
    await outputs.write(files.performance, `${JSON.stringify(performance, null, 2)}\n`);
    await outputs.write(files.layerTable, layerTable(found.layers));
    onEvent?.({ type: 'output', folder: output });
    const paths = Object.entries(files).map(([name, file]) => [name, join(output, file)]);
    return {
      ...(Object.fromEntries(paths) as Record<keyof typeof files, string>),
      openvino: ir && join(output, irFilesOf(method).xml),
      ...{ template: trained.template.name, classes: trained.classes, layers: found.layers },
      training:
        found.bestEpoch === undefined
          ? undefined
          : { output: join(output, TRAINING_FOLDER), bestEpoch: found.bestEpoch },
      mDice: { trained: expected.mDice, optimized: scores.mDice },
      diceAverage: { trained: expected.diceAverage, optimized: scores.diceAverage },
      equalPixels: equalShare(scores.labels, expected.labels),
      bytes: { trained: found.exactBytes, optimized: found.bytes.length, openvino: ir?.bytes ?? 0 },
    };
  } finally {
    await Promise.all([engine?.dispose(), model.dispose(), outputs?.close()]);
  }
}

/** @param role of what it is scored on; without it those that it is calibrated on */
function imagesOf(options: OptimizeOptions, role?: SubsetRole): TestDataOptions {
  const { dataFormat, useOtxAdapter, assume, bands, onEvent, signal } = options;
  const { trainData, validationData, statSubsetSize: most = DEFAULTS.images } = options;
  const which = role
    ? { testData: validationData, role }
    : ({ testData: trainData, role: 'train', most } as const);
  return { ...which, dataFormat, useOtxAdapter, assume, bands, onEvent, signal };
}

/** What quantisation works on. */
interface Work {
  readonly trained: TrainedModel;
  readonly engine: Engine;
  readonly training: TestData;
  readonly validation: TestData;
  /** Of the trained model. */
  readonly expected: Scores;
  readonly outputs: Outputs;
  readonly options: OptimizeOptions;
}

/** A network, its layers, and how they are rounded. */
interface Rounded {
  readonly trained: TrainedModel;
  readonly graph: NetworkGraph;
  readonly layers: readonly ConvLayer[];
  /** Those that can be rounded. */
  readonly usable: readonly ConvLayer[];
  readonly rounding: RoundingOptions;
}

async function quantize(work: Work) {
  const { trained, engine, training, options } = work;
  const { method = DEFAULTS.method, calibration = DEFAULTS.calibration } = options;
  const batches = batchesOf(training, { ...options, inputSize: trained.inputSize, batch: TRACED_BATCH });
  try {
    const look = ({ graph, usable }: Omit<Rounded, 'rounding'>) =>
      calibrate({ engine, graph }, usable, batches, calibration);
    const exact = withLayers(trained, options);
    const first = roundedBy(exact, await look(exact), options);
    const tuned = method === 'qat' ? await retrained(first, work) : undefined;
    const chosen = tuned?.rounded ?? first;
    const noise = await noiseOf({ engine, graph: chosen.graph }, chosen.usable, batches, chosen.rounding);
    const result = await choose(chosen, noise, work);
    const exactBytes = encoded(exact, Object.values(exact.graph.outputs), 0).length;
    return { ...result, exactBytes, bestEpoch: tuned?.bestEpoch };
  } finally {
    await batches.dispose();
  }
}

function withLayers(trained: TrainedModel, options: OptimizeOptions): Omit<Rounded, 'rounding'> {
  const graph = networkGraph(trained, { batch: TRACED_BATCH });
  const layers = convLayers(Object.values(graph.outputs));
  const isLeft = leavesDepthwise(trained, options) ? isDepthwise : () => false;
  const usable = layers.filter(({ node }) => !isLeft(node));
  return { trained, graph, layers, usable };
}

function roundedBy(
  network: Omit<Rounded, 'rounding'>,
  calibration: Calibration,
  { reduceRange = true, biasCorrection = true, method }: OptimizeOptions,
): Rounded {
  const bits: WeightBits = reduceRange ? 7 : 8;
  const correctBias = biasCorrection && method !== 'qat';
  return { ...network, rounding: { calibration, bits, correctBias } };
}

/** The network with weights that have learned to be rounded, and the same ranges. */
async function retrained(
  { trained, usable, rounding }: Rounded,
  { outputs, options }: Work,
): Promise<{ readonly rounded: Rounded; readonly bestEpoch: number }> {
  const ranges = rangesByLayer(usable, rounding.calibration);
  const { model, bestEpoch } = await fineTune({ trained, ranges, bits: rounding.bits, outputs, options });
  const network = withLayers(model, options);
  return { rounded: roundedBy(network, calibrationOf(network.usable, ranges), options), bestEpoch };
}

/** As many rounded layers as the score allows. @param noise of the usable layers, in their order */
async function choose(rounded: Rounded, noise: Float64Array, work: Work) {
  const { graph, layers, usable, rounding } = rounded;
  const { engine, validation, expected, options } = work;
  const noiseOfLayer = new Map(usable.map((layer, i) => [layer, noise[i]!]));
  const loudest = usable.toSorted((a, b) => noiseOfLayer.get(b)! - noiseOfLayer.get(a)!);
  const outputs = Object.values(graph.outputs);
  const { found, exact } = await chooseLayers(
    loudest,
    (options.maxDrop ?? DEFAULTS.maxDrop) / 100,
    async (some) => {
      const result = quantizeGraph(outputs, some, rounding);
      const bytes = encoded(rounded, result, some.length);
      const scores = await scoresOfFile(bytes, engine, validation, options);
      return { drop: expected.mDice - scores.mDice, found: { bytes, scores, result, count: some.length } };
    },
  );
  const sensitive = new Set(loudest.slice(0, exact));
  return {
    ...found,
    rounded,
    layers: layers.map((layer) => describeLayer(layer, sensitive, noiseOfLayer.get(layer))),
  };
}

/** @param count of the layers that are rounded in `outputs` */
function encoded(
  { trained, graph, layers }: Omit<Rounded, 'rounding'>,
  outputs: readonly Tensor[],
  count: number,
): Uint8Array {
  return encodeGraph(
    { inputs: graph.inputs, outputs: { output: outputs[0]! } },
    {
      name: trained.template.name,
      metadata: {
        ...modelInfo(trained, USUAL_FORM),
        ...aboutRounding(count, layers),
      },
      dynamicBatch: true,
      // What stays in floats need not take more bytes than it is worth.
      ...(count > 0 && { weights: 'float16-throughout' }),
    },
  );
}

const aboutRounding = (count: number, { length }: readonly ConvLayer[]): Record<string, string> =>
  count > 0 ? { [QUANTIZED_KEY]: `int8: ${count} of ${length} convolutions` } : {};

/** The same for OpenVINO. @returns undefined where the network has no form there */
async function writeIr(
  outputs: Outputs,
  { rounded, result, count }: Pick<Awaited<ReturnType<typeof choose>>, 'rounded' | 'result' | 'count'>,
  { method = DEFAULTS.method, onEvent }: OptimizeOptions,
): Promise<{ readonly bytes: number } | undefined> {
  const { trained, graph, layers } = rounded;
  const files = irFilesOf(method);
  try {
    const network = { inputs: graph.inputs, outputs: { output: result[0]! } };
    const { xml, bin } = quantizedIr(trained, network, aboutRounding(count, layers));
    await outputs.write(files.xml, xml);
    await outputs.write(files.bin, ...bin);
    return { bytes: bin.reduce((sum, { length }) => sum + length, xml.length) };
  } catch (error) {
    if (!(error instanceof OtxError) || error.code !== 'graph') throw error;
    onEvent?.({ type: 'notice', message: `no files for OpenVINO: ${error.message}` });
    return undefined;
  }
}

/** Their results have another range in each channel, of which one scale for all of them makes too little. */
const leavesDepthwise = ({ template }: TrainedModel, { depthwise = false }: OptimizeOptions): boolean =>
  !depthwise && !template.model.startsWith('segnext');

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
