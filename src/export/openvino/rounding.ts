/**
 * @file Rounded values in OpenVINO: a layer of its own that keeps them float32 (FakeQuantize), and constants as integers behind a
 * conversion, a shift and a factor, which is the form that its passes for low precision look for.
 */

import { constant, type Node, type Tensor } from '../../graph/index.js';
import { LIMITS } from '../../graph/quantization-rules.js';
import type { IrBuilder } from './ir-builder.js';
import { ELEMENTS, type IrValue } from './layer.js';

const numpy = { auto_broadcast: 'numpy' };

/** Between the ends of what the integers tell, which are those of what comes in and of what goes out. */
export function writeFakeQuantize(node: Node<'fakeQuantize'>, ir: IrBuilder): readonly IrValue[] {
  const [x, scale, zero] = node.inputs as [Tensor, Tensor, Tensor];
  const [lowest, highest] = LIMITS[zero.dtype] as readonly [number, number];
  const shape = alongAxis(x, scale, node.attributes.axis);
  const [scales, zeros] = [numbersOf(scale), numbersOf(zero)];
  const [low, high] = [lowest, highest].map((limit) => {
    const ends = scales.map((step, i) => (limit - zeros[i]!) * step);
    return ir.viewOf(constant(ends, shape), shape);
  }) as [IrValue, IrValue];
  return ir.add({
    ...{ type: 'FakeQuantize', data: { levels: highest - lowest + 1, ...numpy }, scope: node.scope },
    ...{ inputs: [ir.valueOf(x), low, high, low, high], outputs: ir.typesOf(node) },
  });
}

/** (q - zero) * scale. */
export function writeDequantizeLinear(node: Node<'dequantizeLinear'>, ir: IrBuilder): readonly IrValue[] {
  const [q, scale, zero] = node.inputs as [Tensor, Tensor, Tensor];
  const shape = alongAxis(q, scale, node.attributes.axis);
  const output = ir.typeOf(node.outputs[0]!);
  const { scope } = node;
  const byNumbers = (type: string, x: IrValue, numbers: readonly number[]) =>
    ir.addOne({
      ...{ type, data: numpy, output, scope },
      inputs: [x, ir.viewOf(constant([...numbers], shape), shape)],
    });
  const numbers = ir.addOne({
    ...{ type: 'Convert', data: { destination_type: ELEMENTS.float32.element } },
    ...{ inputs: [ir.valueOf(q)], output, scope },
  });
  const zeros = numbersOf(zero);
  const centred = zeros.every((value) => value === 0) ? numbers : byNumbers('Subtract', numbers, zeros);
  return [byNumbers('Multiply', centred, numbersOf(scale))];
}

/** The shape under which numbers by position of an axis repeat along the others. */
const alongAxis = (x: Tensor, { rank }: Tensor, axis: number): readonly number[] =>
  rank === 0 ? [] : x.shape.map((size, i) => (i === axis ? size : 1));

function numbersOf({ node }: Tensor): number[] {
  if (node.op !== 'constant') throw new Error(`${node.op} in place of a constant scale or zero point`);
  return Array.from((node as Node<'constant'>).attributes.data as Float32Array, Number);
}
