/**
 * @file Semi-supervised training by weak-to-strong consistency, after UniMatch (https://arxiv.org/abs/2208.09910) and UniMatch V2
 * (https://arxiv.org/abs/2410.10777): what a teacher, the moving average of the student, is sure of in a weak view of an
 * unlabeled image is the label of two strong views, which are mixed with other images and of whose features the student sees
 * complementary halves. All of it is one step graph.
 */

import {
  createPairedLoader,
  createTrainLoader,
  createTwoStrongLoader,
  DEFAULT_CACHE_BYTES,
  type UnlabeledImages,
} from '../data/index.js';
import { layoutOf, type PackLayout, packOf, StepBuilder, type StepGraph } from '../engine/step.js';
import {
  add,
  argMax,
  cast,
  concat,
  div,
  equal,
  gradients,
  maximum,
  mul,
  neg,
  reduceMax,
  reduceSum,
  resizeBilinear,
  slice,
  split,
  stopGradient,
  type Tensor,
  take,
  where,
} from '../graph/index.js';
import {
  balancedThresholds,
  confidentLabels,
  crossEntropy,
  nextConfidences,
  rampUp,
  type SegmentationLoss,
} from '../losses/index.js';
import { type Backbone, describe, type Head, type Segmentor } from '../models/index.js';
import { complementaryDropout, complementaryNoiseSize, PackStore, Scope } from '../nn/index.js';
import { averageKeep, type OptimizerName, optimizerScalars } from '../optim/index.js';
import { STATE_PREFIX } from '../weights/training-state.js';
import { joinStep, type Learning, stepsOf } from './learning.js';
import type { Method, StatePack } from './method.js';
import { type ModelLayouts, modelLayouts, modelPacks } from './model-state.js';
import { noiseInput } from './noise-input.js';
import { optimizerPacks } from './optimizer-state.js';
import { batchPictures, joinPictures } from './pictures.js';
import type { SupervisedOptions } from './supervised.js';
import { evaluationStep, fullSizeLogits, supervisedLearning } from './supervised-steps.js';
import {
  cacheLeft,
  countedSteps,
  teacherFollowers,
  teacherLayouts,
  teacherPacks,
  teacherPictures,
} from './teacher.js';

/** Strong views of an unlabeled image. */
const STRONG_VIEWS = 2;
/** Where a network's backbone and head have their variables. */
const [BACKBONE, HEAD] = ['backbone', 'decode_head'];
const CONFIDENCE = 'class_confidence';

/** How a teacher is listened to. */
export interface ConsistencySettings {
  /** Unlabeled images in a step; fewer where there are not as many. */
  readonly unlabeledBatchSize: number;
  /** What the teacher keeps of itself in a step, from 0 to 1; the rest it takes from the student. */
  readonly momentum: number;
  /** Weight of the loss on unlabeled images; that on labeled ones has 1. */
  readonly unsupervisedWeight: number;
  /** Steps over which it rises to that; see `rampUp`. */
  readonly rampSteps: number;
  /** Epochs in which the student learns from labels alone. */
  readonly startEpoch: number;
  /** Probability from which on what the teacher says is a label. */
  readonly threshold: number;
  /** Whether it is lower for classes that the teacher is less sure of; see `balancedThresholds`. */
  readonly isBalanced: boolean;
}

export interface UniMatchOptions extends SupervisedOptions {
  readonly unlabeled: UnlabeledImages;
  readonly teaching: ConsistencySettings;
  /** The model in two, for the dropout of features between them. Default: it is not known, and none are dropped. */
  readonly parts?: ModelParts | undefined;
}

/** A model in two parts, whose variables are under `backbone.` and `decode_head.`. */
export interface ModelParts {
  readonly backbone: Backbone;
  readonly head: Head;
}

