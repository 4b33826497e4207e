/**
 * @file The caller's side of the engine: compiles steps and runs them on one worker thread, so that the caller's event
 * loop never blocks on a session. Inputs are copied once into memory that travels to the thread and back.
 */
import './no-telemetry.js';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { createActivity, endActivity } from '../base/activity.js';
import { availableMemory } from '../base/available-memory.js';
import { messageOf, OtxError } from '../base/errors.js';
import { MOST_THREADS } from '../base/most-threads.js';
import { workerUrl } from '../base/worker-url.js';
import { formatType, type TensorData } from '../graph/tensor.js';
import { allocatedBytes } from './allocate.js';
import { ARENA_OVERHEAD, fits, RUNTIME_BYTES } from './memory-fit.js';
import { plainMessage } from './plain-message.js';
import { bindingOf, type PreparedStep, prepareStep } from './prepare.js';
import type {
  ModelValue,
  ReplyMessage,
  RequestKind,
  RequestMessage,
  Requests,
  TensorValue,
} from './protocol.js';
import { type CpuCapabilities, PLAIN_CPU } from './providers/cpu.js';
import { probeCpu } from './providers/probe.js';
import type { MemoryMode, SessionSettings } from './settings.js';
import type { StepGraph } from './step.js';
import { cacheKey, StepCache, stepCacheFolder } from './step-cache.js';
import { digestStep } from './step-digest.js';
import {
  describeInput,
  InputBuffers,
  orderedInputs,
  orderedScalars,
  type StepInputs,
} from './step-inputs.js';

export type { StepInputs };

/** How an engine computes. */
export interface EngineOptions {
  /** Threads of ONNX Runtime; default all that the process may use. Results depend on it in the last bits. */
  readonly threads?: number;
  /** Default 'auto': fast where the memory that is free when a step is compiled suffices for it, else lean. */
  readonly memory?: MemoryMode | 'auto';
  /**
   * 'fast' also uses operators that are internal to ONNX Runtime, where a probe at start-up finds that they work;
   * 'plain' keeps to the documented ones. Default 'fast'.
   */
  readonly lowering?: 'fast' | 'plain';
  /** Folder that keeps compiled steps for later runs, or false for none. Default: see {@link stepCacheFolder}. */
  readonly cache?: string | false;
}

/** How a step is compiled. */
export interface CompileOptions {
  /** For error messages; default 'step'. */
  readonly name?: string;
  /**
   * Let ONNX Runtime rewrite the graph; default false. It gains nothing on a step, whose weights are inputs and not
   * constants, and keeps the blocked lowerings out: evaluation of Lite-HRNet-18 at 512x512 gets a tenth slower.
   */
  readonly rewrite?: boolean;
  /** Path prefix of an ONNX Runtime profile, written when the step is released; default none. */
  readonly profile?: string;
  /** Stops the compiler. */
  readonly signal?: AbortSignal | undefined;
}

/** What a run of a step gives. */
export interface RunResult {
  /** One array per output of the step, by name, in row-major order. */
  readonly outputs: Readonly<Record<string, TensorData>>;
  /** False when the guarded output was not finite and the state was kept as it was. */
  readonly committed: boolean;
  /** Time inside ONNX Runtime, in milliseconds. */
  readonly milliseconds: number;
}

/** A step that is ready to run; made by {@link Engine.compile}. */
export interface CompiledStep {
  /** As in error messages. */
  readonly name: string;
  /** Operators that ONNX Runtime executes per run. */
  readonly nodeCount: number;
  /** Time to create the session, in milliseconds. */
  readonly createMilliseconds: number;
  /** The mode that was chosen. */
  readonly memory: MemoryMode;
  /** Bytes of the values that are alive at once during a run, at most. */
  readonly peakMemory: number;
  /** Whether the work of the compiler was found in the cache of an earlier run. */
  readonly fromCache: boolean;
  /**
   * Runs the step; calls are executed in order. The arrays may be changed as soon as the call has returned.
   * @throws OtxError `engine` for wrong inputs, or when the runtime fails (the state is then as before).
   */
  run(inputs: StepInputs, scalars?: Readonly<Record<string, number>>): Promise<RunResult>;
  /** Frees the session. */
  release(): Promise<void>;
}

