/**
 * @file The caller's side of the engine: compiles steps and runs them on one worker thread, so that the caller's event
 * loop never blocks on a session. Inputs are copied once into memory that travels to the thread and back.
 */
import './no-telemetry.js';
import { availableParallelism } from 'node:os';
import { availableMemory } from '../base/available-memory.js';
import { OtxError } from '../base/errors.js';
import { MOST_THREADS } from '../base/most-threads.js';
import { bytesOf, formatType, type TensorData } from '../graph/tensor.js';
import { comparing } from './devices/compare-step.js';
import { EngineThread } from './engine-thread.js';
import { ARENA_OVERHEAD, fits, RUNTIME_BYTES } from './memory-fit.js';
import { bindingOf, type PreparedStep, prepareStep } from './prepare.js';
import type { ModelValue, ReduceRequest, TensorValue } from './protocol.js';
import { type Chosen, chooseProvider, type EngineChoice, type Wishes } from './providers/choose-provider.js';
import { deviceProvider } from './providers/device.js';
import { fusedProvider } from './providers/fused.js';
import type { ProbeRunner, Target } from './providers/provider.js';
import { type StockProvider, stockProvider, stockTarget } from './providers/stock.js';
import {
  checkShared,
  type RunTogether,
  runningTogether,
  type SharedNorms,
  type SharedRunResult,
} from './run-together.js';
import {
  DEVICE_WISHES,
  type DeviceWish,
  ENGINE_WISHES,
  type EngineWish,
  type MemoryMode,
  type SessionSettings,
} from './settings.js';
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

export type { EngineChoice, RunTogether, SharedNorms, SharedRunResult, StepInputs };

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
  /**
   * What computes steps that change state: `auto` (default), `fused` or `stock`; {@link Engine.choice} says what came of it.
   * With `lowering: 'plain'` the stock one does.
   */
  readonly engine?: EngineWish | undefined;
  /**
   * Where steps that change state are computed: `cpu` (default), `webgpu`, `cuda`, or `auto` for the one on which the step that
   * {@link Engine.choice} is given takes the least time. All other steps are computed by the processor.
   */
  readonly device?: DeviceWish | undefined;
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
  /** For {@link RunTogether}; default: batch norms go by their own batch. */
  readonly shared?: SharedNorms | undefined;
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
  /** There only for a step that was compiled so. */
  readonly runTogether?: RunTogether;
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
 * @throws OtxError `engine` when `threads` is not a whole number from 1 to 1024, the engine none of the three, or the device none of
 * the four.
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  const threads = options.threads ?? availableParallelism();
  if (!Number.isInteger(threads) || threads < 1 || threads > MOST_THREADS)
    throw new OtxError('engine', `threads is ${threads}, expected a whole number from 1 to ${MOST_THREADS}`);
  if (options.engine !== undefined && !ENGINE_WISHES.includes(options.engine))
    throw new OtxError('engine', `engine is ${options.engine}, expected one of ${ENGINE_WISHES.join(', ')}`);
  const device = options.device ?? 'cpu';
  if (!DEVICE_WISHES.includes(device))
    throw new OtxError('engine', `device is ${device}, expected one of ${DEVICE_WISHES.join(', ')}`);
  const folder = options.cache ?? stepCacheFolder();
  const cache = folder ? new StepCache(folder) : undefined;
  const lowering = options.lowering ?? 'fast';
  const engine = options.engine ?? (lowering === 'plain' ? 'stock' : 'auto');
  return new Engine(threads, options.memory ?? 'auto', lowering, { engine, device }, cache);
}

interface Preparation extends PreparedStep {
  readonly memory: MemoryMode;
  readonly fromCache: boolean;
}

/**
 * Compiles graphs and runs them on a thread of its own, with state that stays there between runs. State is shared by name: steps
 * that have a pack of the same name work on the same values.
 */