/** Learning from images with masks, and from images without by what a teacher is sure of. */
export function uniMatch(options: UniMatchOptions): Method {
  const { model, optimizer, sizes, trainSet, unlabeled, loading, teaching, parts, loss } = options;
  const { variables, parameters } = describe(model, [1, 3, sizes.train, sizes.train]);
  const layouts = modelLayouts(variables);
  const confidence = teaching.isBalanced ? confidenceLayout(trainSet.classes.length) : undefined;
  const unlabeledBatchSize = Math.min(teaching.unlabeledBatchSize, unlabeled.images.length);
  const labeledAlone = (batchSize: number): number =>
    teaching.startEpoch * countedSteps(trainSet.samples.length, batchSize, loading.share?.parts);
  const size = sizes.train;
  return {
    variables,
    parameters,
    graphs: (batchSize) => ({
      packs: [
        ...modelPacks(layouts),
        ...optimizerPacks(optimizer, layouts.parameters),
        ...teacherPacks(layouts),
        ...(confidence ? [confidencePack(confidence)] : []),
      ],
      ...stepsOf({
        supervised: () => followedLearning(model, layouts, { batchSize, size, optimizer, loss }),
        semi: () =>
          uniMatchLearning(model, layouts, {
            ...{ batchSize, unlabeledBatchSize, size, optimizer, parts, loss, confidence },
          }),
      }),
      evaluation: evaluationStep(model, layouts, sizes.validation),
      otherEvaluations: { teacher: evaluationStep(model, teacherLayouts(layouts), sizes.validation) },
      scalars: (step, { learningRate, update }) => {
        const keep = averageKeep(teaching.momentum, update);
        const { threshold, unsupervisedWeight, rampSteps } = teaching;
        const common = { ...optimizerScalars(optimizer, learningRate, update), teacherKeep: keep };
        if (step !== 'semi') return common;
        return {
          ...common,
          threshold,
          unsupervisedWeight: unsupervisedWeight * rampUp(update - labeledAlone(batchSize), rampSteps),
          ...(confidence && { confidenceKeep: keep }),
        };
      },
    }),
    loader: (batchSize) => {
      const shared = { ...loading, cropSize: size };
      const labeled = createTrainLoader(trainSet, { ...shared, batchSize });
      const views = createTwoStrongLoader(unlabeled, {
        ...shared,
        batchSize: unlabeledBatchSize,
        cacheBytes: cacheLeft(trainSet, loading.cacheBytes ?? DEFAULT_CACHE_BYTES),
      });
      return createPairedLoader(labeled, views, labeledAlone(batchSize), loading.share);
    },
    imagesBesides: STRONG_VIEWS * unlabeledBatchSize,
    pictures: (run) =>
      joinPictures(batchPictures('supervised', trainSet.classes), teacherPictures(trainSet.classes, run)),
  };
}

/** How sure the teacher has been of each class, from one step to the next. */
export function confidenceLayout(classes: number): PackLayout {
  return layoutOf(CONFIDENCE, [{ key: CONFIDENCE, shape: [classes] }]);
}

/** Its name in a checkpoint. */
export const confidenceName = (key: string): string => STATE_PREFIX + key;

/** It begins with zeros, for classes that were never seen. */
const confidencePack = (layout: PackLayout): StatePack => ({
  layout,
  nameOf: confidenceName,
});

export interface UniMatchStepOptions {
  /** Labeled images. */
  readonly batchSize: number;
  readonly unlabeledBatchSize: number;
  /** Side of the square crops. */
  readonly size: number;
  readonly optimizer: OptimizerName;
  /** Default: no features are dropped. */
  readonly parts?: ModelParts | undefined;
  /** Of logits at the size of the input, for true labels; pseudo-labels have cross entropy. Default: cross entropy. */
  readonly loss?: SegmentationLoss | undefined;
  /** The pack of what the teacher's confidences have been; balances the thresholds. Default: one threshold for all classes. */
  readonly confidence?: PackLayout | undefined;
}

