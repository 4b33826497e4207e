/** @file A trained network as the bytes of an ordinary ONNX file: exported, or run right away. */

import { type ModelDescription, serializeLowered } from '../graph/onnx/serialize.js';
import { type NetworkForm, type NetworkSource, networkGraph } from './network-graph.js';

/** Of the file; its graph is described by {@link networkGraph}. */
export function encodeNetwork(
  source: NetworkSource,
  form: NetworkForm = {},
  description: Omit<ModelDescription, 'inputs' | 'outputs'> = {},
): Uint8Array {
  return serializeLowered({ ...description, ...networkGraph(source, form) });
}
