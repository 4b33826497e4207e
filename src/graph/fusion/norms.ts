/** @file Batch norm with the ReLU behind it, and its gradient with the mask of that ReLU, each as one operator. */
import type { AnyNode, Node, Tensor } from '../tensor.js';
import { fusedOp, fuseWith, type Matching } from './matching.js';

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

function backward(node: Node<'batchNormGrad'>, matching: Matching): readonly Tensor[] {
  const [dy, x, scale, mean, variance] = node.inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const { gradient, relu } = unmasked(dy, mean, matching);
  return fusedOp(
    'BatchNormGrad',
    [gradient, x, scale, mean.node.inputs[2]!, mean, variance].map(matching.current),
    node.outputs,
    { epsilon: { float: node.attributes.epsilon }, relu: { int: relu ? 1 : 0 } },
  );
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
