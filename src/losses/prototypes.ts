/**
 * @file Losses on prototypes of classes (Zhou et al., Rethinking Semantic Segmentation: A Prototype View,
 * https://arxiv.org/abs/2203.15102), and how the prototypes follow the pixels that are closest to them.
 */
import {
  add,
  argMax,
  cast,
  constant,
  div,
  equal,
  greater,
  less,
  log,
  matMul,
  maximum,
  mul,
  neg,
  reduceMax,
  reduceSum,
  reshape,
  resizeBilinear,
  resizeNearest,
  sqrt,
  sub,
  type Tensor,
  where,
} from '../graph/index.js';
import { crossEntropy } from './segmentation/cross-entropy.js';
import { sinkhorn } from './sinkhorn.js';

/** Weight of the cross entropy over all prototypes, and of the distance to the pixel's own. */
const CONTRAST_WEIGHT = 0.01;
const DISTANCE_WEIGHT = 0.001;
/** What a prototype keeps of itself in an update. */
const KEEP = 0.999;
/** Label of positions without a prototype. The reference uses 255, which from 64 classes on is a prototype. */
const NONE = -1;
const TINY = 1e-12;

/** x divided by its Euclidean norm along an axis. */
export function l2Normalized(x: Tensor, axis: number): Tensor {
  return div(x, sqrt(add(reduceSum(mul(x, x), { axes: [axis], keepDims: true }), TINY)));
}

export interface PrototypeInputs {
  /** float32 [N, C, h, w], every position of norm 1 */
  readonly features: Tensor;
  /** float32 [K, M, C], every prototype of norm 1 */
  readonly prototypes: Tensor;
  /** float32 [N, K·M, h, w]: features · prototypes */
  readonly similarities: Tensor;
  /** float32 [N, K, h, w]: scores of the classes, from the best similarity of each */
  readonly classScores: Tensor;
  /** uint8 [N, H, W], class indices; whatever is no class is ignored */
  readonly labels: Tensor;
  /** float32 [N, M, h, w], uniform in [0, 1); undefined chooses without randomness */
  readonly noise: Tensor | undefined;
}

export interface PrototypeLearning {
  /** Scalar. */
  readonly loss: Tensor;
  /** [K, M, C]: the prototypes after the step. */
  readonly prototypes: Tensor;
}

/**
 * Cross entropy of the class scores at the size of the labels + 0.01 · cross entropy over all prototypes, the target being
 * the pixel's own + 0.001 · mean (1 − similarity to it)². Each is a mean over the positions with a label.
 */
export function prototypeLearning(inputs: PrototypeInputs): PrototypeLearning {
  const { prototypes, similarities, classScores, labels } = inputs;
  const [n, classes, h, w] = classScores.shape as [number, number, number, number];
  const [, height, width] = labels.shape as [number, number, number];
  const perClass = prototypes.shape[1]!;

  const small = resizeNearest(reshape(cast(labels, 'float32'), [n, 1, height, width]), [h, w]);
  const members = cast(equal(reshape(small, [n, 1, 1, h, w]), indices([1, classes, 1, 1, 1])), 'float32');
  const shares = sinkhorn(reshape(similarities, [n, classes, perClass, h, w]), members);
  // A position belongs to one class at most: the sum picks its shares.
  const own = reduceSum(shares, { axes: [1] });

  const hasLabel = less(small, classes);
  const chosen = reshape(cast(argMax(own, 1), 'float32'), [n, 1, h, w]);
  const target = cast(where(hasLabel, add(mul(small, perClass), chosen), NONE), 'int32');

  const scores = resizeBilinear(classScores, [height, width]);
  const classLoss = meanOfLabeled(crossEntropy(scores, labels), labels, classes);
  const targets = reshape(target, [n, h, w]);
  const contrast = meanOfLabeled(crossEntropy(similarities, targets), small, classes);
  const isTarget = cast(equal(cast(target, 'float32'), indices([1, classes * perClass, 1, 1])), 'float32');
  const miss = sub(1, similarities);
  const distance = div(reduceSum(mul(isTarget, mul(miss, miss))), labeledCount(small, classes));

  return {
    loss: add(classLoss, add(mul(contrast, CONTRAST_WEIGHT), mul(distance, DISTANCE_WEIGHT))),
    prototypes: movedPrototypes(inputs, members, own, small),
  };
}

/**
 * Moves every prototype a little towards the mean direction of the pixels that chose it and that the prototypes classify
 * right. The choice is the largest share after Gumbel noise, which is what a hard Gumbel softmax of any temperature takes.
 */
function movedPrototypes(
  { features, prototypes, classScores, noise }: PrototypeInputs,
  members: Tensor,
  own: Tensor,
  small: Tensor,
): Tensor {
  const [classes, perClass, channels] = prototypes.shape as [number, number, number];
  const [n, , h, w] = features.shape as [number, number, number, number];
  const gumbel = noise && neg(log(neg(log(maximum(noise, TINY)))));
  const choice = argMax(gumbel ? add(own, gumbel) : own, 1);
  const oneHot = equal(reshape(cast(choice, 'float32'), [n, 1, 1, h, w]), indices([1, 1, perClass, 1, 1]));
  const guess = reshape(cast(argMax(classScores, 1), 'float32'), [n, 1, h, w]);
  const isRight = reshape(cast(equal(guess, small), 'float32'), [n, 1, 1, h, w]);
  const taken = reshape(mul(mul(members, isRight), cast(oneHot, 'float32')), [n, classes * perClass, h * w]);

  const flat = reshape(features, [n, channels, h * w]);
  const sums = reduceSum(matMul(taken, flat, { transB: true }), { axes: [0] });
  const counts = reduceSum(taken, { axes: [0, 2] });
  const before = reshape(prototypes, [classes * perClass, channels]);
  const moved = add(mul(before, KEEP), mul(l2Normalized(sums, 1), 1 - KEEP));
  const next = where(greater(reshape(counts, [classes * perClass, 1]), 0), moved, before);
  return reshape(l2Normalized(next, 1), prototypes.shape);
}

/** Class scores of positions: for each class the similarity to the closest of its prototypes, [N, K·M, h, w] → [N, K, h, w]. */
export function bestSimilarities(similarities: Tensor, perClass: number): Tensor {
  const [n, all, h, w] = similarities.shape as [number, number, number, number];
  return reduceMax(reshape(similarities, [n, all / perClass, perClass, h, w]), { axes: [2] });
}

/** From a mean over all positions to one over those with a label. */
function meanOfLabeled(mean: Tensor, labels: Tensor, classes: number): Tensor {
  return div(mul(mean, labels.size), labeledCount(labels, classes));
}

function labeledCount(labels: Tensor, classes: number): Tensor {
  return maximum(reduceSum(cast(less(cast(labels, 'float32'), classes), 'float32')), 1);
}

/** 0, 1, 2, … along the one axis that is not 1. */
function indices(shape: readonly number[]): Tensor {
  const length = shape.reduce((a, b) => a * b, 1);
  return constant(
    Array.from({ length }, (_, i) => i),
    shape,
  );
}
