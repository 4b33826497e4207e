/** @file A training in a worker, as a page sees it: told how it goes on, and told when it does not. */

import { type ErrorCode, OtxError } from '../base/errors.js';
import type { WebTrainingEvent } from './events.js';
import type { WebTrainOptions, WebTrainResult } from './train.js';

/** What goes to the worker. Functions stay here, and a runtime is imported there. */
export type ToWorker =
  | {
      readonly type: 'start';
      readonly options: Omit<WebTrainOptions, 'onEvent' | 'signal' | 'pause' | 'runtime'>;
      readonly runtimeModule: string | undefined;
    }
  | { readonly type: 'pause'; readonly isPaused: boolean }
  | { readonly type: 'stop' };

/** What comes from it. */
export type FromWorker =
  | { readonly type: 'event'; readonly event: WebTrainingEvent }
  | { readonly type: 'result'; readonly result: WebTrainResult }
  | { readonly type: 'error'; readonly code: ErrorCode; readonly message: string };

/** As much of a `Worker` of browsers as is used. */
export interface TrainingWorker {
  /** Sends it a message. */
  postMessage(message: unknown): void;
  /** Ends it. */
  terminate(): void;
  /** Is called with what it sends. */
  onmessage: ((event: never) => void) | null;
  /** Is called when it cannot be loaded, or fails. */
  onerror: ((event: never) => void) | null;
}

/** What to train in a worker, and how. */
export interface WorkerTrainOptions extends Omit<WebTrainOptions, 'runtime'> {
  /**
   * Address of a module of `onnxruntime-web` that the worker imports: `ort.wasm.bundle.min.mjs`, and for a `device` other than `wasm`
   * `ort.webgpu.bundle.min.mjs`. Default: by its name.
   */
  readonly runtimeModule?: string | undefined;
  /**
   * Seconds without a word from the worker after which it is ended; a step, or a session that is created, says nothing meanwhile.
   * Default 180.
   */
  readonly patience?: number | undefined;
}

const DEFAULT_PATIENCE = 180;
const BEAT_MS = 1000;

/**
 * {@link trainInBrowser} in a worker, which is ended in the end. One that falls silent, as threads of WebAssembly may, is ended with
 * an error: what it reached last is in `last` of the newest event `epoch`.
 *
 * @param worker of `otx/web-training-worker`, made by the caller: `new Worker(address, { type: 'module' })`.
 * @throws OtxError as {@link trainInBrowser}, and `engine` for a worker that falls silent or cannot be loaded.
 */
export function trainInWorker(worker: TrainingWorker, options: WorkerTrainOptions): Promise<WebTrainResult> {
  const { onEvent, signal, pause, runtimeModule, patience = DEFAULT_PATIENCE, ...given } = options;
  return new Promise<WebTrainResult>((resolve, reject) => {
    // Counted in beats of a page that is awake: on phones pages sleep, and their workers with them.
    const beat = Math.min(BEAT_MS, patience * 250);
    let silence = 0;
    const send = (message: ToWorker) => worker.postMessage(message);
    const stop = () => {
      listen();
      send({ type: 'stop' });
    };
    const end = (settle: () => void) => {
      clearInterval(timer);
      unwatch?.();
      signal?.removeEventListener('abort', stop);
      worker.terminate();
      settle();
    };
    const fail = (code: ErrorCode, message: string) => end(() => reject(new OtxError(code, message)));
    const listen = () => {
      silence = 0;
    };
    const timer = setInterval(() => {
      // Who waits says nothing.
      if (pause?.isPaused && !signal?.aborted) return;
      silence += beat;
      if (silence >= patience * 1000) fail('engine', silent(patience));
    }, beat);
    worker.onmessage = ({ data }: { readonly data: FromWorker }) => {
      listen();
      if (data.type === 'event') onEvent?.(data.event);
      else if (data.type === 'result') end(() => resolve(data.result));
      else fail(data.code, data.message);
    };
    worker.onerror = ({ message = 'its program cannot be loaded' }: { readonly message?: string }) =>
      fail('engine', `the worker that trains has failed: ${message}`);
    const tellPause = (isPaused: boolean) => {
      listen();
      send({ type: 'pause', isPaused });
    };
    const unwatch = pause?.watch(tellPause);
    send({ type: 'start', options: given, runtimeModule });
    if (pause?.isPaused) tellPause(true);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop);
  });
}

const silent = (seconds: number) =>
  `the worker that trains has not answered for ${seconds} seconds and was ended; what it reached by the last epoch is not lost. ` +
  'Train again with threads: 1, or close other programs';
