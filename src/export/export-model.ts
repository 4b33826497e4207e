/**
 * @file A trained model for other programs: an ordinary ONNX file, of standard operators only, with normalisation and labels as
 * metadata, the two files of OpenVINO, or its weights as PyTorch saves them.
 */

import { join } from 'node:path';
import { breathe } from '../base/abortable.js';
import { checkOptions } from '../base/check-options.js';
import { OtxError, option } from '../base/errors.js';
import { Outputs } from '../base/outputs/outputs.js';
import { shown } from '../base/shown.js';
import type { ClassInfo, Size } from '../data/index.js';
import { OPSETS } from '../graph/onnx/serialize.js';
import { namesUsedBy } from '../inference/model-settings.js';
import { readerOf } from '../inference/readers/index.js';
import { loadTrainedModel, MODEL_KINDS, type TrainedModelOptions } from '../inference/trained-model.js';
import { weightsInputs } from '../runs/inputs.js';
import { formatLabelSchema, LABEL_SCHEMA_FILE } from '../runs/label-schema.js';
import {
  EXPORT_TYPES,
  type ExportFormat,
  type ExportType,
  FORMAT_OPTIONS,
  type FormatOptions,
  formatOf,
  PRECISIONS,
  type Precision,
  usualOptions,
} from './formats/index.js';

const CHOICES = {
  type: EXPORT_TYPES,
  batch: ['dynamic', 'static'],
  precision: PRECISIONS,
  normalisation: ['outside', 'inside'],
  layout: ['nchw', 'nhwc'],
  channels: ['rgb', 'bgr'],
  outputForm: ['probabilities', 'labels'],
} as const;

/** What to export, and how. Options that the format does not know are refused. */
export interface ExportOptions extends Omit<TrainedModelOptions, 'inputSize'> {
  /** Folder for `model.onnx`, `openvino.xml` and `openvino.bin`, or `weights.pth`, and `label_schema.json`; those of an earlier export are replaced, others not. */
  readonly output: string;
  /** Default onnx. */
  readonly type?: ExportType | undefined;
  /** Of an ONNX file or for OpenVINO. `static`: batch size 1; `dynamic`: any. Default dynamic for ONNX, static for OpenVINO. */
  readonly batch?: FormatOptions['batch'] | undefined;
  /**
   * Of an ONNX file or for OpenVINO: its input size in pixels, exactly and in any shape; or, as text such as `256x256`, the setting of this
   * name, for a model that is validated on 544/512 of it. Default: the square on which the model was validated in training.
   */
  readonly inputSize?: Size | string | undefined;
  /** Version of the operators of an ONNX file, 11 to 20, for runtimes that do not know the newer ones. Default 20. */
  readonly opset?: number | undefined;
  /**
   * How weights are stored. `fp16`: in 16 bits, half the size; `int8-weights`: those of convolutions in 8 bits, less than a third of the
   * size. All is computed in 32 bits. Default `fp32`.
   */
  readonly precision?: Precision | undefined;
  /** `inside`: the input is pixels, 0 to 255, and the model normalises them. Default outside: (pixel - mean) / std. */
  readonly normalisation?: FormatOptions['normalisation'] | undefined;
  /** Axes of the input: [N, 3, H, W] or [N, H, W, 3]. Default nchw. */
  readonly layout?: FormatOptions['layout'] | undefined;
  /** Order of the colours of the input. Default rgb. */
  readonly channels?: FormatOptions['channels'] | undefined;
  /**
   * `probabilities`: float32 [N, K, H, W]; `labels`: the best class of each pixel, uint8 [N, H, W], background where it is less probable
   * than the confidence threshold. Default probabilities.
   */
  readonly outputForm?: FormatOptions['outputForm'] | undefined;
  /** Whether there is an output `feature_vector` besides: the means of all maps of the backbone, float32 [N, C, 1, 1]. Default false. */
  readonly dumpFeatures?: boolean | undefined;
}

/** What was written. */
export interface ExportResult {
  /** The file that was written. */
  readonly model: string;
  /** Name of the template that the weights belong to. */
  readonly template: string;
  /** `label_schema.json`, the classes in the form of the reference. */
  readonly labelSchema: string;
  /** Of the model, background first. */
  readonly classes: readonly ClassInfo[];
  /** Of the input `input`; 'batch' where the size is open. */
  readonly inputShape: readonly [number | 'batch', number, number, number];
}

