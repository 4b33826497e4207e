/** @file How values that fused operators give are computed once more, where memory is too short to keep them. */
import { type Repeat, repeatStock } from '../passes/recompute-activations.js';
import type { AnyNode, Node, Tensor } from '../tensor.js';
import { FUSED_DOMAIN, fusedOp } from './matching.js';

/** Norms from what went into them and their statistics, GELU from what went into it; other operators as ever. */
export const repeatFused: Repeat = (x) => {
  const node = x.node as AnyNode;
  if (node.op !== 'onnx' || node.attributes.domain !== FUSED_DOMAIN) return repeatStock(x);
  const [first, second, third] = node.inputs as [Tensor, Tensor, Tensor];
  const key = `${node.attributes.opType} ${x.index}`;
  switch (key) {
    case 'BatchNorm 0':
      return normAgain(node, [first, second, third]);
    case 'DepthwiseNorm 0':
      // The convolution's result is kept for the gradient of the norm.
      return normAgain(node, [node.outputs[3]!, third, node.inputs[3]!]);
    case 'Depthwise 1':
      return geluAgain(x, node.outputs[0]!);
    case 'Gelu 0':
      return geluAgain(x, first);
    default:
      return undefined;
  }
};

function normAgain({ attributes, outputs }: Node<'onnx'>, inputs: readonly Tensor[]): ReturnType<Repeat> {
  const [y, mean, variance] = outputs as [Tensor, Tensor, Tensor];
  const { epsilon, relu } = attributes.attributes;
  return {
    sources: inputs,
    compute: (sources) =>
      fusedOp('BatchNormAgain', [...sources, mean, variance], [y], { epsilon: epsilon!, relu: relu! })[0]!,
  };
}

function geluAgain(y: Tensor, x: Tensor): ReturnType<Repeat> {
  return { sources: [x], compute: (sources) => fusedOp('Gelu', sources, [y])[0]! };
}
