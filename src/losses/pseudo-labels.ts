/** @file What a teacher's prediction says about unlabeled pixels, and which of it is believed (U2PL, https://arxiv.org/abs/2203.03884). */
import { IGNORE_INDEX } from '../base/ignore-index.js';
import {
  argMax,
  cast,
  div,
  exp,
  greater,
  less,
  log,
  maximum,
  mul,
  reduceMax,
  reduceSum,
  reshape,
  sub,
  type Tensor,
  upperQuantile,
  where,
} from '../graph/index.js';

/** Share of the pixels that is dropped at first. */
const FIRST_DROP = 0.2;
/** Above ln K for every K. */
const BEYOND_ANY_ENTROPY = 1e9;
const BELOW_ANY_ENTROPY = -1;

/** Epochs in which it falls to zero, linearly. */
const DROP_EPOCHS = 100;

/**
 * Share of the unlabeled pixels, those of the highest entropy, from which the student does not learn.
 * @param update number of the update, from 1
 * @param stepsPerEpoch updates in an epoch, the last partial batch included
 */
export function dropShare(update: number, stepsPerEpoch: number): number {
  return Math.max(FIRST_DROP * (1 - update / (DROP_EPOCHS * stepsPerEpoch)), 0);
}

export interface PseudoLabels {
  /** uint8 [N, H, W]: the likeliest class, {@link IGNORE_INDEX} where a pixel is dropped. */
  readonly labels: Tensor;
  /** Scalar: share of the image's pixels that is kept. */
  readonly kept: Tensor;
  /** Scalar: entropy in nats from which on a pixel is dropped; ln K where none is. */
  readonly threshold: Tensor;
  /** Scalar that makes of a mean over all pixels one over those that are kept. */
  readonly reweight: Tensor;
}

/**
 * Pseudo-labels of a batch. Dropped are the padding and the pixels whose entropy reaches the percentile 100·(1 − drop) of all
 * pixels of the images in the batch. The reference takes padding for image: its student learns that black is whatever class
 * the teacher happened to see there, and is sure of it; dark cars follow.
 * @param logits float32 [N, K, H, W] of the teacher
 * @param drop scalar: {@link dropShare}; 0 keeps every pixel
 * @param isImage bool [N, H, W]: false for padding
 */
export function pseudoLabels(logits: Tensor, drop: Tensor, isImage: Tensor): PseudoLabels {
  const [n, classes, h, w] = logits.shape as [number, number, number, number];
  const pixels = n * h * w;
  const isPixel = reshape(isImage, [pixels]);
  const imagePixels = reduceSum(cast(isPixel, 'float32'));
  // Padding comes last in the order of entropy, so that a share of the image is a smaller share of the whole.
  const entropy = where(isPixel, reshape(entropyOf(logits), [pixels]), BELOW_ANY_ENTROPY);
  const isFiltered = greater(drop, 0);
  const shareOfAll = div(mul(drop, maximum(sub(imagePixels, 1), 0)), Math.max(pixels - 1, 1));
  const quantile = upperQuantile(entropy, shareOfAll);
  const limit = where(isFiltered, quantile, BEYOND_ANY_ENTROPY);
  const isKept = where(isPixel, cast(less(entropy, limit), 'float32'), 0);
  const keptPixels = reduceSum(isKept);
  const best = cast(argMax(logits, 1), 'float32');
  const labels = where(greater(reshape(isKept, [n, h, w]), 0), best, IGNORE_INDEX);
  return {
    labels: cast(labels, 'uint8'),
    kept: div(keptPixels, maximum(imagePixels, 1)),
    threshold: where(isFiltered, quantile, Math.log(classes)),
    // Where all entropies are equal no pixel is kept.
    reweight: div(pixels, maximum(keptPixels, 1)),
  };
}

/**
 * −Σ p·ln p over the classes, [N, K, H, W] → [N, 1, H, W], from the logits: ln Σ eˣ − Σ p·x. The reference adds 1e-10 inside
 * its logarithm, which changes nothing that float32 shows.
 */
export function entropyOf(logits: Tensor): Tensor {
  const shifted = sub(logits, reduceMax(logits, { axes: [1], keepDims: true }));
  const powers = exp(shifted);
  const total = reduceSum(powers, { axes: [1], keepDims: true });
  const expected = div(reduceSum(mul(powers, shifted), { axes: [1], keepDims: true }), total);
  return sub(log(total), expected);
}
