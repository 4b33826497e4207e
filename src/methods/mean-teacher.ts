/**
 * @file Semi-supervised training by a mean teacher (https://arxiv.org/abs/1703.01780) with entropy-filtered pseudo-labels:
 * the student learns from labeled images, and on distorted views of unlabeled ones from what the teacher, the moving
 * average of the student, says about them undistorted. All of it is one step graph.
 */

import {
  createPairedLoader,
  createTrainLoader,
  createUnlabeledLoader,
  DEFAULT_CACHE_BYTES,
  type UnlabeledImages,
} from '../data/index.js';
import { packOf, StepBuilder, type StepGraph } from '../engine/step.js';
import {
  add,
  argMax,
  cast,
  equal,
  gradients,
  input,
  mul,
  resizeBilinear,
  stopGradient,
  type Tensor,
} from '../graph/index.js';
import { crossEntropy, dropShare, pseudoLabels, type SegmentationLoss } from '../losses/index.js';
import {
  describe,
  type FeatureSegmentor,
  type PrototypeOptions,
  prototypeNetwork,
  type Segmentor,
} from '../models/index.js';
import { PackStore, Scope } from '../nn/index.js';
import { averageKeep, type OptimizerName, optimizerScalars } from '../optim/index.js';
import { STATE_PREFIX } from '../weights/training-state.js';
import { joinStep, type Learning, stepsOf } from './learning.js';
import type { Method, StatePack } from './method.js';
import { type ModelLayouts, modelLayouts, modelPacks } from './model-state.js';
import { noiseInput } from './noise-input.js';
import { optimizerPacks } from './optimizer-state.js';
import { batchPictures, joinPictures } from './pictures.js';
import type { SupervisedOptions } from './supervised.js';
import { evaluationStep, fullSizeLogits } from './supervised-steps.js';
import {
  cacheLeft,
  countedSteps,
  teacherFollowers,
  teacherLayouts,
  teacherPacks,
  teacherPictures,
} from './teacher.js';

/** Prefix of the variables of {@link prototypeNetwork}. */
const PROTOTYPE_BRANCH = 'proto_net';
/** Of its loss, beside that on the logits. */
const PROTOTYPE_WEIGHT = 0.1;

/** How a mean teacher teaches. */
export interface MeanTeacherSettings {
  /** Unlabeled images in a step; fewer where there are not as many. */
  readonly unlabeledBatchSize: number;
  /** What the teacher keeps of itself in a step, from 0 to 1; the rest it takes from the student. */
  readonly momentum: number;
  /** Weight of the loss on unlabeled images; that on labeled ones has 1. */
  readonly unsupervisedWeight: number;
  /** Epochs in which the student learns from labels alone. */
  readonly startEpoch: number;
}

export interface MeanTeacherOptions extends SupervisedOptions {
  readonly unlabeled: UnlabeledImages;
  readonly teaching: MeanTeacherSettings;
  /** Prototypes of the classes that features are compared with. Default: none. */
  readonly prototypes?: PrototypeLearner | undefined;
}

/** A model whose features are compared with prototypes while it is trained. */
export interface PrototypeLearner extends PrototypeOptions {
  /** The model, with its features. */
  readonly model: FeatureSegmentor;
}

