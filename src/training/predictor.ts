/** @file A trained model ready to segment images, whether it comes from a checkpoint or from an exported ONNX file. */

import { dirname, join } from 'node:path';
import { messageOf, OtxError, option } from '../base/errors.js';
import { type FileKind, MOST_BYTES, readBytesOf } from '../base/read-file.js';
import type { ClassInfo, Size } from '../data/index.js';
import { type CompiledModel, createEngine } from '../engine/engine.js';
import { loadIsolated } from '../engine/isolated/isolated-model.js';
import type { TensorValue } from '../engine/protocol.js';
import { StepBuilder } from '../engine/step.js';
import { fullSizeLogits } from '../methods/supervised.js';
import { ConstantStore, Scope } from '../nn/index.js';
import {
  confidenceThreshold,
  listTemplates,
  loadTemplate,
  resolveHyperParameters,
  type Template,
} from '../templates/index.js';
import { LARGEST } from '../weights/check-values.js';
import { LABEL_SCHEMA_FILE, loadLabelSchema } from './label-schema.js';
import { loadTrainedModel, type TrainedModel, type TrainedModelOptions } from './trained-model.js';
import type { Segment } from './validate.js';

const ONNX_KIND: FileKind = {
  code: 'checkpoint',
  expected: 'a model that "otx export" has written (.onnx)',
  maxBytes: MOST_BYTES.onnx,
};

/** Keeps the logarithm of a probability that underflowed finite. */
const SMALLEST_NORMAL = 2 ** -126;

export interface PredictorOptions extends TrainedModelOptions {
  /** Threads of the engine. Default: all that the process may use. */
  readonly threads?: number | undefined;
}

/** A trained model in evaluation mode. */
export interface Predictor {
  /** Background first. */
  readonly classes: readonly ClassInfo[];
  /** Size of the network input in pixels. */
  readonly inputSize: Size;
  /** Pixels whose best class is less probable are background; undefined for none. */
  readonly threshold: number | undefined;
  readonly segment: Segment;
  dispose(): Promise<void>;
}

/**
 * Opens a trained model for segmentation.
 *
 * @throws OtxError `checkpoint` when the weights cannot be used or belong to another template than the one named.
 */
export async function openPredictor(options: PredictorOptions): Promise<Predictor> {
  return options.weights.toLowerCase().endsWith('.onnx') ? fromOnnx(options) : fromCheckpoint(options);
}

async function fromCheckpoint(options: PredictorOptions): Promise<Predictor> {
  const trained = await loadTrainedModel(options);
  const { classes, inputSize, hyperParameters } = trained;
  const threshold = confidenceThreshold(hyperParameters);
  const { segment: run, dispose } = await openNetwork({ ...trained, threads: options.threads });
  const segment: Segment = async (image) => {
    const logits = await run(image);
    if (!logits.every(Number.isFinite)) throw senseless(options.weights, 'values that are not finite');
    return logits;
  };
  return { classes, inputSize, threshold, segment, dispose };
}

/** A network with its weights, ready for images of one size. */
export interface NetworkOptions extends Pick<TrainedModel, 'model' | 'state' | 'inputSize'> {
  readonly threads?: number | undefined;
}

/** Compiles a network in evaluation mode with its weights as constants, so that batch norm is folded away. */
export async function openNetwork({
  model,
  state,
  inputSize,
  threads,
}: NetworkOptions): Promise<Pick<Predictor, 'segment' | 'dispose'>> {
  const engine = await createEngine({ threads });
  return guarded(
    () => engine.dispose(),
    async () => {
      const builder = new StepBuilder();
      const images = builder.input('images', 'float32', [1, 3, inputSize.height, inputSize.width]);
      builder.output('logits', fullSizeLogits(model, new Scope(new ConstantStore(state), false), images));
      const step = await engine.compile(builder.build(), { name: 'prediction' });
      const segment: Segment = async (image) =>
        (await step.run({ images: image })).outputs.logits as Float32Array;
      return { segment, dispose: () => engine.dispose() };
    },
  );
}

async function fromOnnx({
  weights,
  template,
  hyperParameters,
  threads,
}: PredictorOptions): Promise<Predictor> {
  if (template !== undefined) loadTemplate(template);
  const classes = await loadLabelSchema(join(dirname(weights), LABEL_SCHEMA_FILE));
  const file = await readBytesOf(weights, ONNX_KIND);
  const model = await unusable(weights, loadIsolated(file, { threads, largestWeight: LARGEST }));
  return guarded(model.release, async () => {
    const inputSize = checkExport(model, classes.length, weights);
    const wanted = hyperParameters?.learning_parameters?.input_size;
    if (wanted !== undefined) {
      throw new OtxError(
        'usage',
        `${weights} was exported for ${inputSize.width}x${inputSize.height}; leave ` +
          `${option('learning_parameters.input_size')} out`,
      );
    }
    // The file has no settings; those of this kind have the same defaults in all templates.
    const { postprocessing } = hyperParameters ?? {};
    const [anyTemplate] = listTemplates() as [Template];
    const threshold = confidenceThreshold(
      resolveHyperParameters(anyTemplate, postprocessing ? { postprocessing } : {}),
    );
    const segment: Segment = async (image) => {
      const shape = [1, 3, inputSize.height, inputSize.width];
      const { output } = await unusable(
        weights,
        model.run({ input: { dtype: 'float32', shape, data: image } }),
      );
      const { data } = output as TensorValue;
      const size = classes.length * inputSize.height * inputSize.width;
      if (!(data instanceof Float32Array) || data.length !== size || !data.every(isProbability)) {
        throw senseless(weights, `what is not ${size} probabilities`);
      }
      return logarithms(data);
    };
    return { classes, inputSize, threshold, segment, dispose: model.release };
  });
}

/** Frees what runs the model when `body` fails. */
async function guarded<T>(dispose: () => Promise<void>, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Names the file in what the runtime says of it. */
async function unusable<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new OtxError(
      'checkpoint',
      `${path}: not a usable model (${messageOf(error)}); expected ${ONNX_KIND.expected}`,
      {
        cause: error,
      },
    );
  }
}

/** With some room for rounding. */
const isProbability = (value: number): boolean => value >= 0 && value <= 1.001;

function senseless(path: string, found: string): OtxError {
  return new OtxError(
    'numeric',
    `${path}: gives ${found} for an image; use an earlier checkpoint, or train again`,
  );
}

/** The size of the input of a file that has the form of our exports. */
function checkExport({ inputs, outputs }: CompiledModel, classes: number, path: string): Size {
  const [, channels, height, width] = inputs.find(({ name }) => name === 'input')?.shape ?? [];
  const [, planes] = outputs.find(({ name }) => name === 'output')?.shape ?? [];
  if (channels !== 3 || typeof height !== 'number' || typeof width !== 'number') {
    throw new OtxError(
      'checkpoint',
      `${path}: has no input "input" [N, 3, H, W] of a fixed size; only files of "otx export" are read`,
    );
  }
  if (planes !== classes) {
    throw new OtxError(
      'checkpoint',
      `${path}: has ${planes ?? 'no'} output classes, ${LABEL_SCHEMA_FILE} beside it has ${classes}`,
    );
  }
  return { width, height };
}

/**
 * Log probabilities differ from logits by one number per pixel, so that interpolating them gives the same best class;
 * interpolating the probabilities themselves does not.
 */
function logarithms(probabilities: Float32Array): Float32Array {
  return probabilities.map((p) => Math.log(Math.max(p, SMALLEST_NORMAL)));
}
