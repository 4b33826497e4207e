/** @file A model that was exported, on the runtime: it runs in a process of its own, since its file may come from anywhere. */

import { dirname, join } from 'node:path';
import { abortable } from '../base/abortable.js';
import { messageOf, OtxError, option } from '../base/errors.js';
import { type FileKind, MOST_BYTES, readBytesOf } from '../base/read-file.js';
import type { Size } from '../data/index.js';
import type { CompiledModel } from '../engine/engine.js';
import { loadIsolated } from '../engine/isolated/isolated-model.js';
import type { TensorValue } from '../engine/protocol.js';
import { confidenceThreshold, resolveHyperParameters } from '../settings/index.js';
import { listTemplates, loadTemplate, type Template } from '../templates/index.js';
import { LABEL_SCHEMA_FILE, loadLabelSchema } from '../training/label-schema.js';
import { LARGEST } from '../weights/check-values.js';
import { guarded, type Segment } from './network.js';
import { type ModelOptions, type OpenedModel, senseless } from './opened-model.js';

const ONNX_KIND: FileKind = {
  code: 'checkpoint',
  expected: 'a model that "otx export" has written (.onnx)',
  maxBytes: MOST_BYTES.onnx,
};

/** Keeps the logarithm of a probability that underflowed finite. */
const SMALLEST_NORMAL = 2 ** -126;

/** @throws OtxError `checkpoint`, `usage` */
export async function openOnnxFile({
  weights,
  template,
  hyperParameters,
  threads,
  signal,
}: ModelOptions): Promise<OpenedModel> {
  if (template !== undefined) loadTemplate(template);
  const classes = await loadLabelSchema(join(dirname(weights), LABEL_SCHEMA_FILE));
  const file = await readBytesOf(weights, ONNX_KIND);
  const loading = unusable(weights, loadIsolated(file, { threads, largestWeight: LARGEST, signal }));
  const model = await abortable(loading, signal, 'the model was loaded');
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
