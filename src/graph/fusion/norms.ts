/**
 * @file Batch norm with the ReLU behind it, and its gradient with the mask of that ReLU and the sum with other gradients, each as
 * one operator.
 */
import type { AnyNode, Node, Tensor } from '../tensor.js';
import { isElementwise } from './elementwise-program.js';
import { fusedOp, fuseWith, type Matching } from './matching.js';
import { isShape } from './planes.js';

export function fuseNorms(outputs: readonly Tensor[]): Tensor[] {
  return fuseWith(outputs, (node, matching) => {
    if (node.op === 'batchNorm') return forward(node, matching);
    if (node.op === 'batchNormGrad') return backward(node, matching);
    return undefined;
  });
}

function forward(node: Node<'batchNorm'>, matching: Matching): readonly Tensor[] {
  const y = node.outputs[0]!;
  const relu = reluBehind(y, matching);
  const fused = fusedOp('BatchNorm', node.inputs.map(matching.current), node.outputs, {
    epsilon: { float: node.attributes.epsilon },
    relu: { int: relu ? 1 : 0 },
  });
  if (relu) matching.replace(relu, [fused[0]!]);
  return fused;
}

/** The ReLU of a value that nobody else reads. */
export function reluBehind(y: Tensor, { isInner, readers }: Matching): AnyNode | undefined {
  if (!isInner(y)) return undefined;
  const [reader] = readers(y);
  return reader!.op === 'relu' ? reader : undefined;
}

function backward(node: Node<'batchNormGrad'>, matching: Matching): readonly (Tensor | undefined)[] {
  const [dy, x, scale, mean, variance] = node.inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const { gradient, relu } = unmasked(dy, mean, matching);
  const sum = sumBehind(node, matching);
  const [dx, ...others] = fusedOp(
    'BatchNormGrad',
    [gradient, x, scale, mean.node.inputs[2]!, mean, variance, ...(sum ? [sum.other] : [])].map(
      matching.current,
    ),
    node.outputs,
    { epsilon: { float: node.attributes.epsilon }, relu: { int: relu ? 1 : 0 } },
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
