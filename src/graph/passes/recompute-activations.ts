/**
 * @file Trades time for memory: what is cheap to compute from values that the backward pass needs anyway is not kept for it
 * but computed a second time (https://arxiv.org/abs/1604.06174). No convolution is repeated, so that a step gets only a few
 * passes over memory longer.
 */
import { add, mul, reciprocal, reshape, sqrt, sub } from '../builders.js';
import { createNode, type Tensor } from '../tensor.js';
import type { OpAttributes } from '../vocabulary.js';
import { consumersOf, isBackward } from './backward.js';
import { rewrite } from './rewrite.js';

/** Smaller maps are not worth an operator. */
export const MIN_REPEATED_SIZE = 2 ** 16;

/** How a value is computed once more. */
export interface Repetition {
  /** What from; each must be kept for the backward pass anyway, be small, or be repeatable itself. */
  readonly sources: readonly Tensor[];
  /** The value, with the same bits, from the sources as the backward pass has them. */
  compute(sources: readonly Tensor[]): Tensor;
}

/** How a value of the forward pass may be computed once more; undefined for one that takes too long. */
export type Repeat = (x: Tensor) => Repetition | undefined;

/**
 * Gives the backward pass activations and normalised maps of its own. Runs before lowering; what eliminates common
 * subexpressions afterwards must keep the two passes apart, or it would join them again.
 *
 * @param repeat default: operators as the stock runtime computes them
 */
export function recomputeActivations(outputs: readonly Tensor[], repeat: Repeat = repeatStock): Tensor[] {
  const consumers = consumersOf(outputs);
  const known = new Map<Tensor, Repetition | undefined>();
  const repetitionOf = (x: Tensor): Repetition | undefined => {
    if (known.has(x)) return known.get(x);
    const repetition = x.size >= MIN_REPEATED_SIZE && !isBackward(x.node) ? repeat(x) : undefined;
    const result = repetition?.sources.every(isKept) ? repetition : undefined;
    known.set(x, result);
    return result;
  };
  const isKept = (x: Tensor): boolean =>
    x.size < MIN_REPEATED_SIZE || consumers.get(x)!.some(isBackward) || repetitionOf(x) !== undefined;

  const copies = new Map<Tensor, Tensor>();
  const again = (x: Tensor): Tensor => {
    const repetition = repetitionOf(x);
    if (!repetition) return x;
    const copy = copies.get(x) ?? repetition.compute(repetition.sources.map(again));
    copies.set(x, copy);
    return copy;
  };
  return rewrite(outputs, (node, inputs) => {
    if (!isBackward(node)) return undefined;
    const own = node.inputs.map((x, i) => (repetitionOf(x) ? again(x) : inputs[i]!));
    return own.every((x, i) => x === inputs[i]) ? undefined : createNode(node.op, own, node.attributes);
  });
}

/** Activations, products, and norms as the runtime's kernel rounds them, operation by operation. */
export const repeatStock: Repeat = ({ node: { op, inputs, outputs, attributes }, index }) => {
  const isOfHalves = op === 'cast' && [inputs[0], outputs[0]].some((x) => x!.dtype === 'float16');
  if (isOfHalves || ['relu', 'gelu', 'mul', 'reshape'].includes(op))
    return { sources: inputs, compute: (sources) => createNode(op, sources, attributes)[0]! };
  if (op !== 'batchNorm' || index !== 0) return undefined;
  const { epsilon } = attributes as OpAttributes['batchNorm'];
  const [y, mean, variance] = outputs as [Tensor, Tensor, Tensor];
  const perChannel = (values: Tensor) => reshape(values, [values.size, ...y.shape.slice(2).map(() => 1)]);
  return {
    sources: inputs,
    compute: ([source, scale, bias]) => {
      const factor = mul(scale!, sqrt(reciprocal(add(variance, epsilon))));
      return add(mul(source!, perChannel(factor)), perChannel(sub(bias!, mul(mean, factor))));
    },
  };
};
