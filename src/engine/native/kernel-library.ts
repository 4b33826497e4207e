/**
 * @file The library of fused kernels (native/), loaded into the thread that computes. It works with the ONNX Runtime that
 * onnxruntime-node has loaded, and with no other copy of it.
 */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { version } from '../../base/version.js';
import { elementTypes } from '../../graph/onnx/operators.js';
import type { DType, Shape, TensorData } from '../../graph/tensor.js';
import type { SessionSettings } from '../settings.js';
import { kernelLanes } from './find-kernels.js';
import { importKoffi } from './import-koffi.js';

/** A session of the library. Values are bound by name and stay bound; their arrays must not move in the meantime. */
export interface KernelSession {
  bindInput(name: string, dtype: DType, shape: Shape, data: TensorData): void;
  bindOutput(name: string, dtype: DType, shape: Shape, data: TensorData): void;
  /** Blocks the thread. */
  run(): void;
  /** Another one of the same model with values of its own; it is released with this one. */
  sibling(): KernelSession;
  release(): void;
}

export interface KernelLibrary {
  /** Name of the vector width that was chosen, such as AVX2. */
  readonly width: string;
  /** Blocks the thread. */
  createSession(model: Uint8Array, settings: SessionSettings): KernelSession;
  /**
   * Runs a session and siblings of it side by side, each in a thread; norms that share their statistics wait for each other.
   * Blocks the thread.
   */
  runTogether(sessions: readonly KernelSession[]): void;
  /** From now on these norms are those of all processes of a job. @param library of MPI, which has been started */
  join(library: string, ranks: number): void;
}

/** @throws Error saying why the library cannot be used. */
export async function openKernelLibrary(path: string): Promise<KernelLibrary> {
  const koffi = await importKoffi(path);
  const library = koffi.load(path);
  const functions = {
    version: library.func('const char *otx_version()'),
    error: library.func('const char *otx_error()'),
    width: library.func('const char *otx_width()'),
    init: library.func('int otx_init(const char *runtime, int lanes)'),
    create: library.func(
      'void *otx_create(const void *model, size_t bytes, int threads, int spinning, const char *profile)',
    ),
    bind: library.func(
      'int otx_bind(void *session, const char *name, void *data, size_t bytes, int type, const int64_t *shape, size_t rank, int output)',
    ),
    run: library.func('int otx_run(void *session)'),
    sibling: library.func('void *otx_sibling(void *session)'),
    runTogether: library.func('int otx_run_together(void **sessions, int parts)'),
    join: library.func('int otx_join(const char *path, int ranks)'),
    endProfile: library.func('int otx_end_profile(void *session)'),
    release: library.func('void otx_release(void *session)'),
  };
  const builtFor: string = functions.version();
  if (builtFor !== version) throw new Error(`it was built for version ${builtFor}, this is ${version}`);
  const check = (code: number) => {
    if (code !== 0) throw new Error(functions.error());
  };
  check(functions.init(runtimePath(), kernelLanes()));
  const handles = new WeakMap<KernelSession, unknown>();
  const known = (handle: unknown): unknown => {
    if (!handle) throw new Error(functions.error());
    return handle;
  };
  const sessionOf = (handle: unknown, end: () => void): KernelSession => {
    const siblings: KernelSession[] = [];
    // What is bound is kept from being collected.
    const bound = new Map<string, ArrayBufferLike>();
    const bind =
      (output: 0 | 1) =>
      (name: string, dtype: DType, shape: Shape, data: TensorData): void => {
        // Small arrays live where the collector may move them, until somebody asks for their buffer.
        bound.set(name, data.buffer);
        const sizes = BigInt64Array.from(shape, BigInt);
        const type = elementTypes[dtype];
        check(functions.bind(handle, name, data, data.byteLength, type, sizes, sizes.length, output));
      };
    const session: KernelSession = {
      bindInput: bind(0),
      bindOutput: bind(1),
      run: () => check(functions.run(handle)),
      sibling: () => {
        const sibling = sessionOf(known(functions.sibling(handle)), () => undefined);
        siblings.push(sibling);
        return sibling;
      },
      release: () => {
        for (const sibling of siblings) sibling.release();
        end();
        functions.release(handle);
        bound.clear();
      },
    };
    handles.set(session, handle);
    return session;
  };
  return {
    width: functions.width(),
    createSession: (model, { threads, spinning, profile }) => {
      const isSpinning = spinning === false ? 0 : 1;
      const handle = known(functions.create(model, model.byteLength, threads, isSpinning, profile ?? null));
      return sessionOf(handle, () => {
        if (profile !== undefined) check(functions.endProfile(handle));
      });
    },
    runTogether: (sessions) =>
      check(
        functions.runTogether(
          sessions.map((session) => handles.get(session)),
          sessions.length,
        ),
      ),
    join: (path, ranks) => check(functions.join(path, ranks)),
  };
}

/** The library of ONNX Runtime that onnxruntime-node comes with. */
function runtimePath(): string {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node');
  const folder = join(dirname(main), '..', 'bin', 'napi-v6', process.platform, process.arch);
  const name = readdirSync(folder).find((file) => /^libonnxruntime\.(so|\d+|dylib)/.test(file));
  if (!name) throw new Error(`${folder} has no ONNX Runtime`);
  return join(folder, name);
}
