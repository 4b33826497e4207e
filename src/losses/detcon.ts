/**
 * @file The contrastive loss of DetCon-B (https://arxiv.org/abs/2103.10957): what one view predicts of an object must be
 * closer to what the target network sees of that object in the other view than to anything else in the batch.
 */
import { OtxError } from '../base/errors.js';
import {
  add,
  and,
  cast,
  concat,
  constant,
  div,
  equal,
  exp,
  log,
  matMul,
  maximum,
  minimum,
  mul,
  reduceMean,
  reduceSum,
  reshape,
  sqrt,
  sub,
} from '../graph/builders.js';
import { formatType, type Tensor } from '../graph/tensor.js';

/** What one view gives: B images with R samples of regions each. */
export interface ContrastiveView {
  /** float32 [B, R, D], of the predictor of the online network. */
  readonly predictions: Tensor;
  /** uint8 [B, R], the region that each prediction is of. */
  readonly predictionIds: Tensor;
  /** float32 [B, R, D], of the projector of the target network, without gradient. */
  readonly targets: Tensor;
  /** uint8 [B, R], the region that each target is of. */
  readonly targetIds: Tensor;
}

export interface DetconOptions {
  /** Divides the cosines; default 0.1. */
  readonly temperature?: number;
}

/** Scalars. */
export interface DetconLoss {
  readonly loss: Tensor;
  /** Mean cosine between predictions and the targets that are the same region of the same image in the other view. */
  readonly positiveSimilarity: Tensor;
  /** Mean cosine between predictions and all targets that are something else. */
  readonly negativeSimilarity: Tensor;
}

/** Takes the logit of a masked pair out of the softmax. */
const MASKED = -1e4;
/** Shorter vectors are not stretched to length one. */
const SHORTEST = 1e-12;

/**
 * For every prediction u of view a, with the targets of both views of the whole batch as candidates:
 *
 *     ℓ(u) = 1/n(u) · (log Σ_v exp(cos(u, v)/τ) − mean over positives v of cos(u, v)/τ)
 *
 * Positives are the targets of view b with the image and region of u. In view a itself these are left out of the sum: they
 * would be too easy. All else is a negative, other regions of the same image included. n(u) counts the samples of that image
 * and view that are of u's region, so that every region weighs alike; a prediction without a positive has loss zero. The
 * loss is the mean over all predictions of a view, added up over both views.
 */
export function detconLoss(
  views: readonly [ContrastiveView, ContrastiveView],
  { temperature = 0.1 }: DetconOptions = {},
): DetconLoss {
  for (const view of views) checkView(view, views[0]);
  const [a, b] = views.map(flattened) as [FlatView, FlatView];
  const [first, second] = [ofView(a, b, temperature), ofView(b, a, temperature)];
  const mean = (kind: 'positives' | 'negatives'): Tensor =>
    div(add(first[kind].sum, second[kind].sum), maximum(add(first[kind].count, second[kind].count), 1));
  return {
    loss: add(first.loss, second.loss),
    positiveSimilarity: mean('positives'),
    negativeSimilarity: mean('negatives'),
  };
}

/** A view as one list of n = B·R samples. */
interface FlatView {
  /** [n, D], of length one. */
  readonly predictions: Tensor;
  /** [n, D], of length one. */
  readonly targets: Tensor;
  /** float32 [n] */
  readonly predictionIds: Tensor;
  /** float32 [n] */
  readonly targetIds: Tensor;
  /** float32 [n], index of the image in the batch. */
  readonly images: Tensor;
}

interface Sum {
  readonly sum: Tensor;
  readonly count: Tensor;
}

/** The part of the loss that belongs to the predictions of view `own`. */
function ofView(
  own: FlatView,
  other: FlatView,
  temperature: number,
): { loss: Tensor; positives: Sum; negatives: Sum } {
  const across = matMul(own.predictions, other.targets, { transB: true });
  const within = matMul(own.predictions, own.targets, { transB: true });
  const sameObject = (ids: Tensor): Tensor =>
    cast(and(pairs(own.predictionIds, ids), pairs(own.images, own.images)), 'float32');
  const positive = sameObject(other.targetIds);
  const masked = sameObject(own.targetIds);

  // Cosines are at most one: taking 1/τ off every logit keeps exp in range.
  const shifted = (cosines: Tensor): Tensor => mul(sub(cosines, 1), 1 / temperature);
  const logits = concat([shifted(across), add(shifted(within), mul(masked, MASKED))], 1);
  const logSum = log(reduceSum(exp(logits), { axes: [1] }));
  const positives = reduceSum(positive, { axes: [1] });
  const attraction = div(reduceSum(mul(positive, shifted(across)), { axes: [1] }), maximum(positives, 1));
  const copies = reduceSum(sameObject(own.predictionIds), { axes: [1] });
  const weight = div(minimum(positives, 1), copies);

  const pairCount = 2 * across.size;
  const allCosines = add(reduceSum(across), reduceSum(within));
  const samePairs = add(reduceSum(positive), reduceSum(masked));
  const sameCosines = add(reduceSum(mul(positive, across)), reduceSum(mul(masked, within)));
  return {
    loss: reduceMean(mul(weight, sub(logSum, attraction))),
    positives: { sum: reduceSum(mul(positive, across)), count: reduceSum(positive) },
    negatives: { sum: sub(allCosines, sameCosines), count: sub(pairCount, samePairs) },
  };
}

function flattened({ predictions, targets, predictionIds, targetIds }: ContrastiveView): FlatView {
  const [batch, samples, width] = predictions.shape as [number, number, number];
  const rows = batch * samples;
  const list = (ids: Tensor): Tensor => reshape(cast(ids, 'float32'), [rows]);
  return {
    predictions: unitRows(reshape(predictions, [rows, width])),
    targets: unitRows(reshape(targets, [rows, width])),
    predictionIds: list(predictionIds),
    targetIds: list(targetIds),
    images: constant(
      Array.from({ length: rows }, (_, i) => Math.floor(i / samples)),
      [rows],
    ),
  };
}

/** x [n, D] with every row divided by its length. */
function unitRows(x: Tensor): Tensor {
  const squares = reduceSum(mul(x, x), { axes: [1], keepDims: true });
  return div(x, sqrt(maximum(squares, SHORTEST ** 2)));
}

/** bool [n, m]: whether a[i] and b[j] are equal. */
function pairs(a: Tensor, b: Tensor): Tensor {
  return equal(reshape(a, [a.size, 1]), reshape(b, [1, b.size]));
}

function checkView(view: ContrastiveView, { predictions: { shape } }: ContrastiveView): void {
  const fits = (x: Tensor, wanted: readonly number[]) => `${x.shape}` === `${wanted}`;
  const ids = shape.slice(0, 2);
  if (
    shape.length !== 3 ||
    ![view.predictions, view.targets].every((x) => fits(x, shape)) ||
    ![view.predictionIds, view.targetIds].every((x) => fits(x, ids))
  )
    throw new OtxError(
      'graph',
      'the contrastive loss needs predictions and targets [B,R,D] and ids [B,R] of both views, got ' +
        Object.values(view).map(formatType).join(', '),
    );
}
