/** @file The runtime of a training in a browser: imported, told where its files lie, and fetched. */

import { here } from '../web/browser.js';
import { loadRuntime, threadsFor, type WebRuntime } from '../web/runtime.js';
import { fetchRuntime } from './fetch-runtime.js';

/** Workers of the runtime that have not started by then never will. */
const RUNTIME_START_MS = 60_000;

interface RuntimeOptions {
  readonly runtime?: WebRuntime | undefined;
  readonly runtimeFiles?: string | undefined;
  readonly threads?: number | undefined;
}

/** @param tell what is being done */
export async function openRuntime(
  options: RuntimeOptions,
  tell: (what: string) => void,
): Promise<{ runtime: WebRuntime; threads: number }> {
  const what = 'loading the runtime';
  tell(what);
  const runtime = options.runtime ?? (await loadRuntime('wasm'));
  const { wasm } = runtime.env;
  const threads = options.threads ?? threadsFor(here);
  wasm.numThreads = threads;
  wasm.initTimeout = RUNTIME_START_MS;
  if (options.runtimeFiles !== undefined) {
    wasm.wasmPaths = options.runtimeFiles;
    const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
    wasm.wasmBinary ??= await fetchRuntime(options.runtimeFiles, (done, total) => {
      const of = total === undefined ? '' : ` of ${megabytes(total)}`;
      tell(`${what} (${megabytes(done)}${of} MB)`);
    });
  }
  return { runtime, threads };
}
