/** @file A step that is run to see whether it works, and how long it takes: with state and inputs that mean nothing. */
import type { TensorData } from '../../graph/tensor.js';
import { allocate } from '../allocate.js';
import type { StepBinding } from '../protocol.js';
import { Packs } from '../sessions/packs.js';
import { type ReadyStep, runStep } from '../sessions/run-step.js';
import type { TrialResult } from './protocol.js';

/** Small, and nowhere zero: variances of nothing but zeros would be divided by. */
const stateValues = (size: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => 0.05 * Math.sin(1.7 * i) + 0.06);

/** Something for every input of a step, in the order of its binding. */
export function trialInputs({ inputs }: StepBinding): readonly TensorData[] {
  return inputs.map(({ dtype, shape }) => {
    const data = allocate(dtype, shape);
    if (data instanceof Float32Array) for (let i = 0; i < data.length; i++) data[i] = Math.sin(1.7 * i);
    return data;
  });
}

/**
 * Runs a step some times, with state of its own that it goes on with.
 *
 * @param inputs in the order of the binding.
 * @throws Error when the runtime fails.
 */
export async function runTrial(
  step: ReadyStep,
  inputs: readonly TensorData[],
  runs: number,
): Promise<TrialResult> {
  const { packs: bound, scalars } = step.binding;
  const packs = new Packs();
  const milliseconds: number[] = [];
  let outputs: readonly TensorData[] = [];
  try {
    for (const { name, size } of bound) await packs.set(name, stateValues(size));
    const numbers = scalars.map(() => 1e-6);
    for (let i = 0; i < runs; i++) {
      const ran = await runStep(step, packs, inputs, numbers);
      milliseconds.push(ran.milliseconds);
      outputs = ran.outputs;
    }
    return { outputs, milliseconds };
  } finally {
    packs.clear();
  }
}
