/** @file Steps of several batches side by side, whose batch norms have the mean and variance of all: the caller's side. */
import { OtxError } from '../base/errors.js';
import { reachableNodes, type TensorData } from '../graph/index.js';
import type { AnyNode } from '../graph/tensor.js';
import type { EngineThread } from './engine-thread.js';
import type { StepBinding } from './protocol.js';
import type { EngineChoice } from './providers/choose-provider.js';
import type { Target } from './providers/provider.js';
import type { StepGraph } from './step.js';
import {
  describeInput,
  InputBuffers,
  orderedInputs,
  orderedScalars,
  type StepInputs,
} from './step-inputs.js';

/** How batches share the mean and variance of their batch norms. They are of one size. */
export interface SharedNorms {
  /** Batches of all processes. */
  readonly batches: number;
  /** Those of this process, which run at once. */
  readonly here: number;
}

/** What runs side by side give. */
export interface SharedRunResult {
  /** Of the last batch of this process, as in {@link RunResult}. */
  readonly outputs: Readonly<Record<string, TensorData>>;
  /** Over the batches of all processes, in the order in which they were asked for. */
  readonly means: readonly number[];
}

/**
 * Runs a step on several batches side by side, whose batch norms have the mean and variance of all of them, and of those of
 * the other processes of a job. Each pack that the step updates becomes the mean of what the batches make of it.
 *
 * @param batches of this process.
 * @param values names of outputs of one value whose means are wanted.
 * @throws OtxError `engine` for wrong inputs, or when the runtime fails; the packs are then as before.
 */
export type RunTogether = (
  batches: readonly StepInputs[],
  scalars: Readonly<Record<string, number>>,
  values: readonly string[],
) => Promise<SharedRunResult>;

/**
 * @throws OtxError `engine` for a target whose runs cannot wait for each other, `graph` for a step that reads a pack which it updates: the
 * batches would each see another one.
 */
export function checkShared(step: StepGraph, target: Target, { kind, reason }: EngineChoice): void {
  if (!target.sharedPasses)
    throw new OtxError(
      'engine',
      `batch norms that share their statistics take the fused engine, and this is the ${kind} one: ${reason}`,
    );
  const updates = step.packs.flatMap(({ next }) => next ?? []);
  const read = new Set(reachableNodes([...Object.values(step.outputs), ...updates]));
  const both = step.packs.find(({ current, next }) => next && read.has(current.node as AnyNode));
  if (both)
    throw new OtxError('graph', `a step of several batches reads and updates the pack "${both.layout.name}"`);
}

/** That of a step which the thread has made. */
export function runningTogether(
  thread: EngineThread,
  step: { readonly name: string; readonly session: number; readonly binding: StepBinding },
  { batches: count }: SharedNorms,
): RunTogether {
  const { name, session, binding } = step;
  const buffers = new InputBuffers(binding.inputs);
  return async (batches, scalars, values) => {
    const numbers = orderedScalars(name, binding, scalars);
    const ordered = batches.map((inputs) => orderedInputs(name, binding, inputs));
    const parts = ordered.map((inputs) => buffers.copy(inputs));
    const places = values.map((value) => binding.outputs.findIndex((output) => output.name === value));
    const reply = await thread.request(
      'runTogether',
      { session, parts, scalars: numbers, values: places, count },
      parts.flatMap((part) => part.map(({ buffer }) => buffer as ArrayBuffer)),
      (message) => `step "${name}" failed on ${binding.inputs.map(describeInput).join(', ')}: ${message}`,
    );
    for (const part of reply.parts) buffers.giveBack(part);
    return {
      outputs: Object.fromEntries(binding.outputs.map((output, i) => [output.name, reply.outputs[i]!])),
      means: reply.means,
    };
  };
}
