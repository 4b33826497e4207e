/** @file A rounded network for OpenVINO. */

import { constant, fakeQuantize, input, type Node, type Tensor } from '../../graph/index.js';
import { fitsHalves } from '../../graph/onnx/stored-weights.js';
import { rewrite } from '../../graph/passes/rewrite.js';
import { type NetworkGraph, normalisedPixels } from '../../inference/network-graph.js';
import type { TrainedModel } from '../../inference/trained-model.js';
import { rtInfoOf } from '../formats/openvino.js';
import { encodeIr, type IrFiles } from '../openvino/encode-ir.js';

/**
 * The files of a rounded network with the normalisation inside, for any number of images. What stays in floats has 16 bits where it is large.
 *
 * @param graph the rounded network, in which values are integers between {@link quantizeLinear} and {@link dequantizeLinear}.
 * @param about texts for `rt_info` besides the usual ones.
 * @throws OtxError `graph` for operators that have no form in OpenVINO.
 */
export function quantizedIr(
  trained: TrainedModel,
  { inputs, outputs }: NetworkGraph,
  about: Readonly<Record<string, string>>,
): IrFiles {
  const [fed] = inputs as readonly [Tensor];
  const pixels = input('input', 'float32', fed.shape);
  const normalised = normalisedPixels(pixels);
  const [output] = rewrite([outputs.output!], (node, given) => {
    if (node === fed.node) return [normalised];
    return node.op === 'dequantizeLinear' ? asFloats(node, given as [Tensor, Tensor, Tensor]) : undefined;
  });
  return encodeIr({
    ...{ inputs: [pixels], outputs: { output: output! }, name: trained.template.name },
    ...{ rtInfo: rtInfoOf(trained, about), dynamicBatch: true, isHalf: fitsHalves },
  });
}

/** Values that are rounded on the way stay floats, and biases are floats there; weights stay the integers that they are. */
function asFloats(
  { attributes: { axis }, outputs: [told] }: Node<'dequantizeLinear'>,
  [q, scale, zero]: readonly [Tensor, Tensor, Tensor],
): readonly Tensor[] | undefined {
  if (q.node.op === 'quantizeLinear') return [fakeQuantize(q.node.inputs[0]!, scale, zero, axis)];
  if (q.dtype !== 'int32') return undefined;
  const [integers, scales] = [q, scale].map((tensor) => numbersOf(tensor)) as [number[], number[]];
  return [
    constant(
      integers.map((value, i) => value * scales[i % scales.length]!),
      told!.shape,
    ),
  ];
}

const numbersOf = ({ node }: Tensor): number[] =>
  Array.from((node as Node<'constant'>).attributes.data as Float32Array, Number);
