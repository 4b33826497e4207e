/**
 * @file Trades time for memory: what is cheap to compute from values that the backward pass needs anyway is not kept for it
 * but computed a second time (https://arxiv.org/abs/1604.06174). No convolution is repeated, so that a step gets only a few
 * passes over memory longer.
 */
import { add, mul, reciprocal, reshape, sqrt, sub } from '../builders.js';
import { type AnyNode, createNode, type Tensor } from '../tensor.js';
import { consumersOf, isBackward } from './backward.js';
import { rewrite } from './rewrite.js';

/** Smaller maps are not worth an operator. */
export const MIN_REPEATED_SIZE = 2 ** 16;

/**
 * Gives the backward pass activations and normalised maps of its own. Runs before lowering; what eliminates common
 * subexpressions afterwards must keep the two passes apart, or it would join them again.
 */
export function recomputeActivations(outputs: readonly Tensor[]): Tensor[] {
  const consumers = consumersOf(outputs);
  const known = new Map<Tensor, boolean>();
  const isRepeatable = (x: Tensor): boolean => {
    let result = known.get(x);
    if (result === undefined) {
      result =
        x.size >= MIN_REPEATED_SIZE && !isBackward(x.node) && isCheap(x) && x.node.inputs.every(isKept);
      known.set(x, result);
    }
    return result;
  };
  const isKept = (x: Tensor): boolean =>
    x.size < MIN_REPEATED_SIZE || consumers.get(x)!.some(isBackward) || isRepeatable(x);

  const copies = new Map<Tensor, Tensor>();
  const again = (x: Tensor): Tensor => {
    if (!isRepeatable(x)) return x;
    const copy = copies.get(x) ?? compute(x, again);
    copies.set(x, copy);
    return copy;
  };
  return rewrite(outputs, (node, inputs) => {
    if (!isBackward(node) || node.inputs.length === 0) return undefined;
    // All of the backward pass is made anew: the age of nodes decides the order in which they run.
    const own = node.inputs.map((x, i) => (isRepeatable(x) ? again(x) : inputs[i]!));
    return createNode(node.op, own, node.attributes);
  });
}

function isCheap({ node, index }: Tensor): boolean {
  const { op } = node as AnyNode;
  return ['relu', 'gelu', 'mul', 'reshape'].includes(op) || (op === 'batchNorm' && index === 0);
}

/** x once more, from its inputs as the backward pass has them. */
function compute(x: Tensor, again: (source: Tensor) => Tensor): Tensor {
  const node = x.node as AnyNode;
  const inputs = node.inputs.map(again);
  if (node.op !== 'batchNorm') return createNode(node.op, inputs, node.attributes)[0]!;
  const [source, scale, bias] = inputs as [Tensor, Tensor, Tensor];
  const [, mean, variance] = node.outputs as [Tensor, Tensor, Tensor];
  // Rounded as in the runtime's kernel, operation by operation: the second time gives the same bits.
  const factor = mul(scale, sqrt(reciprocal(add(variance, node.attributes.epsilon))));
  const perChannel = (values: Tensor) => reshape(values, [values.size, ...x.shape.slice(2).map(() => 1)]);
  return add(mul(source, perChannel(factor)), perChannel(sub(bias, mul(mean, factor))));
}
