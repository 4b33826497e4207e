/** @file A trained network as the bytes of an ordinary ONNX file: exported, or run right away. */

import { lower, type Tensor } from '../graph/index.js';
import { opsetLowering } from '../graph/lowering/opset.js';
import { type ModelDescription, OPSETS, serializeLowered } from '../graph/onnx/serialize.js';
import { type NetworkForm, type NetworkGraph, type NetworkSource, networkGraph } from './network-graph.js';

/** What a file says besides its graph. */
export type FileDescription = Omit<ModelDescription, 'inputs' | 'outputs'>;

/** The file of {@link networkGraph}. */
export function encodeNetwork(
  source: NetworkSource,
  form: NetworkForm = {},
  description: FileDescription = {},
): Uint8Array {
  return encodeGraph(networkGraph(source, form), description);
}

/** The same of a graph that is there already. */
export function encodeGraph({ inputs, outputs }: NetworkGraph, description: FileDescription): Uint8Array {
  const names = Object.keys(outputs);
  const written = lower(Object.values(outputs), opsetLowering(description.opset ?? OPSETS.newest));
  const named = Object.fromEntries(names.map((name, i) => [name, written[i] as Tensor]));
  return serializeLowered({ ...description, inputs, outputs: named });
}
