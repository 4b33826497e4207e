/** @file ONNX files, which are run as they are. */

import { type FileKind, MOST_BYTES, readBytesOf } from '../../base/read-file.js';
import type { ModelReader } from './reader.js';

const KIND: FileKind = {
  code: 'checkpoint',
  expected: 'a model that "otx export" has written (.onnx)',
  maxBytes: MOST_BYTES.onnx,
};

/** Tag of the version that an ONNX file begins with, and the highest that there is some room above. */
const VERSION_TAG = 0x08;
const HIGHEST_VERSION = 31;
/** Tags of what may follow it: name and version of the producer, domain, versions of model and operators, the graph. */
const NEXT_TAGS = [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72];

/** A safetensors file begins with a number, which may look like anything, and then has this. */
const BRACE = 0x7b;
const AT_BRACE = 8;

function looksLikeOnnx(head: Uint8Array): boolean {
  const [tag, version = 0, next = 0] = head;
  if (tag !== VERSION_TAG || head[AT_BRACE] === BRACE) return false;
  return version > 0 && version <= HIGHEST_VERSION && NEXT_TAGS.includes(next);
}

export const onnxReader = {
  name: 'onnx',
  recognises: (head, path) => path.toLowerCase().endsWith('.onnx') || looksLikeOnnx(head),
  toOnnx: (path) => readBytesOf(path, KIND),
} as const satisfies ModelReader;
