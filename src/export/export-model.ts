/**
 * @file A trained model for other programs: an ordinary ONNX file, of standard operators only, with normalisation and labels as
 * metadata, the two files of OpenVINO, or its weights as PyTorch saves them.
 */

import { join } from 'node:path';
import { checkOptions, type OptionKinds } from '../base/check-options.js';
import { OtxError, option } from '../base/errors.js';
import { Outputs } from '../base/outputs/outputs.js';
import { shown } from '../base/shown.js';
import type { ClassInfo, Size } from '../data/index.js';
import { OPSETS } from '../graph/onnx/serialize.js';
import { namesUsedBy } from '../inference/model-settings.js';
import { readerOf } from '../inference/readers/index.js';
import { MODEL_KINDS, type TrainedModel, type TrainedModelOptions } from '../inference/trained-model.js';
import { OWN_MODEL } from '../models/index.js';
import { weightsInputs } from '../runs/inputs.js';
import { LABEL_SCHEMA_FILE } from '../runs/label-schema.js';
import { checkInputSize, loadSized } from './export-size.js';
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
import { createReference, type FileMeasure } from './measure/measure-file.js';
import { MEASURE_KINDS, type MeasuredOptions, measureOptions } from './measure/measured-options.js';
import { filesOf, writeFormat } from './write-format.js';

const OWN_KINDS = {
  output: 'path',
  opset: 'number?',
  dumpFeatures: 'boolean?',
  verify: 'boolean?',
} as const satisfies OptionKinds;

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
export interface ExportOptions extends Omit<TrainedModelOptions, 'inputSize'>, MeasuredOptions {
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
   * How weights are stored. `fp16`: in 16 bits, but for those whose rounding would change classes: about half the size, Lite-HRNets up to all of it; `int8-weights`: those of convolutions in 8 bits, less than a third of the
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
  /**
   * Whether the file is read back, run and compared with the trained model on `testData`, or else on generated pictures: `measured` of the
   * result. Files of PyTorch are not read back. Default false.
   */
  readonly verify?: boolean | undefined;
}

/** What was written. */
export interface ExportResult {
  /** The file that was written. */
  readonly model: string;
  /** Of all files of the format together, without the labels. */
  readonly bytes: number;
  /** Name of the template that the weights belong to; undefined for those of a network of its own (`model`). */
  readonly template: string | undefined;
  /** `label_schema.json`, the classes in the form of the reference. */
  readonly labelSchema: string;
  /** Of the model, background first. */
  readonly classes: readonly ClassInfo[];
  /** Of the input `input`; 'batch' where the size is open. */
  readonly inputShape: readonly [number | 'batch', number, number, number];
  /** Where it was asked for, of a file that is read back. */
  readonly measured: FileMeasure | undefined;
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
  const kinds = { ...MODEL_KINDS, ...MEASURE_KINDS, ...OWN_KINDS };
  checkOptions('exportModel()', options, kinds, [...Object.keys(CHOICES), ...settings]);
  for (const [name, words] of Object.entries(CHOICES)) {
    checkWord(name, options[name as keyof typeof CHOICES] ?? words[0], words);
  }
  const { output, type = 'onnx', verify = false, threads, onEvent, signal } = options;
  if (await readerOf(options.weights)) {
    throw new OtxError(
      'checkpoint',
      `${options.weights}: is an exported file already; export the run or the checkpoint that it came from`,
    );
  }
  if (typeof options.inputSize === 'object') checkInputSize(options.inputSize);
  const format = formatOf(type);
  const how = formatOptions(format, options);
  const inputs = weightsInputs(options.weights);
  const outputs = await Outputs.open({ root: output, files: filesOf(format), inputs });
  try {
    const trained = await loadSized(options);
    const bytes = await writeFormat(outputs, format, trained, how, { threads, signal });
    onEvent?.({ type: 'output', folder: output });
    const model = join(output, format.files[0]);
    return {
      model,
      bytes,
      template: trained.template.model === OWN_MODEL ? undefined : trained.template.name,
      labelSchema: join(output, LABEL_SCHEMA_FILE),
      classes: trained.classes,
      inputShape: inputShape(trained.inputSize, how),
      measured: verify && format.readable ? await measured(trained, model, options) : undefined,
    };
  } finally {
    await outputs.close();
  }
}

/** What the file is like, beside the model that it came from. */
async function measured(trained: TrainedModel, file: string, options: ExportOptions): Promise<FileMeasure> {
  const reference = await createReference(trained, options.weights, measureOptions(options));
  return reference.measure(file);
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
