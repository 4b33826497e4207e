/**
 * @file The order in which a graph runs, which decides how much of it is in memory at once. A training step holds most at
 * the turn from forward to backward; what is computed too early, or consumed too late, adds to that.
 */
import { type AnyNode, compareOrder, type Node, type Tensor } from '../tensor.js';

/**
 * Every node right before it is first needed. Of what an operator reads, the last in order is computed first, so that
 * masks and copies for the backward pass are not made before the gradient they meet. What a concatenation joins goes in
 * order, so that a weight gradient follows at once where the gradient it reads was computed.
 */
export function executionOrder(outputs: readonly Tensor[]): AnyNode[] {
  const seen = new Set<Node>();
  const order: Node[] = [];
  const stack = lastFirst(outputs).map((node) => ({ node, inputsDone: false }));
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    const { node, inputsDone } = entry;
    if (inputsDone) {
      order.push(node);
      continue;
    }
    if (seen.has(node)) continue;
    seen.add(node);
    stack.push({ node, inputsDone: true });
    const inputs = node.op === 'concat' ? lastFirst(node.inputs) : lastFirst(node.inputs).reverse();
    for (const input of inputs) if (!seen.has(input)) stack.push({ node: input, inputsDone: false });
  }
  return order as AnyNode[];
}

/**
 * The order of a file for which ONNX Runtime arrives at {@link executionOrder}. The runtime keeps no file order: it walks
 * from the results to their inputs and takes the input that comes last in the file first. So a file is filled from its end
 * with what shall run first, as far as consumers must follow producers.
 */
export function fileOrder(outputs: readonly Tensor[]): AnyNode[] {
  const order = executionOrder(outputs);
  const position = new Map<Node, number>(order.map((node, i) => [node, i]));
  const consumers = new Map<Node, number>(order.map((node) => [node, 0]));
  for (const node of order)
    for (const input of producers(node)) consumers.set(input, consumers.get(input)! + 1);

  const available = new MinHeap();
  for (const [node, count] of consumers) if (count === 0) available.push(position.get(node)!);
  const fromTheEnd: AnyNode[] = [];
  for (let next = available.pop(); next !== undefined; next = available.pop()) {
    const node = order[next]!;
    fromTheEnd.push(node);
    for (const input of producers(node)) {
      const left = consumers.get(input)! - 1;
      consumers.set(input, left);
      if (left === 0) available.push(position.get(input)!);
    }
  }
  return fromTheEnd.reverse();
}

function producers(node: Node): Set<Node> {
  return new Set(node.inputs.map((x) => x.node));
}

/** Producing nodes, the last in order first; a stack returns the first. */
function lastFirst(tensors: readonly Tensor[]): Node[] {
  return [...new Set(tensors.map((x) => x.node))].sort((a, b) => compareOrder(b, a));
}

/** Smallest number first. */
class MinHeap {
  private readonly items: number[] = [];

  push(value: number): void {
    const { items } = this;
    let at = items.push(value) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]! <= value) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = value;
  }

  pop(): number | undefined {
    const { items } = this;
    const first = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < items.length && items[child + 1]! < items[child]!) child += 1;
      if (child >= items.length || items[child]! >= last) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return first;
  }
}
