/** @file The gradient of the filters of a dense convolution as one operator, where the kernel library has it. */
import type { Node, Tensor } from '../tensor.js';
import { fusedOp, fuseWith } from './matching.js';

export function fuseDense(outputs: readonly Tensor[]): Tensor[] {
  return fuseWith(outputs, (node, { current }) => {
    if (node.op !== 'convWeightGrad' || !covers(node)) return undefined;
    const { strides, pads } = node.attributes;
    return fusedOp('DenseWeightGrad', node.inputs.map(current), node.outputs, {
      strides: { ints: strides },
      pads: { ints: pads.slice(0, 2) },
    });
  });
}

/** Filters of 3x3; pointwise ones are products, which the runtime computes best. */
function covers({
  attributes: { strides, pads, dilations, group, kernel },
}: Node<'convWeightGrad'>): boolean {
  const [down, right] = strides;
  if (group !== 1 || down !== right || down > 2 || dilations.some((d) => d !== 1)) return false;
  return kernel.every((size) => size === 3) && pads[0] < 3 && pads[1] < 3;
}
