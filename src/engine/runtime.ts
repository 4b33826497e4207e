/**
 * @file The only module that imports onnxruntime-node: sessions with explicit options, and tensors.
 * Checked with onnxruntime-node 1.30.0. `run` blocks the calling thread, so everything but tests goes through
 * session-worker.ts, which calls this module on a thread of its own.
 */
import './no-telemetry.js';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { DType, Shape, TensorData } from '../graph/tensor.js';
import type { OutputLocations } from './sessions/device-sessions.js';
import { explained } from './sessions/lacks-operator.js';
import type { DeviceKind, SessionSettings } from './settings.js';

export type Session = InferenceSession;
export type { OrtTensor };

/** Creates a session; blocks the thread. */
export function createSession(model: Uint8Array, settings: SessionSettings): Promise<Session> {
  return InferenceSession.create(model, optionsOf(settings));
}

/** NCHW is the layout of this project's graphs; every other one costs a transposition before and after most operators. */
const DEVICES: { readonly [K in DeviceKind]: InferenceSession.ExecutionProviderConfig } = {
  webgpu: { name: 'webgpu', preferredLayout: 'NCHW' },
  cuda: { name: 'cuda' },
};

/**
 * A session on a graphics processor; blocks the thread. It refuses a model of which any operator would be computed elsewhere: a single
 * one costs more copies than it is worth, and nothing would tell of it.
 *
 * @param preferredOutputLocation of all outputs by their names; default: all come back
 * @throws Error for a model that has an operator which the device lacks
 */
export async function createDeviceSession(
  model: Uint8Array,
  device: DeviceKind,
  settings: SessionSettings,
  preferredOutputLocation?: OutputLocations,
): Promise<Session> {
  const own: InferenceSession.SessionOptions = {
    ...optionsOf(settings),
    executionProviders: [DEVICES[device]],
    ...(preferredOutputLocation && { preferredOutputLocation }),
    extra: { session: { set_denormal_as_zero: '1', disable_cpu_ep_fallback: '1' } },
  };
  try {
    return await InferenceSession.create(model, own);
  } catch (error) {
    throw explained(device, error);
  }
}

function optionsOf(settings: SessionSettings): InferenceSession.SessionOptions {
  const options: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    intraOpNumThreads: settings.threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: settings.rewrite ? 'all' : 'disabled',
    // Without the arena every large value is new memory: half as long again per step, for hardly any memory saved.
    enableCpuMemArena: true,
    // A plan of the peak is allocated beside what the first run left in the arena: twice the memory for no time gained.
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: {
      session: {
        set_denormal_as_zero: '1',
        // Spinning costs nothing during a step and saves a tenth of its time; between steps the threads must sleep,
        // because image decoding wants the cores.
        intra_op: { allow_spinning: settings.spinning === false ? '0' : '1' },
        force_spinning_stop: '1',
      },
    },
  };
  if (settings.profile !== undefined) {
    options.enableProfiling = true;
    options.profileFilePrefix = settings.profile;
  }
  return options;
}

/** Wraps `data` without copying. */
export function toOrtTensor(dtype: DType, data: TensorData, shape: Shape): OrtTensor {
  // The type says that bool tensors take Uint8Array too, but no overload covers a union of element types.
  return new OrtTensor(dtype, data as Float32Array, shape as number[]);
}

/** Names, types and shapes of the inputs or outputs of a session; free dimensions are strings. */
export function valuesOf(
  metadata: readonly InferenceSession.ValueMetadata[],
): { name: string; dtype: string; shape: readonly (number | string)[] }[] {
  return metadata.map((value) => {
    if (!value.isTensor) throw new Error(`"${value.name}" is not a tensor`);
    return { name: value.name, dtype: value.type, shape: value.shape };
  });
}
