/**
 * @file The engine in a browser: `onnxruntime-web` on the thread that trains. Steps are compiled as for the processor in Node with
 * documented operators alone, since this build of the runtime has no blocked layout, and state is kept by the same code.
 */

import { messageOf, OtxError } from '../base/errors.js';
import { createTurns } from '../base/turns.js';
import { prepareStep } from '../engine/prepare.js';
import { stockTarget } from '../engine/providers/stock.js';
import { hostPlacement, withHostStates } from '../engine/sessions/host.js';
import { Packs } from '../engine/sessions/packs.js';
import { type ReadyStep, runStep } from '../engine/sessions/run-step.js';
import type { StepSession, Value } from '../engine/sessions/session.js';
import { orderedInputs, orderedScalars } from '../engine/step-inputs.js';
import type { TensorData } from '../graph/tensor.js';
import type { SessionEngine } from '../training/session.js';
import type { WebRuntime } from '../web/runtime.js';

const CHOICE = { kind: 'stock', reason: 'it is the engine of browsers' } as const;

/**
 * As for Node, in src/engine/runtime.ts. But threads that wait do not spin: where others use the cores a thread that spins keeps the one
 * off that it waits for, and a step took up to ten times as long; where nobody does, spinning gained nothing.
 */
const SESSION_OPTIONS = {
  executionProviders: ['wasm'],
  executionMode: 'sequential',
  graphOptimizationLevel: 'disabled',
  enableCpuMemArena: true,
  enableMemPattern: false,
  logSeverityLevel: 3,
  extra: { session: { set_denormal_as_zero: '1', intra_op: { allow_spinning: '0' } } },
};

/** An engine on the calling thread, which waits while a step runs: to be called from a worker. One step at a time. */
export function createWebEngine(runtime: WebRuntime): SessionEngine {
  const packs = new Packs();
  const steps = new Set<StepSession>();
  const inTurn = createTurns(1);
  const failed = (what: string) => (error: unknown) => {
    throw error instanceof OtxError
      ? error
      : new OtxError('engine', `${what}: ${messageOf(error)}`, { cause: error });
  };
  return {
    choice: async () => CHOICE,
    compile: async (graph, { name = 'step', signal } = {}) => {
      const { model, binding, nodeCount, peakMemory } = await prepareStep(graph, {
        target: stockTarget(),
        memory: 'fast',
        signal,
      });
      const start = performance.now();
      const session = await inTurn(async () => {
        for (const { name: pack, size } of binding.packs) packs.requireSize(pack, size);
        const created = await createSession(runtime, model);
        for (const { name: pack, size } of binding.packs) packs.declare(pack, size);
        return created;
      }).catch(failed(`cannot prepare step "${name}"`));
      steps.add(session);
      const createMilliseconds = performance.now() - start;
      const ready: ReadyStep = { session, placement: hostPlacement, binding };
      return {
        ...{ name, nodeCount, createMilliseconds, memory: 'fast', peakMemory, fromCache: false },
        run: async (inputs, scalars = {}) => {
          const data = orderedInputs(name, binding, inputs);
          const numbers = orderedScalars(name, binding, scalars);
          const { outputs, ...ran } = await inTurn(() => runStep(ready, packs, data, numbers)).catch(
            failed(`step "${name}" failed`),
          );
          return {
            ...ran,
            outputs: Object.fromEntries(binding.outputs.map((output, i) => [output.name, outputs[i]!])),
          };
        },
        release: async () => {
          if (steps.delete(session)) await inTurn(() => session.release());
        },
      };
    },
    setState: (pack, data) => inTurn(() => packs.set(pack, data)).catch(failed(`state "${pack}"`)),
    getState: (pack) => inTurn(() => packs.get(pack)).catch(failed(`state "${pack}"`)),
    join: alone,
    reduce: alone,
    dispose: () =>
      inTurn(async () => {
        for (const session of steps) await session.release();
        steps.clear();
        packs.clear();
      }),
  };
}

/** A tab is no process among others, and makes an update of one batch. */
const alone = (): Promise<never> => {
  throw new OtxError('usage', 'a browser trains alone, and each batch by itself');
};

async function createSession(
  { InferenceSession, Tensor }: WebRuntime,
  model: Uint8Array,
): Promise<StepSession> {
  const session = await InferenceSession.create(model, SESSION_OPTIONS);
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
}
