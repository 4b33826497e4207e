/** @file A trained model for somebody who has never heard of this project: a folder, or a zip file, that runs without it. */

import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflateRaw } from 'node:zlib';
import { breathe } from '../../base/abortable.js';
import { checkOptions } from '../../base/check-options.js';
import { Outputs } from '../../base/outputs/outputs.js';
import { encodeZip } from '../../base/zip-writer.js';
import type { ClassInfo } from '../../data/index.js';
import { namesUsedBy } from '../../inference/model-settings.js';
import { readerOf } from '../../inference/readers/index.js';
import { MODEL_KINDS, type TrainedModelOptions } from '../../inference/trained-model.js';
import { weightsInputs } from '../../runs/inputs.js';
import { type DeployedModel, deployedModel } from './deployed-model.js';
import { type DeployedFiles, filesOfPart, joinedLicences } from './part-files.js';
import { type DeployPart, PATHS_OF_PART, parseParts } from './parts.js';
import { formatConfig, formatLicences, formatReadme, formatReferenceConfig, MODEL_FILE } from './texts.js';

/** What to deploy, and where. */
export interface DeployOptions extends TrainedModelOptions {
  /** Folder for the files, or for the zip file; those of an earlier deployment are replaced, others not. */
  readonly output: string;
  /** Whether one zip file, `deploy.zip`, is written in place of the files that it holds; equal models make equal bytes. Default false. */
  readonly zip?: boolean | undefined;
  /**
   * What lies beside the model, separated by commas: `node`, `browser` (needs the package `onnxruntime-web`, which is then
   * copied), `python`, `openvino` (`model.xml` and `model.bin` beside the ONNX file, and `openvino.zip` as the name of a zip file).
   * Default the first three; all where the weights are a model for OpenVINO.
   */
  readonly parts?: string | undefined;
}

/** What was written. */
export interface DeployResult {
  /** The folder, or the zip file. */
  readonly output: string;
  /** Paths in the folder or in the zip file, with forward slashes. */
  readonly files: readonly string[];
  /** Of the model, background first. */
  readonly classes: readonly ClassInfo[];
}

const COMMON = [MODEL_FILE, 'model/config.json', 'config.json', 'README.md', 'LICENSES.txt'];

/**
 * Writes a model with programs that segment pictures by it in Node, in a browser and in Python, each without this package: to the
 * class maps of {@link predict}. Weights are exported first; a file that was exported before is taken as it is.
 *
 * @throws OtxError `checkpoint`, `usage` (also where `onnxruntime-web` is needed and not installed), `output`, `aborted`.
 */
export async function deployModel(options: DeployOptions): Promise<DeployResult> {
  const kinds = { ...MODEL_KINDS, output: 'path', zip: 'boolean?', parts: 'string?' } as const;
  checkOptions('deployModel()', options, kinds, namesUsedBy('export'));
  const { output, zip = false, parts: wanted, onEvent, signal, ...model } = options;
  const reader = await readerOf(options.weights);
  const parts = parseParts(wanted, reader?.name === 'openvino');
  const forOpenvino = parts.includes('openvino');
  const zipFile = forOpenvino ? 'openvino.zip' : 'deploy.zip';
  const paths = [...COMMON, ...parts.flatMap((part) => PATHS_OF_PART[part])];
  const outputs = await Outputs.open({
    root: output,
    files: zip ? [zipFile] : paths,
    inputs: weightsInputs(options.weights),
  });
  try {
    const deployed = await deployedModel({ ...model, onEvent, signal }, forOpenvino);
    await breathe(signal, 'the model was exported');
    const files = await filesOf(deployed, parts);
    await breathe(signal, 'the model was deployed');
    if (zip) await outputs.write(zipFile, ...(await zipped(files)));
    else for (const [path, content] of files) await outputs.write(path, content);
    onEvent?.({ type: 'output', folder: output });
    return {
      output: zip ? join(output, zipFile) : output,
      files: [...files.keys()],
      classes: deployed.reading.classes,
    };
  } finally {
    await outputs.close();
  }
}

async function filesOf(deployed: DeployedModel, parts: readonly DeployPart[]): Promise<DeployedFiles> {
  const ofParts = await Promise.all(parts.map((part) => filesOfPart(part, deployed)));
  return new Map<string, Uint8Array | string>([
    [MODEL_FILE, deployed.bytes],
    ['model/config.json', formatReferenceConfig(deployed)],
    ['config.json', formatConfig(deployed)],
    ['README.md', formatReadme(deployed, parts)],
    ['LICENSES.txt', formatLicences(await joinedLicences(), parts)],
    ...ofParts.flatMap((files) => [...files]),
  ]);
}

const deflate = promisify(deflateRaw);

async function zipped(files: DeployedFiles): Promise<Uint8Array[]> {
  const contents = await Promise.all(
    [...files].map(async ([name, content]) => {
      const bytes = Buffer.from(content);
      return { name, bytes, deflated: await deflate(bytes, { level: 9 }) };
    }),
  );
  return encodeZip(contents);
}
