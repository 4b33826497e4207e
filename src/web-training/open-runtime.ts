/** @file The runtime of a training in a browser: imported, told where its files lie, and fetched. */

import { type GraphicsCard, graphicsCard, here } from '../web/browser.js';
import { loadRuntime, threadsFor, type WebDevice, type WebRuntime } from '../web/runtime.js';
import { fetchRuntime } from './fetch-runtime.js';

/** Workers of the runtime that have not started by then never will. */
const RUNTIME_START_MS = 60_000;

interface RuntimeOptions {
  readonly device?: 'auto' | WebDevice | undefined;
  readonly runtime?: WebRuntime | undefined;
  readonly runtimeFiles?: string | undefined;
  readonly threads?: number | undefined;
}

/** A runtime with what it may compute on. */
interface OpenedRuntime {
  readonly runtime: WebRuntime;
  readonly threads: number;
  /** What WebGPU has here; undefined for nothing, and where nobody has asked for it. */
  readonly card: GraphicsCard | undefined;
}

/** @param tell what is being done */
export async function openRuntime(
  options: RuntimeOptions,
  tell: (what: string) => void,
): Promise<OpenedRuntime> {
  const what = 'loading the runtime';
  tell(what);
  const { device = 'wasm' } = options;
  const card = device === 'wasm' ? undefined : await graphicsCard(here);
  const isTried = device === 'webgpu' || (card !== undefined && !card.isSoftware);
  // A runtime that is given is of the build that the device needs.
  const build = (options.runtime ? device !== 'wasm' : isTried) ? 'webgpu' : 'wasm';
  const runtime = options.runtime ?? (await loadRuntime(build));
  const { wasm } = runtime.env;
  const threads = options.threads ?? threadsFor(here);
  wasm.numThreads = threads;
  wasm.initTimeout = RUNTIME_START_MS;
  if (options.runtimeFiles !== undefined) {
    wasm.wasmPaths = options.runtimeFiles;
    const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
    wasm.wasmBinary ??= await fetchRuntime(build, options.runtimeFiles, (done, total) => {
      const of = total === undefined ? '' : ` of ${megabytes(total)}`;
      tell(`${what} (${megabytes(done)}${of} MB)`);
    });
  }
  return { runtime, threads, card };
}
