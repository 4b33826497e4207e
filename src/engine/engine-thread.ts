/** @file The thread that owns ONNX Runtime, as the caller sees it: requests that are answered in order. */
import './no-telemetry.js';
import { Worker } from 'node:worker_threads';
import { createActivity, endActivity } from '../base/activity.js';
import { messageOf, OtxError } from '../base/errors.js';
import { workerUrl } from '../base/worker-url.js';
import { plainMessage } from './plain-message.js';
import type { ReplyMessage, RequestKind, RequestMessage, Requests } from './protocol.js';

interface Pending {
  resolve(value: unknown): void;
  reject(error: OtxError): void;
  /** Turns the runtime's message into one for the user. */
  describe(message: string): string;
}

/** A thread with sessions and state. An idle one does not keep the process alive. */
export class EngineThread {
  private readonly worker: Worker;
  private readonly activity = createActivity();
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;
  private ended: string | undefined;

  constructor() {
    // Flags of the caller's process (--input-type, --test, ...) mean nothing to the thread, and some are refused.
    this.worker = new Worker(workerUrl(import.meta.url, './session-worker.js'), {
      execArgv: [],
      workerData: this.activity,
    });
    this.worker.unref();
    this.worker.on('message', (reply: ReplyMessage) => this.settle(reply));
    this.worker.on('error', (error) => this.fail(`the engine thread failed: ${messageOf(error)}`));
    this.worker.on('exit', (code) => {
      endActivity(this.activity);
      this.fail(`the engine thread ended with code ${code}; too little memory is the usual reason`);
    });
  }

  /**
   * @param moved buffers in the request that move to the thread
   * @param describe turns the runtime's message into one for the user
   * @throws OtxError `engine` when the thread fails to do what was asked, or has ended.
   */
  request<K extends RequestKind>(
    kind: K,
    body: Requests[K]['request'],
    moved: readonly ArrayBufferLike[] = [],
    describe: (message: string) => string = (message) => message,
  ): Promise<Requests[K]['reply']> {
    if (this.ended !== undefined) return Promise.reject(new OtxError('engine', describe(this.ended)));
    return new Promise((resolve, reject) => {
      this.lastId += 1;
      this.pending.set(this.lastId, { resolve: resolve as (value: unknown) => void, reject, describe });
      this.worker.ref();
      const message = { id: this.lastId, kind, body } as RequestMessage;
      this.worker.postMessage(message, moved as readonly ArrayBuffer[]);
    });
  }

  /** Frees a session. A thread that has ended has let go of all. */
  async release(session: number): Promise<void> {
    if (this.ended === undefined) await this.request('release', { session });
  }

  /** Frees every session and ends the thread; runs in progress finish first. May be called again. */
  async dispose(): Promise<void> {
    if (this.ended !== undefined) return;
    const exited = new Promise<void>((resolve) => {
      this.worker.once('exit', () => resolve());
    });
    const closed = this.request('close', undefined);
    this.ended = 'the engine was disposed';
    await closed;
    // The thread ends by itself: terminating it could cut ONNX Runtime off in the middle of its own clean-up.
    this.worker.ref();
    await exited;
  }

  private settle(reply: ReplyMessage): void {
    const request = this.pending.get(reply.id);
    this.pending.delete(reply.id);
    if (this.pending.size === 0) this.worker.unref();
    if (!request) return;
    if ('error' in reply) request.reject(new OtxError('engine', request.describe(plainMessage(reply.error))));
    else request.resolve(reply.value);
  }

  private fail(reason: string): void {
    this.ended ??= reason;
    for (const { reject, describe } of this.pending.values())
      reject(new OtxError('engine', describe(reason)));
    this.pending.clear();
  }
}
