/** @file Zip files that `otx deploy --zip` writes: the model inside is read, in memory, and nothing else of them. */

import { type UnzipFileInfo, unzipSync } from 'fflate';
import { messageOf, OtxError } from '../../base/errors.js';
import { type FileKind, MOST_BYTES, readBytesOf } from '../../base/read-file.js';
import { quoted } from '../../base/text.js';
import { isPlainZip } from '../../base/zip-head.js';
import { irToOnnx } from './openvino.js';
import type { ModelReader } from './reader.js';

const EXPECTED = 'a zip file that "otx deploy --zip" has written';
const KIND: FileKind = { code: 'checkpoint', expected: EXPECTED, maxBytes: MOST_BYTES.onnx };

const ONNX = 'model/model.onnx';
const XML = 'model/model.xml';
const BIN = 'model/model.bin';
const WANTED: readonly string[] = [ONNX, XML, BIN];
/** No deflated bytes become more than so many times as many. */
const MOST_RATIO = 1032;
const SLACK_BYTES = 64;
const METHODS = [0, 8];

async function toOnnx(path: string): Promise<Uint8Array> {
  const { [ONNX]: onnx, [XML]: xml, [BIN]: bin } = wantedOf(await readBytesOf(path, KIND), path);
  if (onnx) return onnx;
  if (xml && bin) return irToOnnx(Buffer.from(xml).toString('utf8'), bin, `${path}: ${XML}`);
  throw refusal(path, xml ? `it has ${XML}, and no ${BIN}` : `it has no ${ONNX} and no ${XML}`);
}

/** The model, and nothing else that the file has. */
function wantedOf(bytes: Uint8Array, path: string): Record<string, Uint8Array> {
  const seen = new Set<string>();
  let total = 0;
  const filter = ({ name, size, originalSize, compression }: UnzipFileInfo): boolean => {
    if (!WANTED.includes(name)) return false;
    if (seen.has(name)) throw refusal(path, `entry ${quoted(name)} is there twice`);
    seen.add(name);
    total += originalSize;
    const isLie = originalSize > MOST_RATIO * size + SLACK_BYTES || !METHODS.includes(compression);
    if (isLie || total > MOST_BYTES.onnx) {
      throw refusal(path, `entry ${quoted(name)} of ${size} bytes claims to be ${originalSize} bytes`);
    }
    return true;
  };
  try {
    return unzipSync(bytes, { filter });
  } catch (error) {
    throw error instanceof OtxError ? error : refusal(path, messageOf(error), error);
  }
}

const refusal = (path: string, why: string, cause?: unknown) =>
  new OtxError('checkpoint', `${path}: cannot be used (${why}); expected ${EXPECTED}`, { cause });

export const packageReader = {
  name: 'package',
  recognises: isPlainZip,
  toOnnx,
} as const satisfies ModelReader;
