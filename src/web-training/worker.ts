/** @file The program of a worker that trains: what {@link trainInWorker} talks to. */

import { messageOf, OtxError } from '../base/errors.js';
import type { WebRuntime } from '../web/runtime.js';
import type { FromWorker, ToWorker } from './client.js';
import { TrainingPause } from './pause.js';
import { trainInBrowser } from './train.js';

interface Scope {
  onmessage: ((event: { readonly data: ToWorker }) => void) | null;
  postMessage(message: FromWorker): void;
}

const scope = globalThis as unknown as Scope;
const controller = new AbortController();
const pause = new TrainingPause();

scope.onmessage = ({ data }) => {
  if (data.type === 'stop') controller.abort();
  else if (data.type === 'pause') data.isPaused ? pause.pause() : pause.resume();
  else void start(data);
};

async function start({ options, runtimeModule }: Extract<ToWorker, { type: 'start' }>): Promise<void> {
  try {
    const runtime = runtimeModule === undefined ? undefined : ((await import(runtimeModule)) as WebRuntime);
    const result = await trainInBrowser({
      ...options,
      ...(runtime && { runtime }),
      ...{ signal: controller.signal, pause },
      onEvent: (event) => scope.postMessage({ type: 'event', event }),
    });
    scope.postMessage({ type: 'result', result });
  } catch (error) {
    const code = error instanceof OtxError ? error.code : 'engine';
    scope.postMessage({ type: 'error', code, message: messageOf(error) });
  }
}
