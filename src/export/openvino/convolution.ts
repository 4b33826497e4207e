/** @file Convolutions in OpenVINO: groups are an axis of the weight, and a bias is a sum of its own. */

import type { Node, Tensor } from '../../graph/index.js';
import type { IrBuilder } from './ir-builder.js';
import type { IrValue } from './layer.js';

export function writeConvolution(node: Node<'conv'>, ir: IrBuilder): readonly IrValue[] {
  const [x, weight, bias] = node.inputs as [Tensor, Tensor, Tensor?];
  const { strides, pads, dilations, group } = node.attributes;
  const isGrouped = group > 1;
  const output = ir.typeOf(node.outputs[0]!);
  const convolved = ir.addOne({
    type: isGrouped ? 'GroupConvolution' : 'Convolution',
    data: {
      ...{ strides, dilations, pads_begin: pads.slice(0, 2), pads_end: pads.slice(2) },
      auto_pad: 'explicit',
    },
    inputs: [ir.valueOf(x), isGrouped ? ir.viewOf(weight, groupedShape(weight, group)) : ir.valueOf(weight)],
    output,
    scope: node.scope,
  });
  if (!bias) return [convolved];
  const inputs = [convolved, ir.viewOf(bias, [1, bias.size, 1, 1])];
  return [ir.addOne({ type: 'Add', data: { auto_broadcast: 'numpy' }, inputs, output, scope: node.scope })];
}

/** [O, I/G, h, w] as [G, O/G, I/G, h, w]. */
function groupedShape({ shape }: Tensor, group: number): number[] {
  const [outputs, ...rest] = shape as [number, ...number[]];
  return [group, outputs / group, ...rest];
}
