/** @file The model of a deployed folder: a training's, exported right now, or a file that was exported before. */

import { OtxError, option } from '../../base/errors.js';
import { type FileKind, MOST_BYTES, readBytesOf } from '../../base/read-file.js';
import type { FileReading } from '../../inference/model-entry.js';
import { namesUsedBy } from '../../inference/model-settings.js';
import { readingOfFile } from '../../inference/portable-model.js';
import { readerOf } from '../../inference/readers/index.js';
import { loadTrainedModel, refuseModel, type TrainedModelOptions } from '../../inference/trained-model.js';
import { type ExportType, type FileBytes, formatOf, usualOptions } from '../formats/index.js';

/** What is deployed. */
export interface DeployedModel {
  /** ONNX. */
  readonly bytes: Uint8Array;
  readonly reading: FileReading;
  /** The same for OpenVINO, where it is asked for. */
  readonly ir?: { readonly xml: Uint8Array; readonly bin: Uint8Array } | undefined;
}

/**
 * The bytes of an ONNX model with all that it says of itself.
 *
 * @param forOpenvino whether its layers and constants for OpenVINO are given too.
 * @throws OtxError `checkpoint` for weights that cannot be used, and for files that say nothing of their classes; `usage` for
 * settings beside an exported file, which has its own, and for an ONNX file where one for OpenVINO is asked for.
 */
export async function deployedModel(
  options: TrainedModelOptions,
  forOpenvino: boolean,
): Promise<DeployedModel> {
  const { weights } = options;
  const reader = await readerOf(weights);
  if (!reader) {
    const trained = await loadTrainedModel(options);
    const encoded = (type: ExportType) => {
      const format = formatOf(type);
      return [...format.encode(trained, usualOptions(format)).values()].map(inOnePiece);
    };
    const [bytes] = encoded('onnx') as [Uint8Array];
    const [xml, bin] = forOpenvino ? encoded('openvino') : [];
    return { bytes, reading: readingOfFile(bytes, weights), ...(xml && bin && { ir: { xml, bin } }) };
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
  if (forOpenvino && reader.name !== 'openvino') {
    throw new OtxError(
      'usage',
      `${weights} is not for OpenVINO; deploy the run or the checkpoint, or what "otx export --export-type openvino" has written`,
    );
  }
  const bytes = await reader.toOnnx(weights);
  const ir = forOpenvino ? await readPair(weights) : undefined;
  return { bytes, reading: readingOfFile(bytes, weights), ir };
}

const inOnePiece = (bytes: FileBytes): Uint8Array =>
  bytes instanceof Uint8Array ? bytes : Buffer.concat(bytes);

const KIND: FileKind = {
  code: 'checkpoint',
  expected: 'a model that "otx export --export-type openvino" has written',
  maxBytes: MOST_BYTES.onnx,
};

/** Both files of a model for OpenVINO as they are, whichever was named; their reader has looked at them. */
async function readPair(path: string): Promise<{ xml: Uint8Array; bin: Uint8Array }> {
  const xmlPath = path.replace(/\.bin$/i, '.xml');
  const binPath = xmlPath.replace(/\.[^.]*$/, '.bin');
  return { xml: await readBytesOf(xmlPath, KIND), bin: await readBytesOf(binPath, KIND) };
}
