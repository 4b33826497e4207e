/** @file The part of prototype learning that has variables: a projection of the features, and the prototypes of all classes. */
import { conv, relu, reshape, type Tensor } from '../graph/index.js';
import { bestSimilarities, l2Normalized, prototypeLearning } from '../losses/index.js';
import { convolution, layerNorm, normalInit, type Scope } from '../nn/index.js';

/** Per class. */
const PROTOTYPES = 4;
const DEVIATION = 0.02;

export const PROJECTION_AXES = ['channels', 'width'] as const;

export interface PrototypeOptions {
  /** Background included. */
  readonly classes: number;
  /**
   * Axis along which projected features [N, C, H, W] are divided by their norm first. The reference takes the last one, the
   * width, where the channels are meant.
   */
  readonly axis: (typeof PROJECTION_AXES)[number];
}

/**
 * Compares features with prototypes of the classes, and moves the prototypes, which are a buffer.
 *
 * @param features float32 [N, C, h, w]
 * @param labels uint8 [N, H, W]; whatever is no class is ignored
 * @returns the loss of {@link prototypeLearning}, a scalar, whose gradient reaches the features
 */
export function prototypeNetwork(
  scope: Scope,
  features: Tensor,
  labels: Tensor,
  { classes, axis }: PrototypeOptions,
): Tensor {
  const [n, channels, h, w] = features.shape as [number, number, number, number];
  const projected = projection(scope.child('proj_head').child('proj'), features);
  const flat = scope.trace(() => l2Normalized(projected, axis === 'channels' ? 1 : 3));
  const embedded = layerNorm(scope.child('feat_norm'), flat);
  const stored = scope.buffer('prototypes', [classes, PROTOTYPES, channels], normalInit(DEVIATION));
  const noise = scope.noise('gumbel', [n, PROTOTYPES, h, w]);
  const { unit, prototypes, similarities } = scope.trace(() => {
    const unit = l2Normalized(embedded, 1);
    const prototypes = l2Normalized(stored, 2);
    const kernels = reshape(prototypes, [classes * PROTOTYPES, channels, 1, 1]);
    return { unit, prototypes, similarities: conv(unit, kernels) };
  });
  const classScores = layerNorm(scope.child('mask_norm'), bestSimilarities(similarities, PROTOTYPES));
  return scope.trace(() => {
    const inputs = { features: unit, prototypes, similarities, classScores, labels, noise };
    const { loss, prototypes: next } = prototypeLearning(inputs);
    if (scope.training) scope.updateBuffer('prototypes', { target: next, keep: 0, rate: 1 });
    return loss;
  });
}

function projection(scope: Scope, x: Tensor): Tensor {
  const channels = x.shape[1]!;
  const hidden = scope.trace(() => relu(convolution(scope.child(0), x, { channels, bias: true })));
  return convolution(scope.child(2), hidden, { channels, bias: true });
}
