/**
 * @file Runs a model from elsewhere in a process of its own, with limits on memory and time: a file of a few bytes can ask a
 * runtime for endless work, and native code that is at work can be stopped in no other way.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, OtxError } from '../../base/errors.js';
import { createTurns } from '../../base/turns.js';
import { workerUrl } from '../../base/worker-url.js';
import type { CompiledModel } from '../../engine/engine.js';
import type { Classified } from '../class-map.js';
import { limitsOf } from './limits.js';
import type { Answer, ClassifyRequest, Limits, News, Reply, Request, SentRequest } from './protocol.js';

export interface IsolatedOptions {
  /** Threads of ONNX Runtime; default all that the process may use. */
  readonly threads?: number | undefined;
  /** Magnitude of weights that is still sensible. */
  readonly largestWeight: number;
  /** Only classes are asked for: a softmax that the model ends with may be left out, which `run` would miss. Default false. */
  readonly segments?: boolean | undefined;
  /** Default: by the size of the file and of its input. */
  readonly limits?: Partial<Limits>;
  /** Ends the process while it loads the model. */
  readonly signal?: AbortSignal | undefined;
}

/** A model in a process of its own, which `release` ends. An idle one does not keep the caller's process alive. */
export interface IsolatedModel extends CompiledModel {
  /** Texts of the file about itself, by key; very long ones are left out. */
  readonly metadata: Readonly<Record<string, string>>;
  /** As many images at once are worth asking for. */
  readonly atOnce: number;
  /** The classes of an image by the probabilities of `output`; undefined when these are none. @throws OtxError `engine` */
  classify(request: ClassifyRequest): Promise<Classified | undefined>;
}

/**
 * Loads a model file for inference.
 *
 * @throws OtxError `engine` with a reason that does not name the file: it is refused (see `inspectModel`), broken, or takes
 * too much memory or time; the same of its runs.
 */
export async function loadIsolated(model: Uint8Array, options: IsolatedOptions): Promise<IsolatedModel> {
  const child = new ModelProcess({ ...limitsOf(model.length, 0), ...options.limits });
  const { threads, largestWeight, segments = false, limits = {}, signal } = options;
  const onAbort = () => child.end();
  signal?.addEventListener('abort', onAbort);
  try {
    const reply = await child.request({ kind: 'load', model, threads, largestWeight, segments, limits });
    if (reply.kind !== 'loaded') throw new OtxError('engine', `an answer "${reply.kind}" to a model`);
    const { inputs, outputs, metadata, atOnce } = reply;
    child.expect(atOnce);
    return {
      inputs,
      outputs,
      metadata,
      atOnce,
      run: async (feeds) => {
        const result = await child.request({ kind: 'run', inputs: feeds });
        if (result.kind !== 'ran') throw new OtxError('engine', `an answer "${result.kind}" to a run`);
        return result.outputs;
      },
      classify: async ({ size: { width, height }, ...image }) => {
        // Whoever calls may pass a picture as its size: of that, only what can be sent is.
        const result = await child.request({ kind: 'classify', ...image, size: { width, height } });
        if (result.kind !== 'classified')
          throw new OtxError('engine', `an answer "${result.kind}" to an image`);
        return result.classified;
      },
      release: () => child.end(),
    };
  } catch (error) {
    await child.end();
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

interface Pending {
  resolve(answer: Answer): void;
  reject(error: OtxError): void;
}

/** Requests that are sent beside those in the network: the next picture is ready when one is done. */
const BESIDE = 1;

/** The caller's side of model-process.ts. */
class ModelProcess {
  private readonly child: ChildProcess;
  private readonly exited: Promise<void>;
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;
  private timer: NodeJS.Timeout | undefined;
  /** Why there will be no more answers. */
  private ended: string | undefined;
  private takeTurn = createTurns(BESIDE + 1);

  constructor(private limits: Limits) {
    const entry = fileURLToPath(workerUrl(import.meta.url, './model-process.js'));
    this.child = fork(entry, [], {
      // The folder of the caller may be gone, and is none of the model's business.
      cwd: dirname(entry),
      execArgv: [],
      serialization: 'advanced',
      // What the runtime has to say to people comes as a reply as well, without the places in its sources.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.exited = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => {
        this.fail(
          `the process in which it ran ended (${signal ?? `code ${code}`}); too little memory is the usual reason`,
        );
        resolve();
      });
      this.child.once('error', (error) => {
        this.fail(`the process for it cannot be started (${messageOf(error)})`);
        resolve();
      });
    });
    this.child.on('message', (reply: Reply) => this.onReply(reply));
    this.hold(false);
  }

  request(request: Request): Promise<Answer> {
    return this.takeTurn(() => this.send(request));
  }

  /** So many requests are worked on at once. */
  expect(atOnce: number): void {
    this.takeTurn = createTurns(BESIDE + atOnce);
  }

  /** Ends the process at once. May be called again. */
  async end(): Promise<void> {
    this.fail('it was closed');
    this.child.kill('SIGKILL');
    this.child.ref();
    await this.exited;
  }

  private send(request: Request): Promise<Answer> {
    if (this.ended !== undefined) return Promise.reject(new OtxError('engine', this.ended));
    return new Promise((resolve, reject) => {
      this.lastId += 1;
      // They are answered one after the other: each has its time from the answer to the one before it.
      if (this.pending.size === 0) this.startTimer();
      this.pending.set(this.lastId, { resolve, reject });
      this.hold(true);
      this.child.send({ id: this.lastId, request } satisfies SentRequest, (error) => {
        if (error) this.fail(`the process in which it runs cannot be reached (${messageOf(error)})`);
      });
    });
  }

  private onReply(reply: Reply): void {
    if (!('answer' in reply)) {
      this.onNews(reply);
      return;
    }
    const { id, answer } = reply;
    const request = this.pending.get(id);
    this.pending.delete(id);
    if (this.pending.size > 0) this.startTimer();
    else this.rest();
    if (answer.kind === 'failed') request?.reject(new OtxError('engine', answer.reason));
    else request?.resolve(answer);
  }

  private onNews(news: News): void {
    if (news.kind === 'limits') {
      this.limits = news.limits;
      this.startTimer();
      return;
    }
    this.fail(
      `it takes more than ${Math.round(news.limit / 2 ** 20)} MB of memory, far more than a network of its size`,
    );
  }

  private startTimer(): void {
    clearTimeout(this.timer);
    const { milliseconds } = this.limits;
    this.timer = setTimeout(() => {
      this.fail(
        `it takes more than ${Math.round(milliseconds / 1000)} s, far more than a network of its size`,
      );
      this.child.kill('SIGKILL');
    }, milliseconds);
  }

  /** Nothing is under way. */
  private rest(): void {
    clearTimeout(this.timer);
    this.hold(false);
  }

  private fail(reason: string): void {
    this.ended ??= reason;
    const { ended } = this;
    const rejected = [...this.pending.values()];
    this.pending.clear();
    this.rest();
    for (const { reject } of rejected) reject(new OtxError('engine', ended));
  }

  /** Whether the caller's process waits for this one. */
  private hold(isNeeded: boolean): void {
    const { channel } = this.child as { channel?: { ref(): void; unref(): void } | null };
    if (isNeeded) {
      this.child.ref();
      channel?.ref();
    } else {
      this.child.unref();
      channel?.unref();
    }
  }
}
