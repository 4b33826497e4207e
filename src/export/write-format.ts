/** @file The files of one format in a folder of outputs. */

import { join } from 'node:path';
import { breathe } from '../base/abortable.js';
import type { Outputs } from '../base/outputs/outputs.js';
import type { TrainedModel } from '../inference/trained-model.js';
import { formatLabelSchema, LABEL_SCHEMA_FILE } from '../runs/label-schema.js';
import type { ExportFormat, FormatOptions } from './formats/index.js';
import { halvesOf } from './half-weights.js';

/** Names of all files, in a folder of the outputs. */
export const filesOf = (format: ExportFormat, folder = ''): string[] =>
  [...format.files, LABEL_SCHEMA_FILE].map((file) => join(folder, file));

/** How it is done. */
export interface WriteOptions {
  /** Within the outputs; default the folder itself. */
  readonly folder?: string;
  /** Threads of ONNX Runtime. Default: all that the process may use. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a model and its labels.
 *
 * @returns bytes of the files of the format together.
 */
export async function writeFormat(
  outputs: Outputs,
  format: ExportFormat,
  trained: TrainedModel,
  options: FormatOptions,
  { folder = '', threads, signal }: WriteOptions = {},
): Promise<number> {
  const isHalf = options.precision === 'fp16' ? await halvesOf(trained, { threads, signal }) : undefined;
  const encoded = format.encode(trained, options, isHalf);
  await breathe(signal, 'the model was exported');
  let size = 0;
  for (const [file, bytes] of encoded) {
    const pieces = bytes instanceof Uint8Array ? [bytes] : bytes;
    await outputs.write(join(folder, file), ...pieces);
    size += pieces.reduce((sum, { length }) => sum + length, 0);
  }
  await outputs.write(join(folder, LABEL_SCHEMA_FILE), formatLabelSchema(trained.classes));
  return size;
}