/**
 * Writes a trained model as `model.onnx`, `openvino.xml` with `openvino.bin`, or `weights.pth`, and its labels beside it.
 *
 * ONNX: input `input`: float32 [N, 3, H, W], RGB, normalised by `mean_values` and `scale_values` of the metadata. Output
 * `output`: float32 [N, K, H, W], probabilities over the classes, background first, unless other forms are asked for. Batch norm is
 * folded into the convolutions.
 *
 * OpenVINO: IR version 11. The input takes pixels, 0 to 255, since the normalisation is part of the network; otherwise the same.
 *
 * PyTorch: a state dict under the names of the reference implementation with `meta.CLASSES`, for
 * `torch.load(path, weights_only=True)`.
 *
 * @throws OtxError `checkpoint`, `usage` or `output`.
 */
export async function exportModel(options: ExportOptions): Promise<ExportResult> {
  const settings = namesUsedBy('export');
  const kinds = { ...MODEL_KINDS, output: 'path', opset: 'number?', dumpFeatures: 'boolean?' } as const;
  checkOptions('exportModel()', options, kinds, [...Object.keys(CHOICES), ...settings]);
  for (const [name, words] of Object.entries(CHOICES)) {
    checkWord(name, options[name as keyof typeof CHOICES] ?? words[0], words);
  }
  const { output, type = 'onnx', onEvent, signal } = options;
  if (await readerOf(options.weights)) {
    throw new OtxError(
      'checkpoint',
      `${options.weights}: is an exported file already; export the run or the checkpoint that it came from`,
    );
  }
  const { inputSize, ...others } = options;
  const exactly = typeof inputSize === 'object' ? inputSize : undefined;
  if (exactly) checkInputSize(exactly);
  const format = formatOf(type);
  const how = formatOptions(format, options);
  const files = [...format.files, LABEL_SCHEMA_FILE];
  const outputs = await Outputs.open({ root: output, files, inputs: weightsInputs(options.weights) });
  try {
    const loaded = await loadTrainedModel({
      ...others,
      inputSize: typeof inputSize === 'object' ? undefined : inputSize,
    });
    const trained = { ...loaded, inputSize: exactly ?? loaded.inputSize };
    const encoded = format.encode(trained, how);
    await breathe(signal, 'the model was exported');
    for (const [file, bytes] of encoded) {
      await outputs.write(file, ...(bytes instanceof Uint8Array ? [bytes] : bytes));
    }
    await outputs.write(LABEL_SCHEMA_FILE, formatLabelSchema(trained.classes));
    onEvent?.({ type: 'output', folder: output });
    return {
      model: join(output, format.files[0]),
      template: trained.template.name,
      labelSchema: join(output, LABEL_SCHEMA_FILE),
      classes: trained.classes,
      inputShape: inputShape(trained.inputSize, how),
    };
  } finally {
    await outputs.close();
  }
}

/** What is asked for, and defaults. @throws OtxError `usage` for what a format does not know */
function formatOptions(format: ExportFormat, options: ExportOptions): FormatOptions {
  for (const name of [...FORMAT_OPTIONS, 'inputSize'] as const) {
    // A size in words is a setting, which all formats take.
    const isGiven = name === 'inputSize' ? typeof options[name] === 'object' : options[name] !== undefined;
    if (!isGiven || format.takes.includes(name)) continue;
    const what = `${option(name)} has no effect on ${option('type')} ${format.name}`;
    throw new OtxError('usage', `${what}; leave it out`);
  }
  const { opset, precision = 'fp32' } = options;
  checkWord('precision', precision, format.precisions);
  const { oldest, newest } = OPSETS;
  if (opset !== undefined && !(Number.isInteger(opset) && opset >= oldest && opset <= newest)) {
    throw new OtxError(
      'usage',
      `${option('opset')} is ${opset}; expected a whole number from ${oldest} to ${newest}`,
    );
  }
  const given = FORMAT_OPTIONS.flatMap((name) => {
    const value = options[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...usualOptions(format), ...Object.fromEntries(given) };
}

function inputShape({ width, height }: Size, { batch, layout }: FormatOptions): ExportResult['inputShape'] {
  const images = batch === 'dynamic' ? 'batch' : 1;
  return layout === 'nchw' ? [images, 3, height, width] : [images, height, width, 3];
}

function checkWord(name: string, word: unknown, words: readonly unknown[]): void {
  if (words.includes(word)) return;
  throw new OtxError('usage', `${option(name)} is ${shown(word)}; expected ${words.join(' or ')}`);
}

/** The networks halve their input at least five times: below this, nothing is left to be halved. */
const SHORTEST_SIDE = 32;
const LONGEST_SIDE = 8192;

function checkInputSize({ width, height }: Size): void {
  for (const side of [width, height]) {
    if (Number.isInteger(side) && side >= SHORTEST_SIDE && side <= LONGEST_SIDE) continue;
    throw new OtxError(
      'usage',
      `the input size is ${width}x${height}; width and height are whole numbers from ${SHORTEST_SIDE} to ${LONGEST_SIDE}`,
    );
  }
}
