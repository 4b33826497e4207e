/**
 * @file Batch norm with the ReLU behind it, and its gradient with the mask of that ReLU and the sum with other gradients, each as
 * one operator.
 */
import { mul } from '../builders.js';
import type { AnyNode, Node, Tensor } from '../tensor.js';
import type { OnnxAttribute } from '../vocabulary.js';
import { isElementwise } from './elementwise-program.js';
import { fusedOp, fuseWith, type Matching } from './matching.js';
import { isShape } from './planes.js';

/** @param sharedBy batches that share their statistics; undefined for each by itself. */
export function fuseNorms(outputs: readonly Tensor[], sharedBy?: number): Tensor[] {
  const sharing = sharedBy === undefined ? undefined : new Sharing(sharedBy);
  return fuseWith(outputs, (node, matching) => {
    if (node.op === 'batchNorm') return forward(node, matching, sharing);
    if (node.op === 'batchNormGrad') return backward(node, matching, sharing);
    return undefined;
  });
}

/** Norms whose statistics are those of several batches. */
class Sharing {
  private places = 0;
  private readonly variances = new Map<Tensor, Tensor>();

  constructor(private readonly batches: number) {}

  /** The attribute of a node that exchanges something: runs of one model tell by it that they are at the same one. */
  place(): Readonly<Record<string, OnnxAttribute>> {
    this.places += 1;
    return { shared: { int: this.places } };
  }

  /**
   * The variance of a norm for those who keep a running one. They correct it as one of the n values of their batch, by n / (n − 1); it is
   * one of all N, by N / (N − 1).
   */
  corrected(node: Node<'batchNorm'>, variance: Tensor): Tensor {
    this.variances.set(node.outputs[2]!, variance);
    const own = node.inputs[0]!.size / node.inputs[1]!.size;
    const all = own * this.batches;
    return mul(variance, ((all / (all - 1)) * (own - 1)) / own);
  }

  /** The same as it is. */
  plain(variance: Tensor): Tensor {
    return this.variances.get(variance)!;
  }
}

function forward(node: Node<'batchNorm'>, matching: Matching, sharing?: Sharing): readonly Tensor[] {
  const y = node.outputs[0]!;
  const relu = reluBehind(y, matching);
  const fused = fusedOp('BatchNorm', node.inputs.map(matching.current), node.outputs, {
    epsilon: { float: node.attributes.epsilon },
    relu: { int: relu ? 1 : 0 },
    ...sharing?.place(),
  });
  if (relu) matching.replace(relu, [fused[0]!]);
  const [normed, mean, variance] = fused as [Tensor, Tensor, Tensor];
  return sharing ? [normed, mean, sharing.corrected(node, variance)] : fused;
}

/** The ReLU of a value that nobody else reads. */
export function reluBehind(y: Tensor, { isInner, readers }: Matching): AnyNode | undefined {
  if (!isInner(y)) return undefined;
  const [reader] = readers(y);
  return reader!.op === 'relu' ? reader : undefined;
}

function backward(
  node: Node<'batchNormGrad'>,
  matching: Matching,
  sharing?: Sharing,
): readonly (Tensor | undefined)[] {
  const [dy, x, scale, mean, variance] = node.inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const { gradient, relu } = unmasked(dy, mean, matching);
  const sum = sumBehind(node, matching);
  const [dx, ...others] = fusedOp(
    'BatchNormGrad',
    [
      ...[gradient, x, scale, mean.node.inputs[2]!, mean].map(matching.current),
      sharing?.plain(variance) ?? matching.current(variance),
      ...(sum ? [matching.current(sum.other)] : []),
    ],
    node.outputs,
    { epsilon: { float: node.attributes.epsilon }, relu: { int: relu ? 1 : 0 }, ...sharing?.place() },
  );
  if (sum) matching.replace(sum.node, [dx!]);
  return [sum ? undefined : dx!, ...others];
}

/** The addition of the gradient that other paths have brought to the same map, where that is stored before. */
function sumBehind(
  node: Node<'batchNormGrad'>,
  { isInner, readers }: Matching,
): { readonly node: AnyNode; readonly other: Tensor } | undefined {
  const dx = node.outputs[0]!;
  if (!isInner(dx)) return undefined;
  const sum = readers(dx)[0]!;
  const other = sum.inputs.find((x) => x !== dx);
  if (sum.op !== 'add' || !other || other.node.id > node.id || !isShape(other, dx.shape)) return undefined;
  // What one addition alone reads is part of a chain, and stored nowhere.
  return isInner(other) && isElementwise(other.node as AnyNode) ? undefined : { node: sum, other };
}

/**
 * The gradient before the mask of the ReLU behind the norm, where it has one: the kernel computes the mask again from what it
 * reads anyway. Any number of nodes may read the masked gradient of a residual, which is then kept as it is.
 *
 * @param mean of the norm, by which it is known
 */
export function unmasked(
  dy: Tensor,
  mean: Tensor,
  { isInner }: Matching,
): { readonly gradient: Tensor; readonly relu: boolean } {
  const kept = { gradient: dy, relu: false };
  if (dy.node.op !== 'mul' || !isInner(dy)) return kept;
  const [a, b] = dy.node.inputs as [Tensor, Tensor];
  for (const [mask, gradient] of [
    [b, a],
    [a, b],
  ] as const) {
    const rectified = mask.node.op === 'positive' ? mask.node.inputs[0]! : undefined;
    const ofNorm = rectified?.node.op === 'relu' && rectified.node.inputs[0] === mean.node.outputs[0];
    if (ofNorm) return { gradient, relu: true };
  }
  return kept;
}
