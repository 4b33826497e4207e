/** @file Every way of training beside the supervised one, as a step of a small network. */
import { type ContrastiveNetwork, contrastiveLayouts, onlineModel } from '../../src/methods/contrastive.js';
import { detconLearning } from '../../src/methods/detcon.js';
import { meanTeacherLearning, trainedModel } from '../../src/methods/mean-teacher.js';
import { modelLayouts } from '../../src/methods/model-state.js';
import { supconLearning } from '../../src/methods/supcon.js';
import { confidenceLayout, uniMatchLearning } from '../../src/methods/unimatch.js';
import { describe, type FeatureSegmentor, type Head, type Segmentor } from '../../src/models/index.js';
import { convModule, convolution, depthwiseSeparable } from '../../src/nn/index.js';
import { type Change, CLASSES, type Problem, problemOf, unchanged } from './problems.js';

export interface Way {
  readonly problem: Problem;
  /** Outputs that are not to be zero. */
  readonly figures: readonly string[];
}

const BATCH = 2;
const SIDE = 16;
/** Plain descent: what Adam makes of a gradient of nearly zero depends on its last bits. */
const scalars = () => ({ learningRate: 0.1, teacherKeep: 0.9, unsupervisedWeight: 0.5 });
const common = { batchSize: BATCH, size: SIDE, optimizer: 'sgd' } as const;
const unlabeled = { ...common, unlabeledBatchSize: BATCH };

const network: ContrastiveNetwork = {
  config: { maps: [0, 2], channels: 20, stride: 4, hidden: 12, width: 8 },
  backbone: (scope, images) => {
    const stem = convModule(scope.child('stem'), images, { channels: 8, kernel: 3, stride: 2 });
    const first = convModule(scope.child('first'), stem, { channels: 8, kernel: 3, stride: 2 });
    return [first, convModule(scope.child('second'), first, { channels: 12, kernel: 3, stride: 2 })];
  },
  encoder: (scope, images) => network.backbone(scope.child('backbone'), images)[1]!,
};
const head: Head = (scope, features) =>
  convolution(scope.child('conv'), features[0]!, { channels: CLASSES, kernel: 1 });
const segmentor: Segmentor = (scope, images) =>
  head(scope.child('decode_head'), network.backbone(scope.child('backbone'), images));

const parts = { backbone: network.backbone, head };
const withFeatures: FeatureSegmentor = (scope, images) => {
  const stem = convModule(scope.child('stem'), images, { channels: 8, kernel: 3, stride: 2 });
  const features = depthwiseSeparable(scope.child('block'), stem, 8);
  return { features, logits: convolution(scope.child('head'), features, { channels: CLASSES, kernel: 1 }) };
};

const IMAGES = [1, 3, SIDE, SIDE] as const;

/** Each as it is, or with another learning made of its own. */
export const WAYS: Readonly<Record<string, (change?: Change) => Way>> = {
  'a mean teacher with prototypes': (change = unchanged) => {
    const model: Segmentor = (scope, images) => withFeatures(scope, images).logits;
    const prototypes = { model: withFeatures, classes: CLASSES, axis: 'channels' } as const;
    const { variables } = describe(trainedModel(model, prototypes), IMAGES);
    const learning = meanTeacherLearning(model, modelLayouts(variables), { ...unlabeled, prototypes });
    return {
      problem: problemOf(change(learning), variables, () => ({ ...scalars(), dropShare: 0.2 })),
      figures: ['unsupervised_loss', 'prototype_loss', 'kept', 'entropy_threshold'],
    };
  },
  UniMatch: (change = unchanged) => {
    const { variables } = describe(segmentor, IMAGES);
    const confidence = confidenceLayout(CLASSES);
    const learning = uniMatchLearning(segmentor, modelLayouts(variables), {
      ...unlabeled,
      parts,
      confidence,
    });
    return {
      problem: problemOf(change(learning), variables, () => ({
        ...scalars(),
        threshold: 0.4,
        confidenceKeep: 0.9,
      })),
      figures: ['unsupervised_loss', 'kept', 'confidence', 'lowest_threshold'],
    };
  },
  'supervised contrastive training': (change = unchanged) => {
    const { variables } = describe(onlineModel(network, head), IMAGES);
    const layouts = contrastiveLayouts(variables);
    const options = { ...common, network, segmentor, head, layouts, positives: 'class' } as const;
    return {
      problem: problemOf(change(supconLearning('pair', options)), variables, () => ({ learningRate: 0.1 })),
      figures: ['contrastive_loss', 'positive_similarity', 'negative_similarity'],
    };
  },
  'self-supervised training': (change = unchanged) => {
    const { variables } = describe(onlineModel(network), IMAGES);
    const learning = detconLearning(network, contrastiveLayouts(variables), common);
    return {
      problem: problemOf(change(learning), variables, () => ({ learningRate: 0.1 })),
      figures: ['loss', 'positive_similarity', 'negative_similarity'],
    };
  },
};
