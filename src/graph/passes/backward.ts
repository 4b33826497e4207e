/** @file What passes that trade time for memory ask about a training step: which part a node belongs to, and who reads what. */
import { type Node, reachableNodes, type Tensor } from '../tensor.js';

export function isBackward(node: Node): boolean {
  return node.phase === 'backward';
}

/** Who reads each tensor, directly or under another shape. */
export function consumersOf(outputs: readonly Tensor[]): ReadonlyMap<Tensor, readonly Node[]> {
  const consumers = new Map<Tensor, Node[]>();
  const nodes = reachableNodes(outputs);
  for (const node of nodes) for (const y of node.outputs) consumers.set(y, []);
  // Backwards, so that what reads a reshape is known before the reshape passes it on.
  for (const node of nodes.reverse()) {
    const readers = node.op === 'reshape' ? consumers.get(node.outputs[0]!)! : [node];
    for (const x of new Set(node.inputs)) consumers.get(x)!.push(...readers);
  }
  return consumers;
}
