/** @file How much memory a run needs at its peak, from the order of execution and the sizes of what is alive. */
import { type AnyNode, bytesOf, type Node, type Tensor } from '../tensor.js';
import { executionOrder } from './schedule.js';

/** Elementwise kernels that may write over an operand which nobody else reads. */
const inPlace = new Set([
  'neg',
  'exp',
  'log',
  'sqrt',
  'reciprocal',
  'abs',
  'floor',
  'relu',
  'sigmoid',
  'tanh',
  'add',
  'sub',
  'mul',
  'div',
]);

/**
 * Bytes of the intermediate values of a lowered graph when most of them are alive; constants and inputs of the graph not
 * counted. A reshape shares the memory of its operand, and elementwise operators write over an operand that dies with them.
 */
export function peakMemory(outputs: readonly Tensor[]): number {
  const order = executionOrder(outputs).filter(({ op }) => op !== 'input' && op !== 'constant');
  const lastReader = new Map<Tensor, Node>();
  for (const node of order) for (const x of node.inputs) lastReader.set(storage(x), node);
  const kept = new Set(outputs.map(storage));
  let alive = 0;
  let peak = 0;
  for (const node of order) {
    if (node.op === 'reshape') {
      release(node);
      continue;
    }
    const reused = inPlace.has(node.op) ? reusable(node) : 0;
    alive += node.outputs.reduce((sum, y) => sum + bytesOf(y), 0) - reused;
    peak = Math.max(peak, alive);
    alive += reused;
    release(node);
    for (const y of node.outputs) if (!lastReader.has(y) && !kept.has(y)) alive -= bytesOf(y);
  }
  return peak;

  function release(node: AnyNode): void {
    for (const x of new Set(node.inputs.map(storage))) if (dies(x, node)) alive -= bytesOf(x);
  }

  function dies(x: Tensor, reader: Node): boolean {
    const { op } = x.node;
    return op !== 'input' && op !== 'constant' && !kept.has(x) && lastReader.get(x) === reader;
  }

  function reusable(node: AnyNode): number {
    const size = bytesOf(node.outputs[0]!);
    return node.inputs.some((x) => dies(storage(x), node) && bytesOf(x) === size) ? size : 0;
  }
}

/** The tensor whose memory a chain of reshapes shows. */
function storage(x: Tensor): Tensor {
  return x.node.op === 'reshape' ? storage(x.node.inputs[0]!) : x;
}