export class Engine {
  private readonly thread = new EngineThread();
  private readonly stock: StockProvider;
  private chosen: Promise<Chosen> | undefined;

  /** Use {@link createEngine}. */
  constructor(
    /** Threads of ONNX Runtime. */
    readonly threads: number,
    /** As asked for; {@link CompiledStep.memory} says what came of 'auto'. */
    readonly memory: MemoryMode | 'auto',
    /** As in {@link EngineOptions}. */
    readonly lowering: 'fast' | 'plain',
    private readonly wishes: Wishes,
    private readonly cache: StepCache | undefined,
  ) {
    // Mixed precision makes steps on the processor longer: they have it where the engine for it is named.
    this.stock = stockProvider(lowering, wishes.engine === 'stock' && wishes.device === 'cpu');
  }

  /**
   * Which engine computes steps that change state, and why; found out once, by the first call of this or of {@link compile}.
   * @param step gives what is timed for the device `auto`, which without it is the processor.
   * @param signal ends the timing.
   * @throws OtxError `engine` when the fused one, or a device, was asked for by name and cannot be had; `aborted` when the signal fires.
   */
  async choice(step?: () => StepGraph, signal?: AbortSignal): Promise<EngineChoice> {
    const { target, ...choice } = await this.choose(step, signal);
    return typeof target.halves === 'string' ? { ...choice, notMixed: target.halves } : choice;
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
    const target = rewrite ? stockTarget() : await this.targetOf(step);
    if (options.shared) checkShared(step, target, await this.choice());
    const { model, binding, nodeCount, memory, peakMemory, fromCache } = await this.prepare(
      step,
      target,
      options,
    );
    const settings: SessionSettings = {
      ...this.settings(rewrite),
      ...(options.profile === undefined ? {} : { profile: options.profile }),
    };
    const start = performance.now();
    const { session } = await this.thread.request(
      'compile',
      { model, settings, target: target.session, binding },
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
        const reply = await this.thread.request(
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
      ...(options.shared && {
        runTogether: runningTogether(this.thread, { name, session, binding }, options.shared),
      }),
      release: () => this.thread.release(session),
    };
  }

  /**
   * Bytes that runs of all the steps, each prepared to be fast, keep at their peaks: values, state before and after, inputs.
   * Nothing is run.
   *
   * @throws OtxError `graph` when a graph has no ONNX form, `aborted` when the signal fires.
   */
  async plan(steps: readonly StepGraph[], signal?: AbortSignal): Promise<number> {
    const packs = new Map<string, number>();
    let bytes = RUNTIME_BYTES;
    for (const step of steps) {
      const { binding, peakMemory } = await this.prepareFor(step, await this.targetOf(step), 'fast', signal);
      // Each session keeps what its runs have taken.
      bytes += ARENA_OVERHEAD * peakMemory;
      for (const type of binding.inputs) bytes += bytesOf(type);
      for (const { name, size } of binding.packs) packs.set(name, size);
    }
    for (const size of packs.values()) bytes += 2 * bytesOf({ dtype: 'float32', shape: [size] });
    return bytes;
  }

  /** Loads a model file for inference, e.g. to check an export. @throws OtxError `engine` when the runtime refuses it. */
  async load(model: Uint8Array): Promise<CompiledModel> {
    const { session, inputs, outputs } = await this.thread.request(
      'load',
      { model, settings: this.settings(true) },
      [],
      (message) => `cannot load the ONNX model: ${message}`,
    );
    return {
      inputs,
      outputs,
      run: async (feeds) => {
        const reply = await this.thread.request('runModel', { session, inputs: feeds }, [], (message) => {
          const types = Object.entries(feeds).map(([name, value]) => `${name} ${formatType(value)}`);
          return `the ONNX model failed on ${types.join(', ')}: ${message}`;
        });
        return reply.outputs;
      },
      release: () => this.thread.release(session),
    };
  }

  /** Sets a pack: float32 values of all its entries, end to end; the data is copied. @throws OtxError `engine` when its size is not that of the compiled steps. */
  async setState(pack: string, data: Float32Array): Promise<void> {
    const copy = data.slice();
    await this.thread.request('setState', { pack, data: copy }, [copy.buffer]);
  }

  /** A copy of a pack after all runs that were started before. @throws OtxError `engine` when it was never set. */
  getState(pack: string): Promise<Float32Array> {
    return this.thread.request('getState', { pack });
  }

  /** Makes {@link reduce} that of all processes of a job, which then all have to call it. @param mpi path of its library, which has been started */
  async join(mpi: string, ranks: number): Promise<void> {
    await this.thread.request('join', { mpi, ranks });
  }

  /**
   * Adds what packs hold, and numbers beside them, to a sum of such vectors. With the last addend the packs become the mean.
   *
   * @returns the numbers; their mean where the request has a count.
   * @throws OtxError `engine` for an unknown pack, or other sizes than those of the first addend.
   */
  async reduce(request: ReduceRequest): Promise<readonly number[]> {
    return (await this.thread.request('reduce', request)).values;
  }

  /** Frees every session and ends the thread; runs in progress finish first. May be called again. */
  dispose(): Promise<void> {
    return this.thread.dispose();
  }

  private async prepare(
    step: StepGraph,
    target: Target,
    { signal, shared }: CompileOptions,
  ): Promise<Preparation> {
    const { memory } = this;
    if (memory !== 'auto') return this.prepareFor(step, target, memory, signal, shared?.batches);
    const fast = await this.prepareFor(step, target, 'fast', signal, shared?.batches);
    if (fits(fast.peakMemory * (shared?.here ?? 1), availableMemory())) return fast;
    return this.prepareFor(step, target, 'lean', signal, shared?.batches);
  }

  private async prepareFor(
    step: StepGraph,
    target: Target,
    memory: MemoryMode,
    signal: AbortSignal | undefined,
    sharedBy?: number,
  ): Promise<Preparation> {
    // A step without state has its weights as constants: every checkpoint would be an entry of its own.
    const cache = step.packs.length > 0 ? this.cache : undefined;
    const key = cache && cacheKey(digestStep(step), target.identity, memory, sharedBy ?? null);
    const known = key === undefined ? undefined : await cache?.read(key);
    if (known) return { ...known, binding: bindingOf(step, target), memory, fromCache: true };
    const prepared = await prepareStep(step, { target, memory, signal, sharedBy });
    if (key !== undefined) await cache?.write(key, prepared);
    return { ...prepared, memory, fromCache: false };
  }

  /** What a step is compiled for: steps that change state are trained with, and only they have the engine that was chosen. */
  private async targetOf({ packs }: StepGraph): Promise<Target> {
    if (packs.some(({ next }) => next)) return (await this.choose()).target;
    return this.stock.probe(this.runProbe);
  }

  private choose(step?: () => StepGraph, signal?: AbortSignal): Promise<Chosen> {
    const devices = { webgpu: deviceProvider('webgpu'), cuda: deviceProvider('cuda') };
    this.chosen ??= chooseProvider(
      this.wishes,
      { stock: this.stock, fused: fusedProvider(this.stock), devices },
      this.runProbe,
      step && comparing((target) => this.prepare(step(), target, { signal }), this.threads, signal),
    );
    return this.chosen;
  }

  private readonly runProbe: ProbeRunner = async ({ model, binding, inputs }, target) => {
    const settings = this.settings(false);
    const { session } = await this.thread.request('compile', { model, settings, target, binding });
    try {
      return (await this.thread.request('run', { session, inputs, scalars: [] })).outputs;
    } finally {
      await this.thread.release(session);
    }
  };

  private settings(rewrite: boolean): SessionSettings {
    return { threads: this.threads, rewrite };
  }
}
