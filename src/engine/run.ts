/** @file Values of a graph, without a step to set up: for trying out and for computing something once. */
import { OtxError } from '../base/errors.js';
import { type AnyNode, reachableNodes, type Tensor, type TensorData } from '../graph/tensor.js';
import { createEngine, type Engine } from './engine.js';
import type { StepGraph } from './step.js';

/**
 * Values of `outputs`, computed on a thread of their own. For many runs of one graph compile it once (`Engine.compile`).
 *
 * @param feeds one array per `input` node that the outputs depend on, by its name: of the type that belongs to its dtype,
 * in row-major order.
 * @param engine computes on an engine that is running already; default: one is started for this call and ended after it,
 * which takes some tenths of a second.
 * @returns one array per output, in order.
 * @throws OtxError `graph` when two inputs share a name or an operator has no ONNX form; `engine` for missing, unknown or
 * wrong arrays, or when the runtime fails.
 */
export async function run(
  outputs: readonly Tensor[],
  feeds: Readonly<Record<string, TensorData>> = {},
  engine?: Engine,
): Promise<TensorData[]> {
  const graph = graphOf(outputs);
  const used = engine ?? (await createEngine());
  try {
    const step = await used.compile(graph, { name: 'graph' });
    try {
      const { outputs: values } = await step.run(feeds);
      return Object.keys(graph.outputs).map((name) => values[name]!);
    } finally {
      await step.release();
    }
  } finally {
    if (!engine) await used.dispose();
  }
}

/** The outputs as a step without state. */
function graphOf(outputs: readonly Tensor[]): StepGraph {
  const inputs: Record<string, Tensor> = {};
  for (const node of reachableNodes(outputs) as AnyNode[]) {
    if (node.op !== 'input') continue;
    const { name } = node.attributes;
    if (Object.hasOwn(inputs, name))
      throw new OtxError('graph', `two inputs of the graph are named "${name}"`);
    inputs[name] = node.outputs[0]!;
  }
  return {
    inputs,
    scalars: {},
    packs: [],
    outputs: Object.fromEntries(outputs.map((tensor, i) => [`output${i}`, tensor])),
  };
}
