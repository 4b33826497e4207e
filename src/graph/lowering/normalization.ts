/** @file Training-mode batch normalisation and its gradient. */
import {
  add,
  div,
  mul,
  neg,
  onnxOp,
  reciprocal,
  reduceMean,
  reduceSum,
  reshape,
  sqrt,
  sub,
} from '../builders.js';
import { createNode, type Shape, type Tensor } from '../tensor.js';
import { type ChannelMap, canMapChannels, mapChannels } from './blocked-affine.js';
import type { BlockSize } from './blocked-layout.js';
import type { LoweringRule } from './table.js';

const overChannels = (vector: Tensor, rank: number): Tensor =>
  reshape(vector, [1, vector.size, ...new Array<number>(rank - 2).fill(1)]);

const statisticsAxes = (shape: Shape): number[] => shape.flatMap((_, i) => (i === 1 ? [] : [i]));

/** Means and deviations spelt out; for providers without a training-mode kernel. */
export const decomposedBatchNorm: LoweringRule<'batchNorm'> = ({ attributes }, [x, scale, bias]) => {
  const axes = statisticsAxes(x!.shape);
  const mean = reduceMean(x!, { axes });
  const centred = sub(x!, overChannels(mean, x!.rank));
  const variance = reduceMean(mul(centred, centred), { axes });
  const factor = div(scale!, sqrt(add(variance, attributes.epsilon)));
  const y = add(mul(centred, overChannels(factor, x!.rank)), overChannels(bias!, x!.rank));
  return [y, mean, variance];
};

/**
 * The runtime's kernel (CPU only). It writes the batch statistics in place over its inputs 3 and 4, so that two nodes
 * sharing one constant there would overwrite each other: every node of a graph gets its own, with values that no other
 * has. Nor may it get the constant itself: statistics that are not finite would stay in it, and 0 times them, which is what
 * momentum 0 makes of the old value, would spoil every later run. One rule serves one graph.
 */
export function kernelBatchNorm(): LoweringRule<'batchNorm'> {
  let serial = 0;
  const own = (channels: number): Tensor => {
    serial += 1;
    const data = new Float32Array(channels).fill(serial);
    const type = { dtype: 'float32', shape: [channels] } as const;
    const constant = createNode('constant', [], { data, type, unique: true })[0]!;
    return onnxOp('Neg', [constant], [type])[0]!;
  };
  return ({ attributes, outputs }, [x, scale, bias]) => {
    const channels = x!.shape[1]!;
    return onnxOp('BatchNormalization', [x!, scale!, bias!, own(channels), own(channels)], outputs, {
      epsilon: { float: attributes.epsilon },
      momentum: { float: 0 },
      training_mode: { int: 1 },
    });
  };
}

/** x ↦ a·x + b + addend by channel, with what is left out 1 or 0. */
type MapChannels = (x: Tensor, map: ChannelMap) => Tensor;

const mapByProducts: MapChannels = (x, { scale, shift, addend }) => {
  const scaled = scale ? mul(x, overChannels(scale, x.rank)) : x;
  const shifted = shift ? add(scaled, overChannels(shift, x.rank)) : scaled;
  return addend ? add(shifted, addend) : shifted;
};

/**
 * With x̂ = (x − μ)/σ and n values per channel (Ioffe & Szegedy 2015):
 * dβ = Σ dy, dγ = Σ dy·x̂, dx = γ/σ · (dy − dβ/n − x̂·dγ/n), arranged as A·dy + B·(x − μ) + C with per-channel A, B, C. From x the
 * mean is taken first: Σ dy·x − μ·dβ would lose what a mean of many deviations leaves of the digits.
 */
const batchNormGradientBy =
  (map: MapChannels): LoweringRule<'batchNormGrad'> =>
  ({ attributes }, [dy, x, scale, mean, variance]) => {
    const axes = statisticsAxes(x!.shape);
    const n = x!.size / x!.shape[1]!;
    const inverse = reciprocal(sqrt(add(variance!, attributes.epsilon)));
    const centred = map(x!, { shift: neg(mean!) });
    const dbias = reduceSum(dy!, { axes });
    const dscale = mul(inverse, reduceSum(mul(dy!, centred), { axes }));
    const a = mul(scale!, inverse);
    const share = mul(a, -1 / n);
    const addend = map(centred, { scale: mul(mul(share, inverse), dscale), shift: mul(share, dbias) });
    return [map(dy!, { scale: a, addend }), dscale, dbias];
  };

/** {@link batchNormGradientBy} products and sums. */
export const batchNormGradient = batchNormGradientBy(mapByProducts);

/** The same with fewer passes over large maps. */
export function blockedBatchNormGradient(block: BlockSize): LoweringRule<'batchNormGrad'> {
  const rule = batchNormGradientBy((x, map) => mapChannels(x, map, block));
  return (node, inputs) => (canMapChannels(inputs[1]!.shape, block) ? rule(node, inputs) : undefined);
}
