/** @file How values that fused operators give are computed once more, where memory is too short to keep them. */
import { type Repeat, repeatStock } from '../passes/recompute-activations.js';
import type { AnyNode, Node, Tensor } from '../tensor.js';
import { FUSED_DOMAIN, fusedOp } from './matching.js';

/**
 * Norms from what went into them and their statistics, GELU from what went into it, either with the depthwise convolution before
 * it, whose own result is kept nowhere; other operators as ever.
 */
export const repeatFused: Repeat = (x) => {
  const node = x.node as AnyNode;
  if (node.op !== 'onnx' || node.attributes.domain !== FUSED_DOMAIN) return repeatStock(x);
  const { opType, attributes } = node.attributes;
  switch (`${opType} ${x.index}`) {
    case 'BatchNorm 0':
      return normAgain(node, 'BatchNormAgain');
    case 'DepthwiseNorm 0':
      return normAgain(node, 'DepthwiseNormAgain');
    case 'Depthwise 0':
      // Without GELU it is a product of its own, which takes too long.
      return attributes.gelu === undefined ? undefined : again(x, node);
    case 'Gelu 0':
      return again(x, node);
    default:
      return undefined;
  }
};

function normAgain(
  { inputs, attributes, outputs }: Node<'onnx'>,
  opType: 'BatchNormAgain' | 'DepthwiseNormAgain',
): ReturnType<Repeat> {
  const [y, mean, variance] = outputs as [Tensor, Tensor, Tensor];
  return {
    sources: inputs,
    compute: (sources) => fusedOp(opType, [...sources, mean, variance], [y], attributes.attributes)[0]!,
  };
}

function again(y: Tensor, { inputs, attributes }: Node<'onnx'>): ReturnType<Repeat> {
  return {
    sources: inputs,
    compute: (sources) => fusedOp(attributes.opType, sources, [y], attributes.attributes)[0]!,
  };
}
