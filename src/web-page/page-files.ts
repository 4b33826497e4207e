/** @file The files of the page that trains in a browser: those of this package, of its backbones and of the runtime. */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FileKind, readBytesOf } from '../base/read-file.js';
import { findWebRuntime } from '../export/deploy/web-runtime.js';
import { listEmbedded } from '../weights/embedded.js';

/** Of ONNX Runtime, whose WebAssembly has 14 MB, and 27 MB with WebGPU, which are loaded only by who trains on a graphics card. */
const RUNTIME = [
  ...['ort.wasm.bundle.min.mjs', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'],
  ...['ort.webgpu.bundle.min.mjs', 'ort-wasm-simd-threaded.asyncify.mjs'],
  'ort-wasm-simd-threaded.asyncify.wasm',
];
const KIND: FileKind = { code: 'engine', expected: 'a file of the page', maxBytes: 2 ** 26 };

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  wasm: 'application/wasm',
  txt: 'text/plain; charset=utf-8',
};

/**
 * Paths of all files by their names, `index.html` first.
 *
 * @throws OtxError `usage` where onnxruntime-web is not installed, which says how to.
 */
export async function pageFiles(): Promise<ReadonlyMap<string, string>> {
  const runtime = findWebRuntime();
  const own = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const backbones = await listEmbedded();
  return new Map([
    ...['index.html', 'app.js', 'style.css'].map((name): [string, string] => [name, own(`./pages/${name}`)]),
    ['worker.js', own('../web-training/worker.js')],
    ['LICENSES.txt', own('../bundle/licenses.txt')],
    ...backbones.map(({ path }): [string, string] => [path.split(/[\\/]/).at(-1)!, path]),
    ...RUNTIME.map((name): [string, string] => [name, join(runtime, name)]),
  ]);
}

/** @throws OtxError `engine` for a file of a package that is not whole. */
export const readPageFile = (path: string): Promise<Uint8Array> => readBytesOf(path, KIND);

/** What a file is, for browsers. */
export const typeOf = (name: string): string => TYPES[name.split('.').at(-1)!] ?? 'application/octet-stream';

/** The name that an address leads to; undefined for one that leads to nothing. */
export function nameOf(address: string): string | undefined {
  try {
    const path = decodeURIComponent(address.replace(/[?#].*$/s, ''));
    return path === '/' ? 'index.html' : path.slice(1);
  } catch {
    return undefined;
  }
}

/**
 * Headers of all files: threads may share memory, which needs a page that is apart from all others, and the browser lets nothing
 * out of the page but requests for its own files.
 */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; " +
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-cache',
};
