/** @file Iterative aggregation: merges multi-resolution features from the lowest resolution upwards. */
import { add, resizeBilinear } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';
import { convModule, depthwiseSeparable, type Scope } from '../nn/index.js';

/**
 * @param features highest resolution first
 * @param minChannels narrower branches are first expanded to this width
 * @returns one map at the highest resolution
 */
export function iterativeAggregator(scope: Scope, features: readonly Tensor[], minChannels: number): Tensor {
  const lowestFirst = [...features].reverse();
  let merged: Tensor | undefined;
  lowestFirst.forEach((feature, i) => {
    let x = feature;
    if (x.shape[1]! < minChannels)
      x = convModule(scope.child('expanders').child(i), x, { channels: minChannels });
    const previous = merged;
    if (previous) x = scope.trace(() => add(x, resizeBilinear(previous, [x.shape[2]!, x.shape[3]!], true)));
    const next = lowestFirst[i + 1] ?? feature;
    const channels = Math.max(next.shape[1]!, minChannels);
    merged = depthwiseSeparable(scope.child('projects').child(i), x, channels);
  });
  return merged!;
}
