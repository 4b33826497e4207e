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
import { namesUsedBy } from '../inference/model-settings.js';
import { readerOf } from '../inference/readers/index.js';
import { loadTrainedModel, MODEL_KINDS, type TrainedModelOptions } from '../inference/trained-model.js';
import { weightsInputs } from '../runs/inputs.js';
import { formatLabelSchema, LABEL_SCHEMA_FILE } from '../runs/label-schema.js';
import { EXPORT_TYPES, type ExportType, formatOf } from './formats/index.js';

const BATCHES = ['static', 'dynamic'] as const;

/** What to export, and how. */
export interface ExportOptions extends Omit<TrainedModelOptions, 'inputSize'> {
  /** Folder for `model.onnx`, `openvino.xml` and `openvino.bin`, or `weights.pth`, and `label_schema.json`; those of an earlier export are replaced, others not. */
  readonly output: string;
  /** Default onnx. */
  readonly type?: ExportType | undefined;
  /** Of an ONNX file or for OpenVINO. `static`: batch size 1; `dynamic`: any. Default dynamic for ONNX, static for OpenVINO. */
  readonly batch?: (typeof BATCHES)[number] | undefined;
  /**
   * Of an ONNX file or for OpenVINO: its input size in pixels, exactly and in any shape; or, as text such as `256x256`, the setting of this
   * name, for a model that is validated on 544/512 of it. Default: the square on which the model was validated in training.
   */
  readonly inputSize?: Size | string | undefined;
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
  /** Of the input `input`; 'batch' where the size is open. The output `output` has the classes in place of the 3. */
  readonly inputShape: readonly [number | 'batch', 3, number, number];
}

/**
 * Writes a trained model as `model.onnx`, `openvino.xml` with `openvino.bin`, or `weights.pth`, and its labels beside it.
 *
 * ONNX: input `input`: float32 [N, 3, H, W], RGB, normalised by `mean_values` and `scale_values` of the metadata. Output
 * `output`: float32 [N, K, H, W], probabilities over the classes, background first. Batch norm is folded into the
 * convolutions.
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
  checkOptions('exportModel()', options, { ...MODEL_KINDS, output: 'path' }, ['type', 'batch', ...settings]);
  const { output, type = 'onnx', onEvent, signal } = options;
  checkWord('type', type, EXPORT_TYPES);
  const format = formatOf(type);
  const { batch = format.defaultBatch } = options;
  checkWord('batch', batch, BATCHES);
  if (await readerOf(options.weights)) {
    throw new OtxError(
      'checkpoint',
      `${options.weights}: is an exported file already; export the run or the checkpoint that it came from`,
    );
  }
  const { inputSize, ...others } = options;
  const exactly = typeof inputSize === 'object' ? inputSize : undefined;
  if (exactly) checkInputSize(exactly);
  const files = [...format.files, LABEL_SCHEMA_FILE];
  const outputs = await Outputs.open({ root: output, files, inputs: weightsInputs(options.weights) });
  try {
    const loaded = await loadTrainedModel({
      ...others,
      inputSize: typeof inputSize === 'object' ? undefined : inputSize,
    });
    const trained = { ...loaded, inputSize: exactly ?? loaded.inputSize };
    const encoded = format.encode(trained, { batch });
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
      inputShape: [batch === 'dynamic' ? 'batch' : 1, 3, trained.inputSize.height, trained.inputSize.width],
    };
  } finally {
    await outputs.close();
  }
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
