/**
 * @file Sessions of steps on the thread that computes: of ONNX Runtime as it comes, or of the kernel library, whose graphs hold
 * fused operators. Both take and fill arrays of the caller.
 */
import type { TensorData } from '../graph/tensor.js';
import { type KernelLibrary, openKernelLibrary } from './native/kernel-library.js';
import type { NamedType } from './protocol.js';
import { createSession, type OrtTensor, toOrtTensor } from './runtime.js';
import type { SessionSettings } from './settings.js';

/** A named value and the array that has it, or gets it. */
export interface Value extends NamedType {
  readonly data: TensorData;
}

export interface StepSession {
  /** Fills the arrays of `outputs`. Blocks the thread. */
  run(inputs: readonly Value[], outputs: readonly Value[]): Promise<void>;
  release(): Promise<void>;
}

/** Creates a session; blocks the thread. */
export function createStepSession(model: Uint8Array, settings: SessionSettings): Promise<StepSession> {
  return settings.kernels === undefined ? stockSession(model, settings) : fusedSession(model, settings);
}

async function stockSession(model: Uint8Array, settings: SessionSettings): Promise<StepSession> {
  const session = await createSession(model, settings);
  const tensors = (values: readonly Value[]): Record<string, OrtTensor> =>
    Object.fromEntries(values.map(({ name, dtype, shape, data }) => [name, toOrtTensor(dtype, data, shape)]));
  return {
    run: async (inputs, outputs) => {
      await session.run(tensors(inputs), tensors(outputs));
    },
    release: async () => {
      if (settings.profile !== undefined) session.endProfiling();
      await session.release();
    },
  };
}

const libraries = new Map<string, Promise<KernelLibrary>>();

async function fusedSession(model: Uint8Array, settings: SessionSettings): Promise<StepSession> {
  const path = settings.kernels!;
  const known = libraries.get(path) ?? openKernelLibrary(path);
  libraries.set(path, known);
  const session = (await known).createSession(model, settings);
  return {
    run: async (inputs, outputs) => {
      for (const { name, dtype, shape, data } of inputs) session.bindInput(name, dtype, shape, data);
      for (const { name, dtype, shape, data } of outputs) session.bindOutput(name, dtype, shape, data);
      session.run();
    },
    release: async () => session.release(),
  };
}