/** A model file that was loaded for inference. */
export interface CompiledModel {
  /** What it takes, in the order of the file. */
  readonly inputs: readonly ModelValue[];
  /** What it gives, in the order of the file. */
  readonly outputs: readonly ModelValue[];
  /**
   * Runs the model; values go by the names of inputs and outputs.
   * @throws OtxError `engine` when the runtime refuses the values or fails.
   */
  run(inputs: Readonly<Record<string, TensorValue>>): Promise<Readonly<Record<string, TensorValue>>>;
  /** Frees the session. */
  release(): Promise<void>;
}

/**
 * Starts an engine; `dispose` ends its thread. An idle engine does not keep the process alive.
 * @throws OtxError `engine` when `threads` is not a whole number from 1 to 1024.
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  const threads = options.threads ?? availableParallelism();
  if (!Number.isInteger(threads) || threads < 1 || threads > MOST_THREADS)
    throw new OtxError('engine', `threads is ${threads}, expected a whole number from 1 to ${MOST_THREADS}`);
  const folder = options.cache ?? stepCacheFolder();
  const cache = folder ? new StepCache(folder) : undefined;
  return new Engine(threads, options.memory ?? 'auto', options.lowering ?? 'fast', cache);
}

interface Preparation extends PreparedStep {
  readonly memory: MemoryMode;
  readonly fromCache: boolean;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: OtxError): void;
  /** Turns the runtime's message into one for the user. */
  describe(message: string): string;
}

/**
 * Compiles graphs and runs them on a thread of its own, with state that stays there between runs. State is shared by name: steps
 * that have a pack of the same name work on the same values.
 */
export class Engine {
  private readonly worker: Worker;
  private readonly activity = createActivity();
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;
  private ended: string | undefined;
  private capabilities: Promise<CpuCapabilities> | undefined;