/** The step before there are unlabeled images: labels alone, and the teacher follows. */
function followedLearning(
  model: Segmentor,
  layouts: ModelLayouts,
  options: Omit<UniMatchStepOptions, 'unlabeledBatchSize'>,
): Learning {
  const learning = supervisedLearning(model, layouts, options);
  learning.step.output('supervised_loss', learning.loss);
  return { ...learning, followers: teacherFollowers(layouts) };
}

/**
 * One optimiser step.
 *
 * Inputs: `images` float32 [N, 3, S, S] and `labels` uint8 [N, S, S]; `weak` float32 [U, 3, S, S] and `padding` uint8 [U, S, S], 0
 * where there is image; `strong` float32 [2U, 3, S, S], two views of the pixels of `weak`, all first ones before all second ones,
 * and `mixed` uint8 [2U, S, S], 1 where a pixel of a strong view is that of the next image, of the last that of the first; with
 * `parts` `noiseChannels` [`complementaryNoiseSize`]; for models with stochastic regularisation `noise` and `noiseStrong`.
 * Scalars: those of `optimizerScalars`, `teacherKeep` (see `averageKeep`), `threshold`, `unsupervisedWeight`, and with
 * `confidence` `confidenceKeep`.
 * Outputs: `loss`, `guard`, `supervised_loss`, `unsupervised_loss` (mean of the two views' cross entropies before their weight;
 * of the sure pixels, divided by all that are image), `kept` (share of the image that the teacher is sure of), `confidence`
 * (its mean), with `confidence` the pack also `lowest_threshold`, `pseudoLabels` uint8 [U, S, S] of the weak views, and
 * `predictions` uint8 [U, S', S'], what the student says about the first strong views, at the resolution of its head.
 */
export function uniMatchStep(
  model: Segmentor,
  layouts: ModelLayouts,
  options: UniMatchStepOptions,
): StepGraph {
  return joinStep(uniMatchLearning(model, layouts, options));
}

/** The loss of {@link uniMatchStep}, its gradient, and the teacher that follows. */
export function uniMatchLearning(
  model: Segmentor,
  layouts: ModelLayouts,
  options: UniMatchStepOptions,
): Learning {
  const { batchSize, unlabeledBatchSize: unlabeled, size, optimizer, parts } = options;
  const step = new StepBuilder();
  const images = step.input('images', 'float32', [batchSize, 3, size, size]);
  const labels = step.input('labels', 'uint8', [batchSize, size, size]);
  const parameters = step.pack(layouts.parameters);
  const buffers = step.pack(layouts.buffers);
  const labeledStore = new PackStore([parameters, buffers], noiseInput(step, 'noise', model, images.shape));
  const logits = fullSizeLogits(model, new Scope(labeledStore, true), images);
  const supervised = (options.loss ?? crossEntropy)(logits, labels);

  // Running statistics follow the strong views, as those of a mean teacher do. What lies behind dropped features is the
  // exception: doubled and missing channels have a larger variance than the whole ones that predictions are made of.
  const isBehind = (key: string): boolean => parts !== undefined && key.startsWith(`${HEAD}.`);
  const ofLabeled = labeledStore.applyBufferUpdates(buffers, isBehind);
  const between = packOf(layouts.buffers, stopGradient(ofLabeled));
  const strong = step.input('strong', 'float32', [STRONG_VIEWS * unlabeled, 3, size, size]);
  const strongStore = new PackStore(
    [parameters, between],
    noiseInput(step, 'noiseStrong', model, strong.shape),
  );
  const student = parts ? withDroppedFeatures(parts, step) : model;
  const guessed = student(new Scope(strongStore, true), strong);
  const opinion = teacherOpinion(model, layouts, step, options);
  const unsupervised = consistency(
    resizeBilinear(guessed, [size, size]),
    mixedOpinion(opinion, step.input('mixed', 'uint8', [STRONG_VIEWS * unlabeled, size, size])),
  );

  const loss = add(supervised, mul(unsupervised, step.scalar('unsupervisedWeight')));
  const [gradient] = gradients(loss, [parameters.flat]) as [Tensor];
  step.update(
    'buffers',
    strongStore.applyBufferUpdates(between, (key) => !isBehind(key)),
  );
  step.output('supervised_loss', supervised);
  step.output('unsupervised_loss', unsupervised);
  step.output('predictions', cast(argMax(slice(guessed, 0, 0, unlabeled), 1), 'uint8'));
  return {
    ...{ step, parameters: layouts.parameters, loss, gradient, optimizer },
    followers: teacherFollowers(layouts),
  };
}

