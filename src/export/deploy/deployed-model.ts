/** @file The model of a deployed folder: a training's, exported right now, or a file that was exported before. */

import { OtxError, option } from '../../base/errors.js';
import { namesUsedBy } from '../../inference/model-settings.js';
import type { Reading } from '../../inference/opened-model.js';
import { readingOfFile } from '../../inference/portable-model.js';
import { readerOf } from '../../inference/readers/index.js';
import { loadTrainedModel, refuseModel, type TrainedModelOptions } from '../../inference/trained-model.js';
import { type FileBytes, formatOf } from '../formats/index.js';

/** What is deployed. */
export interface DeployedModel {
  /** ONNX. */
  readonly bytes: Uint8Array;
  readonly reading: Reading;
}

/**
 * The bytes of an ONNX model with all that it says of itself.
 *
 * @throws OtxError `checkpoint` for weights that cannot be used, and for files that say nothing of their classes; `usage` for
 * settings beside an exported file, which has its own.
 */
export async function deployedModel(options: TrainedModelOptions): Promise<DeployedModel> {
  const { weights } = options;
  const reader = await readerOf(weights);
  if (!reader) {
    const encoded = formatOf('onnx').encode(await loadTrainedModel(options), { batch: 'dynamic' });
    const bytes = inOnePiece([...encoded.values()][0] as FileBytes);
    return { bytes, reading: readingOfFile(bytes, weights) };
  }
  refuseModel(options);
  const given = options as unknown as Readonly<Record<string, unknown>>;
  const setting = namesUsedBy('export').find((name) => given[name] !== undefined);
  if (setting !== undefined) {
    throw new OtxError(
      'usage',
      `${weights} was exported with settings of its own; leave ${option(setting)} out, or deploy the run or the checkpoint`,
    );
  }
  const bytes = await reader.toOnnx(weights);
  return { bytes, reading: readingOfFile(bytes, weights) };
}

const inOnePiece = (bytes: FileBytes): Uint8Array =>
  bytes instanceof Uint8Array ? bytes : Buffer.concat(bytes);
