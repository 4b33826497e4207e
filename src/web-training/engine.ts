/**
 * @file The engine in a browser: `onnxruntime-web` on the thread that trains. For the processor steps are compiled as in Node with
 * documented operators alone, since this build of the runtime has no blocked layout; for the graphics card as in Node with WebGPU. State
 * is kept by the same code.
 */

import { messageOf, OtxError } from '../base/errors.js';
import { createTurns } from '../base/turns.js';
import { type PreparedStep, prepareStep } from '../engine/prepare.js';
import type { Chosen } from '../engine/providers/choose-provider.js';
import type { Target } from '../engine/providers/provider.js';
import { stockTarget } from '../engine/providers/stock.js';
import { Packs } from '../engine/sessions/packs.js';
import { type ReadyStep, runStep } from '../engine/sessions/run-step.js';
import type { StepSession } from '../engine/sessions/session.js';
import type { StepGraph } from '../engine/step.js';
import { orderedInputs, orderedScalars } from '../engine/step-inputs.js';
import type { SessionEngine } from '../training/session.js';
import type { WebRuntime } from '../web/runtime.js';
import { chooseDevice, type DeviceChoice } from './choose-device.js';
import { cardSessions, processorSessions } from './sessions.js';

/** Where to compute steps that change state; all others are computed by the processor. */
export type WebEngineOptions = Pick<DeviceChoice, 'wish' | 'card' | 'tell'>;

/** An engine on the calling thread, which waits while a step runs: to be called from a worker. One step at a time. */
export function createWebEngine(runtime: WebRuntime, options: WebEngineOptions): SessionEngine {
  const packs = new Packs();
  const steps = new Set<StepSession>();
  const inTurn = createTurns(1);
  const open = opening(runtime);
  let chosen: Promise<Chosen> | undefined;
  const choose = (step?: () => StepGraph, signal?: AbortSignal): Promise<Chosen> => {
    chosen ??= chooseDevice({ ...options, open }, step, signal);
    return chosen;
  };
  const failed = (what: string) => (error: unknown) => {
    throw error instanceof OtxError
      ? error
      : new OtxError('engine', `${what}: ${messageOf(error)}`, { cause: error });
  };
  return {
    choice: async (step, signal) => {
      const { target: _, ...choice } = await choose(step, signal);
      return choice;
    },
    compile: async (graph, { name = 'step', signal } = {}) => {
      const isLearning = graph.packs.some(({ next }) => next);
      const target = isLearning ? (await choose()).target : stockTarget();
      const prepared = await prepareStep(graph, { target, memory: 'fast', signal });
      const { binding, nodeCount, peakMemory } = prepared;
      const start = performance.now();
      const ready = await inTurn(async () => {
        for (const { name: pack, size } of binding.packs) packs.requireSize(pack, size);
        const opened = await open(prepared, target.session);
        for (const { name: pack, size } of binding.packs) packs.declare(pack, size);
        return opened;
      }).catch(failed(`cannot prepare step "${name}"`));
      const { session } = ready;
      steps.add(session);
      const createMilliseconds = performance.now() - start;
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
        // Before the sessions, which its memory on a card belongs to.
        packs.clear();
        for (const session of steps) await session.release();
        steps.clear();
      }),
  };
}

/** A tab is no process among others, and makes an update of one batch. */
const alone = (): Promise<never> => {
  throw new OtxError('usage', 'a browser trains alone, and each batch by itself');
};

/** Makes sessions of a runtime, for either target. */
function opening(runtime: WebRuntime) {
  const [processor, card] = [processorSessions(runtime), cardSessions(runtime)];
  return async (
    { model, binding }: Pick<PreparedStep, 'model' | 'binding'>,
    target: Target['session'],
  ): Promise<ReadyStep> => {
    const { placement, createSession } = target.provider === 'webgpu' ? card : processor;
    // Threads are those of the runtime.
    const session = await createSession(model, { threads: 1, rewrite: false }, target, binding);
    return { session, placement, binding };
  };
}
