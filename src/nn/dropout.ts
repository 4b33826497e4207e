/** @file Stochastic regularisation by random factors that are zero or 1/(1 − p), so that the expectation stays. */
import { add, concat, floor, mul, reshape, split, sub } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';
import type { Scope } from './scope.js';

/**
 * Factors [N, 1, 1, 1] for stochastic depth (https://arxiv.org/abs/1603.09382): a residual branch is dropped for a whole
 * sample with probability `rate`. Undefined where nothing is dropped.
 */
export function dropPathFactors(scope: Scope, name: string, x: Tensor, rate: number): Tensor | undefined {
  return factors(scope, name, [x.shape[0]!, 1, 1, 1], rate);
}

/** Drops whole channels of x [N, C, H, W] with probability `rate` (https://arxiv.org/abs/1411.4280). */
export function dropout2d(scope: Scope, x: Tensor, rate: number): Tensor {
  const channelFactors = factors(scope, 'noise', [x.shape[0]!, x.shape[1]!, 1, 1], rate);
  return channelFactors ? scope.trace(() => mul(x, channelFactors)) : x;
}

/** How many uniform numbers {@link complementaryDropout} draws. @param features [2N, Cᵢ, hᵢ, wᵢ] */
export function complementaryNoiseSize(features: readonly Tensor[]): number {
  const channels = features.reduce((sum, { shape }) => sum + shape[1]!, 0);
  return (features[0]!.shape[0]! / 2) * (1 + channels);
}

/**
 * Complementary dropout (UniMatch V2, https://arxiv.org/abs/2410.10777) of two views of the same images: of every second image
 * each channel is kept and doubled in one of its two views and is zero in the other, by chance which; the others stay as they
 * are, so that the network behind also learns from whole features.
 *
 * @param features maps [2N, Cᵢ, hᵢ, wᵢ], all first views before all second ones.
 * @param uniform float32 [{@link complementaryNoiseSize}], uniform numbers of [0, 1).
 */
export function complementaryDropout(features: readonly Tensor[], uniform: Tensor): Tensor[] {
  const images = features[0]!.shape[0]! / 2;
  const sizes = features.map(({ shape }) => images * shape[1]!);
  const [chosen, ...drawn] = split(floor(add(uniform, 0.5)), [images, ...sizes], 0) as [Tensor, ...Tensor[]];
  return features.map((map, i) => {
    const sides = reshape(sub(mul(drawn[i]!, 2), 1), [images, map.shape[1]!, 1, 1]);
    const change = mul(sides, reshape(chosen, [images, 1, 1, 1]));
    return mul(map, concat([add(change, 1), sub(1, change)], 0));
  });
}

/** ⌊keep + u⌋ / keep for uniform u. */
function factors(scope: Scope, name: string, shape: readonly number[], rate: number): Tensor | undefined {
  const uniform = rate > 0 ? scope.noise(name, shape) : undefined;
  const keep = 1 - rate;
  return uniform && scope.trace(() => mul(floor(add(uniform, keep)), 1 / keep));
}
