/** @file The part of `onnxruntime-web` that a deployed page needs, as scripts: a page that is opened as a file may load nothing else. */

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { OtxError } from '../../base/errors.js';
import { type FileKind, readBytesOf } from '../../base/read-file.js';
import { wantedVersion } from '../../base/version.js';

const PACKAGE = 'onnxruntime-web';
/** Leads to the folder of its files; its package.json is not among what it offers. */
const ENTRY = `${PACKAGE}/wasm`;
const SCRIPT = 'ort.wasm.min.js';

const KIND: FileKind = { code: 'engine', expected: `a file of ${PACKAGE}`, maxBytes: 2 ** 26 };

const compress = promisify(gzip);

/**
 * The folder of the files of `onnxruntime-web`, on which pages segment, where it is installed.
 * @param otherwise what can be done without it, as the end of a sentence; empty for nothing.
 * @param resolve for tests.
 * @throws OtxError `usage` saying what to install.
 */
export function findWebRuntime(
  otherwise = '',
  resolve: (name: string) => string = createRequire(import.meta.url).resolve,
): string {
  try {
    return dirname(resolve(ENTRY));
  } catch (error) {
    throw new OtxError(
      'usage',
      `the page for browsers needs ${PACKAGE}, which is not installed: npm install ${PACKAGE}@${wantedVersion(PACKAGE)}${otherwise}`,
      { cause: error },
    );
  }
}

/** Files of a folder beside the page, by their names. @param folder of {@link findWebRuntime} */
export async function webRuntimeFiles(folder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const read = (name: string) => readBytesOf(join(folder, name), KIND);
  const [mjs, wasm] = await Promise.all(
    ['ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'].map(async (name) =>
      packed(await read(name)),
    ),
  );
  return new Map([
    [SCRIPT, await read(SCRIPT)],
    ['files.js', scriptOf('runtime', `{ mjs: "${mjs}", wasm: "${wasm}" }`)],
  ]);
}

/** A script that gives a page some bytes. */
export async function bytesAsScript(name: string, bytes: Uint8Array): Promise<Uint8Array> {
  return scriptOf(name, `"${await packed(bytes)}"`);
}

/** Compressed, in base 64. */
const packed = async (bytes: Uint8Array): Promise<string> =>
  (await compress(bytes, { level: 9 })).toString('base64');

/** Adds to the global name `deployed`. */
const scriptOf = (name: string, value: string): Uint8Array =>
  Buffer.from(`globalThis.deployed = { ...globalThis.deployed, ${name}: ${value} };\n`);
