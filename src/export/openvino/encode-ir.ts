/** @file A lowered graph as a model of OpenVINO: `.xml` with its layers, `.bin` with its constants. */

import { OtxError } from '../../base/errors.js';
import { type AnyNode, type Node, reachableNodes, type Tensor } from '../../graph/index.js';
import { findBatchAxes } from '../../graph/onnx/batch-axes.js';
import type { IsHalf } from '../../graph/onnx/stored-weights.js';
import { IrBuilder } from './ir-builder.js';
import { ELEMENTS, type IrValue } from './layer.js';
import { netXml, type RtInfo } from './net-xml.js';
import { layerWriters } from './operators.js';

/** What is written. */
export interface IrModel {
  /** In the order of the file; each is an `input` node. Unused ones are declared all the same. */
  readonly inputs: readonly Tensor[];
  /** Named results, in the order of the file. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Name of the network. */
  readonly name: string;
  /** Texts about the model; keys are names of XML elements. Default none. */
  readonly rtInfo?: RtInfo;
  /** Leaves the batch size (leading dimension of every input) open; default false. */
  readonly dynamicBatch?: boolean;
  /** Which constants are float16, to be converted to float32 where they are used; default none. */
  readonly isHalf?: IsHalf | undefined;
}

/** The two files. */
export interface IrFiles {
  readonly xml: Uint8Array;
  /** One after the other. */
  readonly bin: readonly Uint8Array[];
}

/**
 * Writes a lowered graph in the form of OpenVINO's IR, version 11. Equal graphs give equal bytes.
 *
 * @throws OtxError `graph` when an operator has no form there, an input is not listed or not an input node, or the batch size
 * cannot be left open.
 */
export function encodeIr(model: IrModel): IrFiles {
  const { inputs, outputs, name, rtInfo = {}, dynamicBatch = false, isHalf } = model;
  const results = Object.values(outputs);
  const batchAxes = dynamicBatch ? findBatchAxes(inputs, results) : new Map<Tensor, number>();
  const ir = new IrBuilder({ batchAxes, isHalf });
  for (const tensor of inputs) writeInput(tensor, ir);
  for (const node of reachableNodes(results)) {
    if (node.op === 'input' || node.op === 'constant') continue;
    const write = layerWriters[node.op] as (node: Node, ir: IrBuilder) => readonly IrValue[];
    ir.set(node, write(node, ir));
  }
  for (const [key, tensor] of Object.entries(outputs)) ir.nameValue(ir.valueOf(tensor), key);
  for (const [key, tensor] of Object.entries(outputs)) {
    ir.addNamed(`${key}/sink_port_0`, { type: 'Result', inputs: [ir.valueOf(tensor)], outputs: [] });
  }
  return { xml: Buffer.from(netXml(name, ir.layers, rtInfo)), bin: ir.weights.pieces };
}

function writeInput(tensor: Tensor, ir: IrBuilder): void {
  const node = tensor.node as AnyNode;
  if (node.op !== 'input') {
    throw new OtxError(
      'graph',
      `an input of a model must be an input node, got ${node.op} in "${node.scope}"`,
    );
  }
  const type = ir.typeOf(tensor);
  const data = { shape: type.shape, element_type: ELEMENTS[type.dtype].element };
  const value = ir.addOne({ type: 'Parameter', data, inputs: [], output: type });
  ir.set(node, [value]);
  ir.nameValue(value, node.attributes.name);
}
