/** @file A lowered network with some of its convolutions in 8-bit integers, in the form that runtimes know as QDQ. */

import { constant, dequantizeLinear, quantizeLinear, scalar, type Tensor } from '../../graph/index.js';
import { rewrite } from '../../graph/passes/rewrite.js';
import { createNode, inScope } from '../../graph/tensor.js';
import { type ConvLayer, valuesOf } from './layers.js';
import { meanError, type Range, roundingOf, roundWeights, type WeightBits } from './rounding.js';

/** What is known of the values of a network. */
export interface Calibration {
  /** Of every tensor that is rounded. */
  readonly ranges: ReadonlyMap<Tensor, Range>;
  /** Of what each convolution reads, by channel. */
  readonly means: ReadonlyMap<Tensor, Float32Array>;
}

/** How convolutions are rounded. */
export interface RoundingOptions {
  readonly calibration: Calibration;
  readonly bits: WeightBits;
  readonly correctBias: boolean;
}

/**
 * The same network, with what the layers read, their weights and what they give rounded to 8 bits; the rest as it is.
 * No pass may simplify what comes out: it would fold the weights back.
 */
export function quantizeGraph(
  outputs: readonly Tensor[],
  layers: readonly ConvLayer[],
  options: RoundingOptions,
): readonly Tensor[] {
  const rounder = new Rounder(options);
  const byNode = new Map<unknown, ConvLayer>(layers.map((layer) => [layer.node, layer]));
  const rounded = new Set(layers.map(({ output }) => output));
  return rewrite(outputs, (node, inputs) => {
    const layer = byNode.get(node);
    if (!layer && !rounded.has(node.outputs[0]!)) return undefined;
    const [result] = layer ? [rounder.convolution(layer, inputs[0]!)] : createNode('relu', inputs, {});
    return [rounded.has(node.outputs[0]!) ? rounder.round(node.outputs[0]!, result!) : result!];
  });
}

/** Makes the nodes; equal ones are made once. */
export class Rounder {
  private readonly done = new Map<Tensor, Tensor>();
  private readonly zeros = new Map<string, Tensor>();

  constructor(private readonly options: RoundingOptions) {}

  /** The result of the convolution alone, not rounded. @param x what it reads, which may be rounded already */
  convolution({ node, input }: ConvLayer, x: Tensor): Tensor {
    const { bits, correctBias, calibration } = this.options;
    const [, weight, biasTensor] = node.inputs as readonly [Tensor, Tensor, Tensor?];
    const exact = valuesOf(weight);
    const channels = weight.shape[0]!;
    const bias = biasTensor ? valuesOf(biasTensor) : new Float32Array(channels);
    const { scale } = roundingOf(this.rangeOf(input));
    const weights = roundWeights(exact, bias, scale, bits);
    const error = correctBias
      ? meanError(exact, weights, calibration.means.get(input)!, node.attributes.group)
      : new Float32Array(channels);
    const biasScales = weights.scales.map((own) => own * scale);
    const integers = Int32Array.from(bias, (value, i) => Math.round((value - error[i]!) / biasScales[i]!));
    return createNode(
      'conv',
      [
        this.round(input, x),
        this.stored(constant(weights.integers, weight.shape), weights.scales),
        this.stored(constant(integers, [channels]), biasScales),
      ],
      node.attributes,
    )[0]!;
  }

  /** @param like the tensor of the exact network that `x` stands for. */
  round(like: Tensor, x: Tensor): Tensor {
    if (x.node.op === 'dequantizeLinear') return x;
    const known = this.done.get(like);
    if (known) return known;
    const { scale, zero } = roundingOf(this.rangeOf(like));
    // Names of modules would be a tenth of a small file.
    const result = inScope('', () => {
      const [step, zeroPoint] = [scalar(scale), scalar(zero, 'uint8')];
      return dequantizeLinear(quantizeLinear(x, step, zeroPoint), step, zeroPoint);
    });
    this.done.set(like, result);
    return result;
  }

  private rangeOf(tensor: Tensor): Range {
    const range = this.options.calibration.ranges.get(tensor);
    if (!range) throw new Error(`${tensor} has not been looked at`);
    return range;
  }

  private stored(integers: Tensor, scales: Float32Array): Tensor {
    return inScope('', () =>
      dequantizeLinear(integers, constant(scales, [scales.length]), this.zerosLike(integers, scales.length)),
    );
  }

  private zerosLike({ dtype }: Tensor, length: number): Tensor {
    const key = `${dtype}:${length}`;
    const known = this.zeros.get(key);
    if (known) return known;
    const made = constant(new Array<number>(length).fill(0), [length], dtype);
    this.zeros.set(key, made);
    return made;
  }
}
