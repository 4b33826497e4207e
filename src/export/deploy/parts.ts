/** @file For whom a deployed folder has something beside the ONNX model: Node, browsers, Python, OpenVINO. */

import { OtxError, option } from '../../base/errors.js';
import { quoted } from '../../base/text.js';
import { findWebRuntime } from './web-runtime.js';

const DEPLOY_PARTS = ['node', 'browser', 'python', 'openvino'] as const;

/** For whom there is something. */
export type DeployPart = (typeof DEPLOY_PARTS)[number];

/** Of the runtime, below the folder of the page. */
export const RUNTIME = 'browser/onnxruntime-web';

/** Paths of the files of each part; part-files.ts makes the same. */
export const PATHS_OF_PART: Readonly<Record<DeployPart, readonly string[]>> = {
  node: ['node/package.json', 'node/.npmrc', 'node/demo.mjs', 'node/segmenter.mjs'],
  browser: [
    ...['browser/index.html', 'browser/segmenter.js', 'browser/model.js'],
    ...[`${RUNTIME}/ort.wasm.min.js`, `${RUNTIME}/files.js`],
  ],
  python: ['python/demo.py', 'python/requirements.txt'],
  // Where the reference has them.
  openvino: ['model/model.xml', 'model/model.bin'],
};

/**
 * The parts that a text names; without one all, that for OpenVINO where the model is for it.
 *
 * @throws OtxError `usage` for anything else; for browsers, where `onnxruntime-web` is not installed.
 */
export function parseParts(text: string | undefined, isForOpenvino: boolean): readonly DeployPart[] {
  const parts = text === undefined ? usualParts(isForOpenvino) : namedParts(text);
  if (parts.includes('browser')) findWebRuntime('; or leave the page out, by --parts node,python');
  return parts;
}

const usualParts = (isForOpenvino: boolean) =>
  DEPLOY_PARTS.filter((part) => part !== 'openvino' || isForOpenvino);

function namedParts(text: string): readonly DeployPart[] {
  const words = text
    .toLowerCase()
    .split(',')
    .map((word) => word.trim());
  const parts = DEPLOY_PARTS.filter((part) => words.includes(part));
  if (parts.length !== words.length) {
    throw new OtxError(
      'usage',
      `${option('parts')} is ${quoted(text)}; expected some of ${DEPLOY_PARTS.join(',')}, once each`,
    );
  }
  return parts;
}
