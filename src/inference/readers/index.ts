/** @file Formats of exported files that are read, chosen by what a file holds. */

import { readHead } from '../../base/read-file.js';
import { onnxReader } from './onnx.js';
import { openvinoReader } from './openvino.js';
import { packageReader } from './package.js';
import type { ModelReader } from './reader.js';

const READERS = [onnxReader, openvinoReader, packageReader] as const satisfies readonly ModelReader[];

/** A format of exported files that is read. */
export type ReaderName = (typeof READERS)[number]['name'];

/** As much as tells formats apart. */
const HEAD_BYTES = 512;

/** The reader of an exported file; undefined for anything else, such as a run folder or a checkpoint. */
export async function readerOf(
  path: string,
): Promise<(ModelReader & { readonly name: ReaderName }) | undefined> {
  const head = await readHead(path, HEAD_BYTES);
  return READERS.find((reader) => reader.recognises(head, path));
}
