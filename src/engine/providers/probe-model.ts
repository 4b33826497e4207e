/** @file What the probes of providers have in common: one model of many small results, and when two of these agree. */
import { serializeLowered } from '../../graph/onnx/serialize.js';
import type { AnyNode, Tensor } from '../../graph/tensor.js';
import type { ProbeModel } from './provider.js';

/**
 * A model of lowered graphs, fed with numbers between -1 and 1.
 * @param inputs float32; nodes `input` with names of their own
 * @param offset is added to the numbers; default 0
 */
export function probeModel(inputs: readonly Tensor[], outputs: readonly Tensor[], offset = 0): ProbeModel {
  const named = outputs.map((tensor, i): [string, Tensor] => [`y${i}`, tensor]);
  const typed = (name: string, { dtype, shape }: Tensor) => ({ name, dtype, shape });
  return {
    model: serializeLowered({ inputs, outputs: Object.fromEntries(named) }),
    binding: {
      inputs: inputs.map((tensor) => typed(nameOf(tensor), tensor)),
      scalars: [],
      packs: [],
      outputs: named.map(([name, tensor]) => typed(name, tensor)),
    },
    inputs: inputs.map(({ size }, seed) =>
      Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.7 + seed) + offset),
    ),
  };
}

function nameOf({ node }: Tensor): string {
  const { op, attributes } = node as AnyNode;
  if (op !== 'input') throw new Error(`${op} is no input`);
  return attributes.name;
}

/** Whether no value differs by more than `tolerance` of the largest expected one. */
export function agree(expected: Float32Array, actual: Float32Array, tolerance: number): boolean {
  const scale = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  // A NaN fails the comparison.
  return expected.every((value, i) => Math.abs(value - actual[i]!) <= tolerance * scale);
}
