/**
 * @file The contrastive loss of DetCon-B (https://arxiv.org/abs/2103.10957): what one view predicts of an object must be
 * closer to what the target network sees of that object in the other view than to anything else in the batch; or, where the
 * objects are classes, closer to all of its class than to all of others.
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
  greater,
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

/** What a prediction is drawn to, see {@link detconLoss}. */
export const POSITIVES = ['image', 'class'] as const;

export type Positives = (typeof POSITIVES)[number];

export interface DetconOptions {
  /** Divides the cosines; default 0.1. */
  readonly temperature?: number;
  /**
   * `image` (default): the same region of the same image, for numbers that mean something in their image alone. `class`: regions
   * are classes, 0 the background, and all of a class belong together.
   */
  readonly positives?: Positives;
}

/** Scalars. */
export interface DetconLoss {
  readonly loss: Tensor;
  /** Mean cosine between predictions and their positives. */
  readonly positiveSimilarity: Tensor;
  /** Mean cosine between predictions and all targets that are something else. */
  readonly negativeSimilarity: Tensor;
}

/** Class of what nobody has named: it holds things of many kinds. */
const BACKGROUND = 0;
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
 *
 * With `positives: 'class'` the targets of u's class in all other images are positives too, in both views, as in supervised
 * contrastive learning (https://arxiv.org/abs/2004.11362, L_out); none is a negative. What is background in two images need
 * have nothing in common: such pairs are left out, neither positive nor negative.
 */
export function detconLoss(
  views: readonly [ContrastiveView, ContrastiveView],
  { temperature = 0.1, positives = 'image' }: DetconOptions = {},
): DetconLoss {
  for (const view of views) checkView(view, views[0]);
  const [a, b] = views.map(flattened) as [FlatView, FlatView];
  const relate = positives === 'class' ? byClass : byImage;
  const [first, second] = [ofView(a, b, relate, temperature), ofView(b, a, relate, temperature)];
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

/** What the predictions of a view are to the targets of a view: float32 [n, n], 1 where it is so. Default: nowhere. */
interface Relation {
  readonly positive?: Tensor;
  /** Neither positive nor negative. */
  readonly masked?: Tensor;
}

/** The relations of the predictions of view `own` to the targets of the other view, and to those of its own. */
type Relate = (own: FlatView, other: FlatView) => readonly [across: Relation, within: Relation];

const byImage: Relate = (own, other) => [
  { positive: sameObject(own, other.targetIds) },
  { masked: sameObject(own, own.targetIds) },
];

const byClass: Relate = (own, other) => {
  const rows = own.predictionIds.size;
  const named = reshape(cast(greater(own.predictionIds, BACKGROUND), 'float32'), [rows, 1]);
  const sameImage = cast(pairs(own.images, own.images), 'float32');
  const related = (ids: Tensor, belongs: Tensor): Relation => {
    const sameClass = cast(pairs(own.predictionIds, ids), 'float32');
    const positive = mul(sameClass, belongs);
    return { positive, masked: sub(sameClass, positive) };
  };
  return [
    related(other.targetIds, maximum(sameImage, named)),
    related(own.targetIds, mul(sub(1, sameImage), named)),
  ];
};

/** float32 [n, n]: whether a prediction and what has the region `ids` are of the same region of the same image. */
function sameObject(own: FlatView, ids: Tensor): Tensor {
  return cast(and(pairs(own.predictionIds, ids), pairs(own.images, own.images)), 'float32');
}

/** Cosines of which only some pairs are meant. */
interface Chosen {
  /** [n, n] */
  readonly cosines: Tensor;
  /** float32 [n, n], 1 for the pairs that are meant. */
  readonly mask: Tensor;
}

/** The part of the loss that belongs to the predictions of view `own`. */
function ofView(
  own: FlatView,
  other: FlatView,
  relate: Relate,
  temperature: number,
): { loss: Tensor; positives: Sum; negatives: Sum } {
  const cosinesTo = ({ targets }: FlatView): Tensor => matMul(own.predictions, targets, { transB: true });
  const [across, within] = relate(own, other);
  const blocks = [
    { cosines: cosinesTo(other), ...across },
    { cosines: cosinesTo(own), ...within },
  ];
  const chosen = (kind: keyof Relation): Chosen[] =>
    blocks.flatMap(({ cosines, [kind]: mask }) => (mask ? { cosines, mask } : []));
  const [positive, masked] = [chosen('positive'), chosen('masked')];

  // Cosines are at most one: taking 1/τ off every logit keeps exp in range.
  const shifted = (cosines: Tensor): Tensor => mul(sub(cosines, 1), 1 / temperature);
  const logits = blocks.map(({ cosines, masked }) =>
    masked ? add(shifted(cosines), mul(masked, MASKED)) : shifted(cosines),
  );
  const logSum = log(reduceSum(exp(concat(logits, 1)), { axes: [1] }));
  const positives = total(positive.map(({ mask }) => reduceSum(mask, { axes: [1] })));
  const pull = total(positive.map((p) => reduceSum(mul(p.mask, shifted(p.cosines)), { axes: [1] })));
  const attraction = div(pull, maximum(positives, 1));
  const copies = reduceSum(sameObject(own, own.predictionIds), { axes: [1] });
  const weight = div(minimum(positives, 1), copies);

  const pairCount = blocks.reduce((count, { cosines }) => count + cosines.size, 0);
  const same = sumOf([...positive, ...masked]);
  return {
    loss: reduceMean(mul(weight, sub(logSum, attraction))),
    positives: sumOf(positive),
    negatives: {
      sum: sub(total(blocks.map(({ cosines }) => reduceSum(cosines))), same.sum),
      count: sub(pairCount, same.count),
    },
  };
}

function sumOf(pairs: readonly Chosen[]): Sum {
  return {
    sum: total(pairs.map(({ cosines, mask }) => reduceSum(mul(mask, cosines)))),
    count: total(pairs.map(({ mask }) => reduceSum(mask))),
  };
}

/** Sum of one tensor or more. */
function total(tensors: readonly Tensor[]): Tensor {
  return tensors.reduce((sum, x) => add(sum, x));
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
