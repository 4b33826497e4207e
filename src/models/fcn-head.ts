/** @file Fully convolutional segmentation head on aggregated features. */
import type { Tensor } from '../graph/tensor.js';
import { convModule, convolution, type Scope } from '../nn/index.js';
import { iterativeAggregator } from './iterative-aggregator.js';

export interface FcnHeadConfig {
  /** Narrowest width inside the aggregator; 0 for no limit. */
  readonly minChannels: number;
}

/**
 * Aggregates the features, applies one pointwise convolution with batch norm and no activation, and classifies.
 * @param features highest resolution first
 * @returns logits [N, numClasses, H, W] at the highest resolution of the features
 */
export function fcnHead(
  scope: Scope,
  features: readonly Tensor[],
  numClasses: number,
  { minChannels }: FcnHeadConfig,
): Tensor {
  const merged = iterativeAggregator(scope.child('aggregator'), features, minChannels);
  const mixed = convModule(scope.child('convs').child(0), merged, {
    channels: merged.shape[1]!,
    activation: 'none',
  });
  return convolution(scope.child('conv_seg'), mixed, { channels: numClasses, bias: true });
}