  /** Use {@link createEngine}. */
  constructor(
    /** Threads of ONNX Runtime. */
    readonly threads: number,
    /** As asked for; {@link CompiledStep.memory} says what came of 'auto'. */
    readonly memory: MemoryMode | 'auto',
    /** As in {@link EngineOptions}. */
    readonly lowering: 'fast' | 'plain',
    private readonly cache: StepCache | undefined,
  ) {
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
   * Prepares a step for running.
   * @throws OtxError `graph` when the graph has no ONNX form, `engine` when the runtime refuses it, `aborted` when the signal
   * fires.
   */
  async compile(step: StepGraph, options: CompileOptions = {}): Promise<CompiledStep> {
    const name = options.name ?? 'step';
    const rewrite = options.rewrite ?? false;
    // Where the runtime rewrites the graph, it chooses its internal layout itself.
    const capabilities = rewrite ? PLAIN_CPU : await this.probe();
    const { model, binding, nodeCount, memory, peakMemory, fromCache } = await this.prepare(
      step,
      capabilities,
      options.signal,
    );
    const settings: SessionSettings = {
      ...this.settings(rewrite),
      ...(options.profile === undefined ? {} : { profile: options.profile }),
    };
    const start = performance.now();
    const { session } = await this.request(
      'compile',
      { model, settings, binding },
      [model.buffer as ArrayBuffer],
      (message) => `cannot prepare step "${name}": ${message}`,
    );
    const createMilliseconds = performance.now() - start;
    const buffers = new InputBuffers(binding.inputs);
    return {
      name,
      nodeCount,
      createMilliseconds,
      memory,
      peakMemory,
      fromCache,
      run: async (inputs, scalars = {}) => {
        const data = orderedInputs(name, binding, inputs);
        const numbers = orderedScalars(name, binding, scalars);
        const copies = buffers.copy(data);
        const reply = await this.request(
          'run',
          { session, inputs: copies, scalars: numbers },
          copies.map(({ buffer }) => buffer as ArrayBuffer),
          (message) => `step "${name}" failed on ${binding.inputs.map(describeInput).join(', ')}: ${message}`,
        );
        buffers.giveBack(reply.inputs);
        return {
          outputs: Object.fromEntries(binding.outputs.map((output, i) => [output.name, reply.outputs[i]!])),
          committed: reply.committed,
          milliseconds: reply.milliseconds,
        };
      },
      release: () => this.request('release', { session }),
    };
  }

  /**
   * Bytes that runs of all the steps, each prepared to be fast, keep at their peaks: values, state before and after, inputs.
   * Nothing is run.
   *
   * @throws OtxError `graph` when a graph has no ONNX form, `aborted` when the signal fires.
   */
  async plan(steps: readonly StepGraph[], signal?: AbortSignal): Promise<number> {
    const capabilities = await this.probe();
    const packs = new Map<string, number>();
    let bytes = RUNTIME_BYTES;
    for (const step of steps) {
      const { binding, peakMemory } = await this.prepareFor(step, capabilities, 'fast', signal);
      // Each session keeps what its runs have taken.
      bytes += ARENA_OVERHEAD * peakMemory;
      for (const { dtype, shape } of binding.inputs) bytes += allocatedBytes(dtype, shape);
      for (const { name, size } of binding.packs) packs.set(name, size);
    }
    for (const size of packs.values()) bytes += 2 * allocatedBytes('float32', [size]);
    return bytes;
  }

  /** Loads a model file for inference, e.g. to check an export. @throws OtxError `engine` when the runtime refuses it. */
  async load(model: Uint8Array): Promise<CompiledModel> {
    const { session, inputs, outputs } = await this.request(
      'load',
      { model, settings: this.settings(true) },
      [],
      (message) => `cannot load the ONNX model: ${message}`,
    );
    return {
      inputs,
      outputs,
      run: async (feeds) => {
        const reply = await this.request('runModel', { session, inputs: feeds }, [], (message) => {
          const types = Object.entries(feeds).map(([name, value]) => `${name} ${formatType(value)}`);
          return `the ONNX model failed on ${types.join(', ')}: ${message}`;
        });
        return reply.outputs;
      },
      release: () => this.request('release', { session }),
    };
  }

  /** Sets a pack: float32 values of all its entries, end to end; the data is copied. @throws OtxError `engine` when its size is not that of the compiled steps. */
  async setState(pack: string, data: Float32Array): Promise<void> {
    const copy = data.slice();
    await this.request('setState', { pack, data: copy }, [copy.buffer]);
  }

  /** A copy of a pack after all runs that were started before. @throws OtxError `engine` when it was never set. */
  getState(pack: string): Promise<Float32Array> {
    return this.request('getState', { pack });
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

  private async prepare(
    step: StepGraph,
    capabilities: CpuCapabilities,
    signal: AbortSignal | undefined,
  ): Promise<Preparation> {
    const { memory } = this;
    if (memory !== 'auto') return this.prepareFor(step, capabilities, memory, signal);
    const fast = await this.prepareFor(step, capabilities, 'fast', signal);
    if (fits(fast.peakMemory, availableMemory())) return fast;
    return this.prepareFor(step, capabilities, 'lean', signal);
  }

  private async prepareFor(
    step: StepGraph,
    capabilities: CpuCapabilities,
    memory: MemoryMode,
    signal: AbortSignal | undefined,
  ): Promise<Preparation> {
    // A step without state has its weights as constants: every checkpoint would be an entry of its own.
    const cache = step.packs.length > 0 ? this.cache : undefined;
    const key = cache && cacheKey(digestStep(step), capabilities, memory);
    const known = key === undefined ? undefined : await cache?.read(key);
    if (known) return { ...known, binding: bindingOf(step), memory, fromCache: true };
    const prepared = await prepareStep(step, { capabilities, memory, signal });
    if (key !== undefined) await cache?.write(key, prepared);
    return { ...prepared, memory, fromCache: false };
  }

  private probe(): Promise<CpuCapabilities> {
    this.capabilities ??=
      this.lowering === 'plain'
        ? Promise.resolve(PLAIN_CPU)
        : probeCpu(async (model, feeds) => {
            const { session } = await this.request('load', { model, settings: this.settings(false) });
            const inputs = Object.entries(feeds).map(([name, value]): [string, TensorValue] => [
              name,
              { dtype: 'float32', ...value },
            ]);
            try {
              const reply = await this.request('runModel', { session, inputs: Object.fromEntries(inputs) });
              return Object.fromEntries(
                Object.entries(reply.outputs).map(([name, { data }]) => [name, data as Float32Array]),
              );
            } finally {
              await this.request('release', { session });
            }
          });
    return this.capabilities;
  }

  private settings(rewrite: boolean): SessionSettings {
    return { threads: this.threads, rewrite };
  }

  private request<K extends RequestKind>(
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
