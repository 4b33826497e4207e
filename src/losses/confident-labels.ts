/**
 * @file What a teacher is sure of about unlabeled pixels (FixMatch, https://arxiv.org/abs/2001.07685): pseudo-labels above a
 * threshold of confidence, which may be lower for classes that the teacher is less sure of.
 */
import { IGNORE_INDEX } from '../base/ignore-index.js';
import {
  add,
  and,
  argMax,
  cast,
  constant,
  div,
  equal,
  exp,
  greater,
  greaterOrEqual,
  maximum,
  mul,
  reduceMax,
  reduceSum,
  reshape,
  sub,
  type Tensor,
  where,
} from '../graph/index.js';

/** Below 1 / K for every K. */
const LEAST_CONFIDENCE = 1e-6;
/** Of the ramp, as Laine and Aila have it (https://arxiv.org/abs/1610.02242). */
const RAMP_STEEPNESS = 5;

/**
 * How much of its weight the loss on unlabeled images has, rising from e⁻⁵ to 1: exp(−5·(1 − t)²).
 *
 * @param step steps so far that had unlabeled images.
 * @param steps over which it rises; 0 gives it all of its weight at once.
 */
export function rampUp(step: number, steps: number): number {
  const left = steps > 0 ? 1 - Math.min(Math.max(step, 0) / steps, 1) : 0;
  return Math.exp(-RAMP_STEEPNESS * left * left);
}

export interface ConfidentLabels {
  /** float32 [N, H, W]: the likeliest class; {@link IGNORE_INDEX} for padding and where the teacher is not sure. */
  readonly labels: Tensor;
  /** Scalar: share of the image's pixels that have a label. */
  readonly kept: Tensor;
  /** Scalar: mean probability of the likeliest class over the image's pixels. */
  readonly confidence: Tensor;
  /** The same by class, of the pixels that are taken for it. */
  readonly byClass: ClassConfidence;
}

/** How sure a teacher is of each class in a batch. */
export interface ClassConfidence {
  /** float32 [K]: mean probability; 0 for a class that no pixel is taken for. */
  readonly mean: Tensor;
  /** bool [K]: whether any pixel is taken for it. */
  readonly isSeen: Tensor;
}

/**
 * Pseudo-labels of a batch: the likeliest class of each pixel, where its probability reaches the threshold.
 *
 * @param logits float32 [N, K, H, W] of the teacher
 * @param threshold float32 [] for all classes, or [K]
 * @param isImage bool [N, H, W]: false for padding
 */
export function confidentLabels(logits: Tensor, threshold: Tensor, isImage: Tensor): ConfidentLabels {
  const [n, classes, h, w] = logits.shape as [number, number, number, number];
  const shifted = sub(logits, reduceMax(logits, { axes: [1], keepDims: true }));
  const confidence = reshape(div(1, reduceSum(exp(shifted), { axes: [1] })), [n, h, w]);
  const best = cast(argMax(logits, 1), 'float32');
  const indices = constant(
    Array.from({ length: classes }, (_, k) => k),
    [1, classes, 1, 1],
  );
  const isClass = equal(reshape(best, [n, 1, h, w]), indices);
  const least =
    threshold.rank === 0
      ? threshold
      : reduceSum(where(isClass, reshape(threshold, [1, classes, 1, 1]), 0), { axes: [1] });

  const isLabeled = and(isImage, greaterOrEqual(confidence, least));
  const pixels = cast(isImage, 'float32');
  const imagePixels = maximum(reduceSum(pixels), 1);
  const seen = mul(cast(isClass, 'float32'), reshape(pixels, [n, 1, h, w]));
  const counts = reduceSum(seen, { axes: [0, 2, 3] });
  const sums = reduceSum(mul(seen, reshape(confidence, [n, 1, h, w])), { axes: [0, 2, 3] });
  return {
    labels: where(isLabeled, best, IGNORE_INDEX),
    kept: div(reduceSum(cast(isLabeled, 'float32')), imagePixels),
    confidence: div(reduceSum(mul(pixels, confidence)), imagePixels),
    byClass: { mean: div(sums, maximum(counts, 1)), isSeen: greater(counts, 0) },
  };
}

/**
 * Thresholds of the classes: that of the class which the teacher is surest of, and for others as much less as it is less sure
 * of them. With one threshold for all, rare and difficult classes get no pseudo-labels and are unlearned.
 *
 * @param threshold scalar
 * @param confidences float32 [K]: how sure the teacher has been of each class; 0 for one that it has never seen, which has the
 * whole threshold
 * @returns float32 [K]
 */
export function balancedThresholds(threshold: Tensor, confidences: Tensor): Tensor {
  const surest = maximum(reduceMax(confidences), LEAST_CONFIDENCE);
  return mul(threshold, where(greater(confidences, 0), div(confidences, surest), 1));
}

/**
 * What is remembered of the confidences after a batch: a moving average, by class; that of a class that was not seen stays, that of
 * one that is seen for the first time is the batch's.
 *
 * @param before float32 [K]
 * @param keep scalar: what is kept of it
 * @returns float32 [K]
 */
export function nextConfidences(before: Tensor, { mean, isSeen }: ClassConfidence, keep: Tensor): Tensor {
  const average = where(greater(before, 0), add(mul(before, keep), mul(mean, sub(1, keep))), mean);
  return where(isSeen, average, before);
}