/** Learning from images with masks, and from images without by what a teacher says about them. */
export function meanTeacher(options: MeanTeacherOptions): Method {
  const { model, optimizer, sizes, trainSet, unlabeled, loading, teaching, prototypes, loss } = options;
  const { variables, parameters } = describe(trainedModel(model, prototypes), [
    1,
    3,
    sizes.train,
    sizes.train,
  ]);
  const layouts = modelLayouts(variables);
  const unlabeledBatchSize = Math.min(teaching.unlabeledBatchSize, unlabeled.images.length);
  const epochSteps = (batchSize: number): number =>
    countedSteps(trainSet.samples.length, batchSize, loading.share?.parts);
  const stepOptions = { size: sizes.train, optimizer, prototypes, loss };
  return {
    variables,
    parameters,
    graphs: (batchSize) => ({
      packs: [
        ...studentPacks(layouts),
        ...optimizerPacks(optimizer, layouts.parameters),
        ...teacherPacks(layouts),
      ],
      ...stepsOf({
        supervised: () =>
          meanTeacherLearning(model, layouts, { ...stepOptions, batchSize, unlabeledBatchSize: 0 }),
        semi: () => meanTeacherLearning(model, layouts, { ...stepOptions, batchSize, unlabeledBatchSize }),
      }),
      evaluation: evaluationStep(model, layouts, sizes.validation),
      otherEvaluations: { teacher: evaluationStep(model, teacherLayouts(layouts), sizes.validation) },
      scalars: (step, { learningRate, update }) => ({
        ...optimizerScalars(optimizer, learningRate, update),
        teacherKeep: averageKeep(teaching.momentum, update),
        ...(step === 'semi' && {
          dropShare: dropShare(update, epochSteps(batchSize)),
          unsupervisedWeight: teaching.unsupervisedWeight,
        }),
      }),
    }),
    loader: (batchSize) => {
      const shared = { ...loading, cropSize: sizes.train };
      const labeled = createTrainLoader(trainSet, { ...shared, batchSize });
      const views = createUnlabeledLoader(unlabeled, {
        ...shared,
        batchSize: unlabeledBatchSize,
        cacheBytes: cacheLeft(trainSet, loading.cacheBytes ?? DEFAULT_CACHE_BYTES),
      });
      return createPairedLoader(labeled, views, teaching.startEpoch * epochSteps(batchSize), loading.share);
    },
    isOfLoss: isPrototypes,
    imagesBesides: unlabeledBatchSize,
    pictures: (run) =>
      joinPictures(batchPictures('supervised', trainSet.classes), teacherPictures(trainSet.classes, run)),
  };
}

export interface MeanTeacherStepOptions {
  /** Labeled images. */
  readonly batchSize: number;
  /** Unlabeled images; 0 makes the step that learns from labels alone and only lets the teacher follow. */
  readonly unlabeledBatchSize: number;
  /** Side of the square crops. */
  readonly size: number;
  readonly optimizer: OptimizerName;
  /** Default: none. */
  readonly prototypes?: PrototypeLearner | undefined;
  /** Of logits at the size of the input, for true labels and pseudo-labels. Default: cross entropy. */
  readonly loss?: SegmentationLoss | undefined;
}

/** Images and their labels to logits at head resolution, and to a loss beside that on the logits, if there is one. */
type Student = (
  scope: Scope,
  images: Tensor,
  labels: Tensor,
) => { readonly logits: Tensor; readonly prototypeLoss?: Tensor };

function studentOf(model: Segmentor, prototypes: PrototypeLearner | undefined): Student {
  if (!prototypes) return (scope, images) => ({ logits: model(scope, images) });
  return (scope, images, labels) => {
    const { features, logits } = prototypes.model(scope, images);
    const prototypeLoss = prototypeNetwork(scope.child(PROTOTYPE_BRANCH), features, labels, prototypes);
    return { logits, prototypeLoss };
  };
}

/** All that is trained, as one model to be described. */
export function trainedModel(model: Segmentor, prototypes: PrototypeLearner | undefined): Segmentor {
  const student = studentOf(model, prototypes);
  return (scope, images) => {
    const [n, , height, width] = images.shape as [number, number, number, number];
    return student(scope, images, input('labels', 'uint8', [n, height, width])).logits;
  };
}

/** The student as state of a method. Its prototypes are there for the training alone. */
function studentPacks(layouts: ModelLayouts): StatePack[] {
  return modelPacks(layouts).map((pack) => ({
    ...pack,
    nameOf: (key) => (isPrototypes(key) ? STATE_PREFIX + key : key),
  }));
}

/** Whether a variable of that name belongs to the prototypes, and not to a model that segments. */
export const isPrototypes = (key: string): boolean => key.startsWith(`${PROTOTYPE_BRANCH}.`);

/**
 * One optimiser step.
 *
 * Inputs: `images` float32 [N, 3, S, S] and `labels` uint8 [N, S, S]; unless the unlabeled batch is empty, `weak` and `strong`
 * float32 [U, 3, S, S], two views of the same pixels, and `padding` uint8 [U, S, S], 0 where there is image; for models with
 * stochastic regularisation `noise` and `noiseStrong`.
 * Scalars: those of `optimizerScalars`, `teacherKeep` (see `averageKeep`), `dropShare` and `unsupervisedWeight`.
 * Outputs: `loss`, `guard`, `supervised_loss`, and with unlabeled images `unsupervised_loss` (the mean over the pixels that
 * are kept, before its weight), `kept` (their share of the image), `entropy_threshold`, `pseudoLabels` uint8 [U, S, S] and
 * `predictions` uint8 [U, S', S'], what the student says about the strong view, at the resolution of its head.
 */
export function meanTeacherStep(
  model: Segmentor,
  layouts: ModelLayouts,
  options: MeanTeacherStepOptions,
): StepGraph {
  return joinStep(meanTeacherLearning(model, layouts, options));
}

