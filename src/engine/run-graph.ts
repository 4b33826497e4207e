/** @file Evaluates a graph once, in this process: for tests of graphs, which need neither state nor a thread. */
import { serializeLowered } from '../graph/onnx/serialize.js';
import { type AnyNode, reachableNodes, type Tensor, type TensorData } from '../graph/tensor.js';
import type { CpuCapabilities } from './providers/cpu.js';
import { probeCpu } from './providers/probe.js';
import { lowerForCpu } from './providers/stock.js';
import { createSession, type OrtTensor, toOrtTensor } from './runtime.js';

export interface RunGraphOptions {
  /** Default 1. */
  readonly threads?: number;
  /** Let ONNX Runtime rewrite the graph; default false. */
  readonly rewrite?: boolean;
  /** Default: what the engine would use for a step that is not rewritten. */
  readonly capabilities?: CpuCapabilities;
  /** Replaces the optimise–lower–optimise of the engine, to test a lowering. */
  readonly lower?: (outputs: readonly Tensor[]) => readonly Tensor[];
}

/**
 * Values of `outputs`, in order.
 * @param feeds one array per `input` node, by name. Blocks the event loop.
 */
export async function runGraph(
  outputs: readonly Tensor[],
  feeds: Readonly<Record<string, TensorData>>,
  options: RunGraphOptions = {},
): Promise<TensorData[]> {
  const { threads = 1, rewrite = false } = options;
  const inputs = (reachableNodes(outputs) as AnyNode[]).flatMap((node) =>
    node.op === 'input' ? [{ name: node.attributes.name, tensor: node.outputs[0]! }] : [],
  );
  const names = outputs.map((_, i) => `output${i}`);
  const lowered = options.lower
    ? options.lower(outputs)
    : lowerForCpu(outputs, options.capabilities ?? (rewrite ? undefined : await localCapabilities()));
  const model = serializeLowered({
    inputs: inputs.map(({ tensor }) => tensor),
    outputs: Object.fromEntries(names.map((name, i) => [name, lowered[i]!])),
  });
  const session = await createSession(model, { threads, rewrite });
  try {
    const values = inputs.map(({ name, tensor }): [string, OrtTensor] => {
      const data = feeds[name];
      if (!data) throw new Error(`no value for input "${name}"`);
      return [name, toOrtTensor(tensor.dtype, data, tensor.shape)];
    });
    const results = await session.run(Object.fromEntries(values));
    return names.map((name) => (results[name]!.data as TensorData).slice());
  } finally {
    await session.release();
  }
}

let probed: Promise<CpuCapabilities> | undefined;

/** What the runtime in this process can do; found out once. */
export function localCapabilities(): Promise<CpuCapabilities> {
  probed ??= probeCpu(async ({ model, binding, inputs }) => {
    const session = await createSession(model, { threads: 1, rewrite: false });
    try {
      const values = binding.inputs.map(({ name, dtype, shape }, i): [string, OrtTensor] => [
        name,
        toOrtTensor(dtype, inputs[i]!, shape),
      ]);
      const results = await session.run(Object.fromEntries(values));
      return binding.outputs.map(({ name }) => (results[name]!.data as Float32Array).slice());
    } finally {
      await session.release();
    }
  });
  return probed;
}
