/** @file A trained model ready to segment images, whether it comes from a checkpoint or from an exported ONNX file. */

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, OtxError } from '../base/errors.js';
import type { ClassInfo } from '../data/index.js';
import { type CompiledModel, createEngine, type Engine } from '../engine/engine.js';
import { StepBuilder } from '../engine/step.js';
import { fullSizeLogits } from '../methods/supervised.js';
import { createSegmentor, describe, type Segmentor } from '../models/index.js';
import { ConstantStore, Scope } from '../nn/index.js';
import {
  type HyperParameterOverrides,
  type HyperParameters,
  inputSizes,
  listTemplates,
  loadTemplate,
  resolveHyperParameters,
} from '../templates/index.js';
import { type Checkpoint, loadCheckpoint } from './checkpoint.js';
import { LABEL_SCHEMA_FILE, loadLabelSchema } from './label-schema.js';
import { type StateDict, stateFromCheckpoint } from './state-dict.js';
import type { Segment } from './validate.js';

/** Keeps the logarithm of a probability that underflowed finite. */
const SMALLEST_NORMAL = 2 ** -126;

export interface PredictorOptions {
  /** A run folder, a `.safetensors` checkpoint or an exported `.onnx` file. */
  readonly weights: string;
  /** Template the weights must belong to; may be left out, the weights name theirs. */
  readonly template?: string | undefined;
  /** Settings on top of those the model was trained with; an exported file has its input size built in. */
  readonly hyperParameters?: HyperParameterOverrides | undefined;
  /** Threads of the engine. Default: all that the process may use. */
  readonly threads?: number | undefined;
}

/** A trained model in evaluation mode. */
export interface Predictor {
  /** Background first. */
  readonly classes: readonly ClassInfo[];
  /** Side of the square network input in pixels. */
  readonly inputSize: number;
  readonly segment: Segment;
  dispose(): Promise<void>;
}

/** The parts of a checkpoint that evaluation and export build a graph from. */
export interface TrainedModel {
  readonly model: Segmentor;
  readonly state: StateDict;
  readonly classes: readonly ClassInfo[];
  readonly template: Checkpoint['info']['template'];
  readonly hyperParameters: HyperParameters;
  /** Side of the square network input in pixels. */
  readonly inputSize: number;
}

/**
 * Opens a trained model for segmentation.
 *
 * @throws OtxError `checkpoint` when the weights cannot be used or belong to another template than the one named.
 */
export async function openPredictor(options: PredictorOptions): Promise<Predictor> {
  return options.weights.toLowerCase().endsWith('.onnx') ? fromOnnx(options) : fromCheckpoint(options);
}

/** Loads a checkpoint with the network it belongs to. @throws OtxError `checkpoint`, `usage` */
export async function loadTrainedModel(options: PredictorOptions): Promise<TrainedModel> {
  const checkpoint = await loadCheckpoint(options.weights);
  const { template, classes, hyperParameters: trained } = checkpoint.info;
  if (options.template !== undefined) {
    const wanted = loadTemplate(options.template);
    if (wanted.model !== template.model) {
      throw new OtxError(
        'checkpoint',
        `${options.weights}: trained with ${template.name}, not ${wanted.name}; leave the template out`,
      );
    }
  }
  const base = listTemplates().find(({ model }) => model === template.model);
  if (!base)
    throw new OtxError('checkpoint', `${options.weights}: this version has no model "${template.model}"`);
  // Settings that the version which trained the model did not know yet have their defaults.
  const hyperParameters = resolveHyperParameters(
    { hyperParameters: resolveHyperParameters(base, trained) },
    options.hyperParameters,
  );
  const inputSize = inputSizes(hyperParameters).validation;
  const model = createSegmentor(template.model, { numClasses: classes.length });
  const { variables } = describe(model, [1, 3, inputSize, inputSize]);
  const { state } = stateFromCheckpoint(checkpoint, options.weights, variables, classes, new Map());
  return { model, state, classes, template, hyperParameters, inputSize };
}

async function fromCheckpoint(options: PredictorOptions): Promise<Predictor> {
  const { model, state, classes, inputSize } = await loadTrainedModel(options);
  const engine = await createEngine({ threads: options.threads });
  return guarded(engine, async () => {
    const builder = new StepBuilder();
    const images = builder.input('images', 'float32', [1, 3, inputSize, inputSize]);
    builder.output('logits', fullSizeLogits(model, new Scope(new ConstantStore(state), false), images));
    const step = await engine.compile(builder.build(), { name: 'prediction' });
    const segment: Segment = async (image) =>
      (await step.run({ images: image })).outputs.logits as Float32Array;
    return { classes, inputSize, segment, dispose: () => engine.dispose() };
  });
}

async function fromOnnx({
  weights,
  template,
  hyperParameters,
  threads,
}: PredictorOptions): Promise<Predictor> {
  if (template !== undefined) loadTemplate(template);
  const classes = await loadLabelSchema(join(dirname(weights), LABEL_SCHEMA_FILE));
  const file = await readFile(weights).catch((error: unknown) => {
    throw new OtxError('checkpoint', `${weights}: cannot be read (${messageOf(error)})`, { cause: error });
  });
  const engine = await createEngine({ threads });
  return guarded(engine, async () => {
    const model = await engine.load(file);
    const inputSize = checkExport(model, classes.length, weights);
    const wanted = hyperParameters?.learning_parameters?.input_size;
    if (wanted !== undefined) {
      throw new OtxError(
        'usage',
        `${weights} was exported for ${inputSize}x${inputSize}; an input size cannot be given`,
      );
    }
    const segment: Segment = async (image) => {
      const shape = [1, 3, inputSize, inputSize];
      const { output } = await model.run({ input: { dtype: 'float32', shape, data: image } });
      return logarithms(output!.data as Float32Array);
    };
    return { classes, inputSize, segment, dispose: () => engine.dispose() };
  });
}

/** Ends the engine when `body` fails. */
async function guarded<T>(engine: Engine, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    await engine.dispose();
    throw error;
  }
}

/** The side of the input of a file that has the form of our exports. */
function checkExport({ inputs, outputs }: CompiledModel, classes: number, path: string): number {
  const [, channels, height, width] = inputs.find(({ name }) => name === 'input')?.shape ?? [];
  const [, planes] = outputs.find(({ name }) => name === 'output')?.shape ?? [];
  if (channels !== 3 || typeof height !== 'number' || height !== width) {
    throw new OtxError(
      'checkpoint',
      `${path}: has no input "input" [N, 3, S, S]; only files of "otx export" are read`,
    );
  }
  if (planes !== classes) {
    throw new OtxError(
      'checkpoint',
      `${path}: has ${planes ?? 'no'} output classes, ${LABEL_SCHEMA_FILE} beside it has ${classes}`,
    );
  }
  return height;
}

/**
 * Log probabilities differ from logits by one number per pixel, so that interpolating them gives the same best class;
 * interpolating the probabilities themselves does not.
 */
function logarithms(probabilities: Float32Array): Float32Array {
  return probabilities.map((p) => Math.log(Math.max(p, SMALLEST_NORMAL)));
}