/** The loss of {@link meanTeacherStep}, its gradient, and the teacher that follows. */
export function meanTeacherLearning(
  model: Segmentor,
  layouts: ModelLayouts,
  options: MeanTeacherStepOptions,
): Learning {
  const { batchSize, unlabeledBatchSize, size, optimizer, prototypes } = options;
  const lossOfLogits = options.loss ?? crossEntropy;
  const step = new StepBuilder();
  const images = step.input('images', 'float32', [batchSize, 3, size, size]);
  const labels = step.input('labels', 'uint8', [batchSize, size, size]);
  const parameters = step.pack(layouts.parameters);
  const buffers = step.pack(layouts.buffers);
  const teacher = teacherLayouts(layouts);
  const teacherParameters = step.pack(teacher.parameters);
  const teacherBuffers = step.pack(teacher.buffers);

  const student = studentOf(model, prototypes);
  /** One pass of the student: loss on logits and loss on prototypes, by labels. */
  const learn = (store: PackStore, views: Tensor, truth: Tensor) => {
    const { logits, prototypeLoss } = student(new Scope(store, true), views, truth);
    const resized = resizeBilinear(logits, [size, size]);
    return { logits, loss: lossOfLogits(resized, truth), prototypeLoss };
  };

  const labeledStore = new PackStore(
    [parameters, buffers],
    noiseInput(step, 'noise', trainedModel(model, prototypes), images.shape),
  );
  const supervised = learn(labeledStore, images, labels);
  step.output('supervised_loss', supervised.loss);
  let loss = supervised.loss;
  if (supervised.prototypeLoss) {
    step.output('prototype_loss', supervised.prototypeLoss);
    loss = add(loss, mul(supervised.prototypeLoss, PROTOTYPE_WEIGHT));
  }
  // With unlabeled images, running statistics are theirs alone: they are many and of the kind that is to be predicted, while the
  // few labeled ones may be of one place or one light. An average of both, which the reference takes, suits neither: no pass
  // of the training is normalised by it, but all predictions are, those of the teacher too, whose mistakes the student then
  // learns.
  const isMoved = unlabeledBatchSize > 0 ? isPrototypes : undefined;
  let nextBuffers = labeledStore.applyBufferUpdates(buffers, isMoved);

  if (unlabeledBatchSize > 0) {
    const shape = [unlabeledBatchSize, 3, size, size];
    const [weak, strong] = [step.input('weak', 'float32', shape), step.input('strong', 'float32', shape)];
    // In evaluation mode: what is averaged are the weights and statistics that a prediction would use, and dropout and the
    // accidents of a small batch stay out of the labels. It also costs less than training mode, which is the reference's.
    const teacherStore = new PackStore([teacherParameters, teacherBuffers]);
    const padding = step.input('padding', 'uint8', [unlabeledBatchSize, size, size]);
    const opinion = pseudoLabels(
      fullSizeLogits(model, new Scope(teacherStore, false), weak),
      step.scalar('dropShare'),
      equal(padding, 0),
    );
    // The strong views are a batch of their own: with the labeled images they would share their batch statistics. They see
    // the prototypes that the labeled images have left.
    const between = packOf(layouts.buffers, stopGradient(nextBuffers));
    const strongStore = new PackStore(
      [parameters, between],
      noiseInput(step, 'noiseStrong', trainedModel(model, prototypes), shape),
    );
    const guessed = learn(strongStore, strong, opinion.labels);
    const unsupervised = mul(guessed.loss, opinion.reweight);
    const weighted = guessed.prototypeLoss
      ? add(unsupervised, mul(mul(guessed.prototypeLoss, opinion.reweight), PROTOTYPE_WEIGHT))
      : unsupervised;
    loss = add(loss, mul(weighted, step.scalar('unsupervisedWeight')));
    nextBuffers = strongStore.applyBufferUpdates(between);

    step.output('unsupervised_loss', unsupervised);
    step.output('kept', opinion.kept);
    step.output('entropy_threshold', opinion.threshold);
    step.output('pseudoLabels', opinion.labels);
    step.output('predictions', cast(argMax(guessed.logits, 1), 'uint8'));
  }

  const [gradient] = gradients(loss, [parameters.flat]) as [Tensor];
  step.update('buffers', nextBuffers);
  return {
    step,
    parameters: layouts.parameters,
    loss,
    gradient,
    optimizer,
    followers: teacherFollowers(layouts),
  };
}
