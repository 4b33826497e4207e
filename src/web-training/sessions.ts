/**
 * @file Sessions of `onnxruntime-web`: on the processor, whose state lives in arrays of the thread, and on the graphics card, where it
 * stays between steps.
 */

import { deviceSessions } from '../engine/sessions/device-sessions.js';
import { hostPlacement, withHostStates } from '../engine/sessions/host.js';
import { explained } from '../engine/sessions/lacks-operator.js';
import type { SessionProvider, Value } from '../engine/sessions/session.js';
import type { TensorData } from '../graph/tensor.js';
import { type RuntimeTensor, WEBGPU, type WebRuntime } from '../web/runtime.js';

/** As for Node, in src/engine/runtime.ts. */
const OPTIONS = {
  executionMode: 'sequential',
  graphOptimizationLevel: 'disabled',
  enableCpuMemArena: true,
  enableMemPattern: false,
  logSeverityLevel: 3,
};

/**
 * On the processor. Unlike in Node threads that wait do not spin: where others use the cores a thread that spins keeps the one off that
 * it waits for, and a step took up to ten times as long; where nobody does, spinning gained nothing.
 */
export const processorSessions = ({ InferenceSession, Tensor }: WebRuntime): SessionProvider => ({
  placement: hostPlacement,
  createSession: async (model) => {
    const session = await InferenceSession.create(model, {
      ...{ ...OPTIONS, executionProviders: ['wasm'] },
      extra: { session: { set_denormal_as_zero: '1', intra_op: { allow_spinning: '0' } } },
    });
    return withHostStates({
      run: async (inputs, outputs) => {
        const feeds = inputs.map(({ name, dtype, shape, data }) => [name, new Tensor(dtype, data, shape)]);
        // Unlike that of Node this runtime does not fill arrays of the caller: its memory is another one.
        const results = await session.run(Object.fromEntries(feeds));
        for (const { name, data } of outputs as readonly Value[]) {
          (data as Float32Array).set(results[name]!.data as Float32Array & TensorData);
        }
      },
      release: () => session.release(),
    });
  },
});

/** On the graphics card, as in Node: refused unless all of a step is computed there. */
export const cardSessions = ({ InferenceSession, Tensor }: WebRuntime): SessionProvider =>
  deviceSessions<RuntimeTensor>({
    createSession: async (model, _, preferredOutputLocation) => {
      const options = {
        ...{ ...OPTIONS, executionProviders: [WEBGPU], preferredOutputLocation },
        extra: { session: { set_denormal_as_zero: '1', disable_cpu_ep_fallback: '1' } },
      };
      return InferenceSession.create(model, options).catch((error: unknown) => {
        throw explained('webgpu', error);
      });
    },
    tensor: (dtype, data, shape) => new Tensor(dtype, data, shape),
  });