/** The model on two strong views of the same images, with complementary dropout between its parts. */
function withDroppedFeatures({ backbone, head }: ModelParts, step: StepBuilder): Segmentor {
  return (scope, images) => {
    const features = backbone(scope.child(BACKBONE), images);
    const noise = step.input('noiseChannels', 'float32', [complementaryNoiseSize(features)]);
    return head(scope.child(HEAD), complementaryDropout(features, noise));
  };
}

/** Labels of pixels, and which of them are image. */
interface Opinion {
  /** float32 [N, S, S], 255 for none. */
  readonly labels: Tensor;
  /** float32 [N, S, S], 1 where there is image. */
  readonly pixels: Tensor;
}

/** What the teacher is sure of in the weak views. It predicts in evaluation mode, as a saved model would. */
function teacherOpinion(
  model: Segmentor,
  layouts: ModelLayouts,
  step: StepBuilder,
  { unlabeledBatchSize, size, confidence }: UniMatchStepOptions,
): Opinion {
  const weak = step.input('weak', 'float32', [unlabeledBatchSize, 3, size, size]);
  const isImage = equal(step.input('padding', 'uint8', [unlabeledBatchSize, size, size]), 0);
  const teacher = teacherLayouts(layouts);
  const store = new PackStore([step.pack(teacher.parameters), step.pack(teacher.buffers)]);
  const threshold = step.scalar('threshold');
  const before = confidence && step.pack(confidence).flat;
  const least = before ? balancedThresholds(threshold, before) : threshold;
  const logits = fullSizeLogits(model, new Scope(store, false), weak);
  const { labels, kept, confidence: mean, byClass } = confidentLabels(logits, least, isImage);
  if (before) {
    step.update(CONFIDENCE, nextConfidences(before, byClass, step.scalar('confidenceKeep')));
    step.output('lowest_threshold', neg(reduceMax(neg(least))));
  }
  step.output('kept', kept);
  step.output('confidence', mean);
  step.output('pseudoLabels', cast(labels, 'uint8'));
  return { labels, pixels: cast(isImage, 'float32') };
}

/** The opinion on the weak views as one on the strong views, which have pixels of the next image. @param mixed uint8 [2U, S, S] */
function mixedOpinion({ labels, pixels }: Opinion, mixed: Tensor): Opinion {
  const count = labels.shape[0]!;
  const next = Array.from({ length: count }, (_, n) => (n + 1) % count);
  const isOwn = equal(mixed, 0);
  const inBoth = (x: Tensor) => {
    const other = take(x, 0, next);
    return where(isOwn, concat([x, x], 0), concat([other, other], 0));
  };
  return { labels: inBoth(labels), pixels: inBoth(pixels) };
}

/** Mean of the two views' cross entropies, each a sum over the pixels with a label divided by the number that are image. */
function consistency(logits: Tensor, { labels, pixels }: Opinion): Tensor {
  const halves = (x: Tensor) => split(x, [x.shape[0]! / STRONG_VIEWS, x.shape[0]! / STRONG_VIEWS], 0);
  const [truths, images] = [halves(labels), halves(pixels)];
  const losses = halves(logits).map((view, i) => {
    const ofImage = div(images[i]!.size, maximum(reduceSum(images[i]!), 1));
    return mul(crossEntropy(view, truths[i]!), ofImage);
  });
  return mul(add(losses[0]!, losses[1]!), 1 / STRONG_VIEWS);
}
