/** @file Training-mode batch normalisation and its gradient. */
import { add, div, mul, onnxOp, reciprocal, reduceMean, reduceSum, reshape, sqrt, sub } from '../builders.js';
import { createNode, type Shape, type Tensor } from '../tensor.js';
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

/**
 * With x̂ = (x − μ)/σ and n values per channel (Ioffe & Szegedy 2015):
 * dβ = Σ dy, dγ = Σ dy·x̂, dx = γ/σ · (dy − dβ/n − x̂·dγ/n), arranged as A·dy + B·x + C with per-channel A, B, C.
 */
export const batchNormGradient: LoweringRule<'batchNormGrad'> = (
  { attributes },
  [dy, x, scale, mean, variance],
) => {
  const axes = statisticsAxes(x!.shape);
  const n = x!.size / x!.shape[1]!;
  const inverse = reciprocal(sqrt(add(variance!, attributes.epsilon)));
  const dbias = reduceSum(dy!, { axes });
  const dscale = mul(inverse, sub(reduceSum(mul(dy!, x!), { axes }), mul(mean!, dbias)));
  const a = mul(scale!, inverse);
  const share = mul(a, -1 / n);
  const b = mul(mul(share, inverse), dscale);
  const c = sub(mul(share, dbias), mul(b, mean!));
  const channelwise = (vector: Tensor) => overChannels(vector, x!.rank);
  const dx = add(mul(dy!, channelwise(a)), add(mul(x!, channelwise(b)), channelwise(c)));
  return [dx, dscale, dbias];
};
