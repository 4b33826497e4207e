/** @file The WebAssembly of ONNX Runtime, fetched here: 14 or 27 MB take longer than the runtime waits for them where the way is slow. */

import { messageOf, OtxError } from '../base/errors.js';
import type { WebDevice } from '../web/runtime.js';

/** By the build of the runtime; that with WebGPU computes on the processor too. */
const FILES: Readonly<Record<WebDevice, string>> = {
  wasm: 'ort-wasm-simd-threaded.wasm',
  webgpu: 'ort-wasm-simd-threaded.asyncify.wasm',
};
/** Bytes from one word about how far it is to the next. */
const WORD_BYTES = 2_000_000;

/**
 * @param build of the runtime.
 * @param folder its address, with a slash at the end.
 * @param tell is called with bytes, and of how many where the server says so.
 * @throws OtxError `engine` for an address that gives nothing.
 */
export async function fetchRuntime(
  build: WebDevice,
  folder: string,
  tell: (done: number, total: number | undefined) => void,
): Promise<Uint8Array> {
  const address = `${folder}${FILES[build]}`;
  const fail = (reason: string, cause?: unknown) =>
    new OtxError('engine', `${address}: the runtime cannot be fetched (${reason})`, { cause });
  try {
    const response = await fetch(address);
    if (!response.ok) throw fail(`the server answers ${response.status}`);
    const length = Number(response.headers.get('Content-Length'));
    const total = length > 0 && !response.headers.has('Content-Encoding') ? length : undefined;
    return await readAll(response, (done) => tell(done, total));
  } catch (error) {
    throw error instanceof OtxError ? error : fail(messageOf(error), error);
  }
}

async function readAll({ body }: Response, tell: (done: number) => void): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let [done, told] = [0, 0];
  for (const reader = body!.getReader(); ; ) {
    const { done: isEnd, value } = await reader.read();
    if (isEnd) break;
    pieces.push(value);
    done += value.length;
    if (done - told >= WORD_BYTES) {
      told = done;
      tell(done);
    }
  }
  const bytes = new Uint8Array(done);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
