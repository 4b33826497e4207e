/** @file The one mechanism behind every pass: rebuild a graph in order, replacing nodes on the way. */
import { type AnyNode, createNode, inPlaceOf, reachableNodes, type Tensor } from '../tensor.js';

/**
 * Replacement for a node whose inputs have already been rewritten: tensors for its outputs, or undefined to keep it.
 * Nodes created inside inherit the module path, phase and order of the node they replace.
 */
export type Visitor = (node: AnyNode, inputs: readonly Tensor[]) => readonly Tensor[] | undefined;

/** Rewrites everything that `outputs` depend on; nodes without replacement and with unchanged inputs are reused. */
export function rewrite(outputs: readonly Tensor[], visit: Visitor): Tensor[] {
  const replaced = new Map<Tensor, Tensor>();
  const current = (tensor: Tensor): Tensor => replaced.get(tensor) ?? tensor;
  for (const node of reachableNodes(outputs)) {
    const inputs = node.inputs.map(current);
    const changed = inputs.some((x, i) => x !== node.inputs[i]);
    const results = inPlaceOf(
      node,
      () => visit(node, inputs) ?? (changed ? createNode(node.op, inputs, node.attributes) : node.outputs),
    );
    node.outputs.forEach((y, i) => {
      const result = results[i];
      if (result && result !== y) replaced.set(y, result);
    });
  }
  return outputs.map(current);
}
