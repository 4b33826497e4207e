/** @file A network that computes in floats what its quantised form will, so that it can learn to be rounded. */

import {
  abs,
  constant,
  fakeQuantize,
  maximum,
  mul,
  optimize,
  reduceMax,
  scalar,
  type Tensor,
} from '../../graph/index.js';
import { rewrite } from '../../graph/passes/rewrite.js';
import { createNode } from '../../graph/tensor.js';
import type { Segmentor } from '../../models/index.js';
import { type ConvLayer, convLayers } from './layers.js';
import type { Calibration } from './quantize-graph.js';
import { LARGEST_WEIGHT, type Range, roundingOf, SMALLEST_SCALE, type WeightBits } from './rounding.js';

/** Between which values a layer is rounded. */
export interface LayerRanges {
  readonly input: Range;
  /** Of {@link ConvLayer.output}. */
  readonly output: Range | undefined;
}

/** By the names of the layers that are rounded. */
export type RangesByLayer = ReadonlyMap<string, LayerRanges>;

/** What was found of a graph, in a form that fits another graph of the same network. */
export const rangesByLayer = (layers: readonly ConvLayer[], { ranges }: Calibration): RangesByLayer =>
  new Map(
    layers.map(({ name, input, output }) => [
      name,
      { input: ranges.get(input)!, output: output && ranges.get(output) },
    ]),
  );

/** The way back. Means are not known: what has learned to be rounded needs no correction of its biases. */
export function calibrationOf(layers: readonly ConvLayer[], ranges: RangesByLayer): Calibration {
  const found = layers.flatMap((layer): [Tensor, Range][] => {
    const { input, output } = rangesOf(layer, ranges);
    return [
      [layer.input, input],
      ...(layer.output && output ? [[layer.output, output] as [Tensor, Range]] : []),
    ];
  });
  return { ranges: new Map(found), means: new Map() };
}

function rangesOf({ name }: ConvLayer, ranges: RangesByLayer): LayerRanges {
  const found = ranges.get(name);
  if (!found) throw new Error(`nothing is known of the layer ${name}`);
  return found;
}

/**
 * The network with values and weights of its layers rounded as in its quantised form, in evaluation mode in training as well: batch norm
 * is part of the convolutions there, and what is learned must be what will be written. Ranges of values stay as they are, scales of
 * weights follow the weights.
 */
export function fakeQuantized(model: Segmentor, ranges: RangesByLayer, bits: WeightBits): Segmentor {
  return (scope, images) => {
    const outputs = optimize([model(scope.evaluating(), images)]);
    const layers = convLayers(outputs, 'any').filter(({ name }) => ranges.has(name));
    if (layers.length !== ranges.size) throw new Error(`${layers.length} of ${ranges.size} layers are there`);
    return rounded(outputs, layers, ranges, bits);
  };
}

function rounded(
  outputs: readonly Tensor[],
  layers: readonly ConvLayer[],
  ranges: RangesByLayer,
  bits: WeightBits,
): Tensor {
  const byNode = new Map<unknown, ConvLayer>(layers.map((layer) => [layer.node, layer]));
  const ends = new Map<Tensor | undefined, Range | undefined>(
    layers.map((layer) => [layer.output, rangesOf(layer, ranges).output]),
  );
  const done = new Map<Tensor, Tensor>();
  const round = (like: Tensor, x: Tensor, range: Range): Tensor => {
    if (x.node.op === 'fakeQuantize') return x;
    const known = done.get(like);
    if (known) return known;
    const { scale, zero } = roundingOf(range);
    const result = fakeQuantize(x, scalar(scale), scalar(zero, 'uint8'));
    done.set(like, result);
    return result;
  };
  const [result] = rewrite(outputs, (node, inputs) => {
    const layer = byNode.get(node);
    const [y] = node.outputs as readonly [Tensor];
    const range = ends.get(y);
    if (!layer && !range) return undefined;
    const made = layer
      ? convolution(layer, inputs, (x) => round(layer.input, x, rangesOf(layer, ranges).input))
      : undefined;
    const computed = made ?? createNode('relu', inputs, {})[0]!;
    return [range ? round(y, computed, range) : computed];
  });
  return result!;

  function convolution({ node }: ConvLayer, inputs: readonly Tensor[], input: (x: Tensor) => Tensor): Tensor {
    const [x, weight, ...bias] = inputs as readonly [Tensor, Tensor, ...Tensor[]];
    return createNode('conv', [input(x), roundedWeight(weight, bits), ...bias], node.attributes)[0]!;
  }
}

/** With a scale for each output channel, from the largest weight that it has now. */
function roundedWeight(weight: Tensor, bits: WeightBits): Tensor {
  const channels = weight.shape[0]!;
  const largest = reduceMax(abs(weight), { axes: [1, 2, 3] });
  const scale = maximum(mul(largest, 1 / LARGEST_WEIGHT[bits]), SMALLEST_SCALE);
  return fakeQuantize(weight, scale, constant(new Int8Array(channels), [channels], 'int8'));
}
