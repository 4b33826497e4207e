/** @file Constant folding: operators whose inputs are all constants are evaluated at compile time. */
import { constant } from '../builders.js';
import { evaluateNode } from '../evaluate.js';
import type { AnyNode, Tensor } from '../tensor.js';
import { rewrite } from './rewrite.js';

/** Results above this many values stay symbolic: a big `expand` is cheaper to compute than to store. */
const MAX_GROWTH = 16384;

export function foldConstants(outputs: readonly Tensor[]): Tensor[] {
  return rewrite(outputs, (node, inputs) => {
    // What is stored in eight bits is meant to stay so.
    if (node.op === 'dequantizeLinear') return undefined;
    if (inputs.length === 0 || !inputs.every(isConstant) || !worthFolding(node, inputs)) return undefined;
    const values = inputs.map((x) => (x.node as Extract<AnyNode, { op: 'constant' }>).attributes.data);
    return evaluateNode(node, inputs, values)?.map((data, i) => {
      const { dtype, shape } = node.outputs[i]!;
      return constant(data, shape, dtype);
    });
  });
}

function isConstant(x: Tensor): boolean {
  return x.node.op === 'constant' && !(x.node as Extract<AnyNode, { op: 'constant' }>).attributes.unique;
}

function worthFolding(node: AnyNode, inputs: readonly Tensor[]): boolean {
  const before = inputs.reduce((sum, x) => sum + x.size, 0);
  const after = node.outputs.reduce((sum, y) => sum + y.size, 0);
  return after <= Math.max(before, MAX_GROWTH);
}
