/** @file Models for OpenVINO: `.xml` with the layers, `.bin` of the same name beside it with the constants. */

import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { OtxError } from '../../base/errors.js';
import { type FileKind, MOST_BYTES, readBytesOf, readTextOf } from '../../base/read-file.js';
import { lower, plainLowering, plainProduct } from '../../graph/index.js';
import { serializeLowered } from '../../graph/onnx/serialize.js';
import { ENTRY_KEY, NORMALISED, withNormalisation } from '../model-entry.js';
import { parseIr } from './openvino/document.js';
import { graphOf, type IrGraph } from './openvino/ir-graph.js';
import { withoutNormalisation } from './openvino/normalisation.js';
import { UnusableIr } from './openvino/unusable-ir.js';
import type { ModelReader } from './reader.js';

const EXPECTED = 'a model that "otx export --export-type openvino" has written';
const XML: FileKind = { code: 'checkpoint', expected: EXPECTED, maxBytes: MOST_BYTES.openvino };
const BIN: FileKind = {
  code: 'checkpoint',
  expected: 'the constants of a model for OpenVINO beside its .xml',
  maxBytes: MOST_BYTES.onnx,
};

const HEAD = /^\ufeff?\s*(<\?xml[^>]*>\s*)?<net\s/;
const ENDING = /\.(xml|bin)$/i;

/** The text of a pair, whichever of the two is named. */
const xmlOf = (path: string): string => path.replace(ENDING, '.xml');

function recognises(head: Uint8Array, path: string): boolean {
  if (/\.xml$/i.test(path) || HEAD.test(Buffer.from(head).toString('utf8'))) return true;
  return /\.bin$/i.test(path) && existsSync(xmlOf(path));
}

async function toOnnx(path: string): Promise<Uint8Array> {
  const xmlPath = /\.bin$/i.test(path) ? xmlOf(path) : path;
  const text = await readTextOf(xmlPath, XML);
  const bin = await readBytesOf(await binBeside(xmlPath), BIN);
  return irToOnnx(text, bin, xmlPath);
}

/**
 * The same from text and constants.
 * @param source name of the file, for messages.
 * @throws OtxError `checkpoint`
 */
export function irToOnnx(text: string, bin: Uint8Array, source: string): Uint8Array {
  try {
    const document = parseIr(text);
    const metadata = metadataOf(document.rtInfo);
    const graph = graphOf(document, bin, MOST_BYTES.onnx);
    // Files of other programs leave the normalisation to whoever runs them where they name it.
    const takesPixels = !('model_info mean_values' in document.rtInfo);
    return serialize(takesPixels ? withoutNormalisation(graph) : graph, metadata);
  } catch (error) {
    if (!(error instanceof UnusableIr)) throw error;
    throw new OtxError('checkpoint', `${source}: cannot be used (${error.message}); expected ${EXPECTED}`, {
      cause: error,
    });
  }
}

/** The entry of this program, and what else there is. */
function metadataOf(rtInfo: Readonly<Record<string, string>>): Record<string, string> {
  const { [`${ENTRY_KEY} entry`]: entry, ...others } = rtInfo;
  return { ...others, ...(entry !== undefined && { [ENTRY_KEY]: withNormalisation(entry, NORMALISED) }) };
}

function serialize({ input, outputs }: IrGraph, metadata: Record<string, string>): Uint8Array {
  const names = Object.keys(outputs);
  const { resizeNearest } = plainLowering;
  const lowered = lower(Object.values(outputs), { matMul: plainProduct, resizeNearest: resizeNearest! });
  return serializeLowered({
    inputs: [input],
    outputs: Object.fromEntries(names.map((name, i) => [name, lowered[i]!])),
    metadata,
  });
}

/**
 * The constants of a model. A link may not lead out of the folder, unless the text lies where it leads to.
 * @throws OtxError `checkpoint`
 */
async function binBeside(xmlPath: string): Promise<string> {
  const path = join(dirname(xmlPath), basename(xmlPath).replace(/\.[^.]*$/, '.bin'));
  const [bin, xml, folder] = await Promise.all(
    [path, xmlPath, dirname(xmlPath)].map((name) => realpath(name).catch(() => undefined)),
  );
  if (bin === undefined || dirname(bin) === folder || (xml && dirname(bin) === dirname(xml))) return path;
  throw new OtxError(
    'checkpoint',
    `${path}: leads to another folder, where constants are not read; copy the file beside ${basename(xmlPath)}`,
  );
}

export const openvinoReader = {
  name: 'openvino',
  recognises,
  toOnnx,
} as const satisfies ModelReader;
