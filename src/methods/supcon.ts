/**
 * @file Supervised contrastive training: the segmentation head learns from every image; in every fifth step both views of the
 * images are used, and the backbone also learns to tell the objects of the masks apart (DetCon-B with true regions).
 */

import type { ClassInfo } from '../data/index.js';
import { StepBuilder, type StepGraph } from '../engine/step.js';
import { add, gradients, resizeBilinear, type Tensor } from '../graph/index.js';
import { crossEntropy, type Positives, type SegmentationLoss } from '../losses/index.js';
import { createHead, createSegmentor, describe, type Head, type Segmentor } from '../models/index.js';
import { PackStore, Scope } from '../nn/index.js';
import { type OptimizerName, optimizerScalars } from '../optim/index.js';
import {
  type ContrastiveLayouts,
  type ContrastiveNetwork,
  contrastiveInputs,
  contrastiveLayouts,
  contrastiveLoss,
  contrastiveNetwork,
  contrastivePacks,
  isContrastive,
  onlineModel,
} from './contrastive.js';
import { joinStep, type Learning, stepsOf } from './learning.js';
import type { Method } from './method.js';
import { noiseInput } from './noise-input.js';
import { optimizerPacks } from './optimizer-state.js';
import { batchPictures, joinPictures, type MethodPictures, type ShownRun, viewPictures } from './pictures.js';
import { evaluationStep } from './supervised-steps.js';

export interface SupconOptions {
  /** Name of the network. */
  readonly model: string;
  /** Background first. */
  readonly classes: readonly ClassInfo[];
  readonly optimizer: OptimizerName;
  /** Of the segmentation. Default: cross entropy. */
  readonly loss?: SegmentationLoss | undefined;
  /** What regions are drawn to. Default: `image`, as in the reference. */
  readonly positives?: Positives | undefined;
  /** Sides of the square network inputs. */
  readonly sizes: { readonly train: number; readonly validation: number };
  /** Gives batches for the steps `single` and `pair`; which of them when is up to it. */
  readonly loader: Method['loader'];
}

/** A pair of views is used in every step whose number, from 1, this divides; the others use one view. */
export const PAIR_INTERVAL = 5;

/** Learning from images with masks, by cross entropy and by contrast. */
export function supcon(options: SupconOptions): Method {
  const { model, classes, optimizer, loss, positives, sizes, loader } = options;
  const numClasses = classes.length;
  const segmentor = createSegmentor(model, { numClasses });
  const network = contrastiveNetwork(model);
  const head = createHead(model, numClasses);
  const { variables, parameters } = describe(onlineModel(network, head), [1, 3, sizes.train, sizes.train]);
  const layouts = contrastiveLayouts(variables);
  const learning = (kind: StepKind, batchSize: number) => () =>
    supconLearning(kind, {
      ...{ network, segmentor, head, optimizer, loss, positives, layouts },
      ...{ batchSize, size: sizes.train },
    });
  return {
    variables,
    parameters,
    graphs: (batchSize) => ({
      packs: [...contrastivePacks(layouts), ...optimizerPacks(optimizer, layouts.parameters)],
      ...stepsOf({ single: learning('single', batchSize), pair: learning('pair', batchSize) }),
      evaluation: evaluationStep(segmentor, layouts, sizes.validation),
      scalars: (_, { learningRate, update }) => optimizerScalars(optimizer, learningRate, update),
    }),
    loader,
    isOfLoss: isContrastive,
    views: 2,
    pictures: (run) => supconPictures(classes, run),
  };
}

/** The batches of single steps, and the views of pairs. */
export function supconPictures(classes: readonly ClassInfo[], run: ShownRun): MethodPictures {
  return joinPictures(batchPictures('single', classes), viewPictures('pair', classes, run));
}

/** `single`: the first view alone, by cross entropy; `pair`: both views, by cross entropy and by contrast. */
export type StepKind = 'single' | 'pair';

export interface SupconStepOptions {
  readonly network: ContrastiveNetwork;
  /** Backbone and head, which a single step passes through. */
  readonly segmentor: Segmentor;
  readonly head: Head;
  readonly optimizer: OptimizerName;
  readonly loss?: SegmentationLoss | undefined;
  readonly positives?: Positives | undefined;
  readonly layouts: ContrastiveLayouts;
  readonly batchSize: number;
  readonly size: number;
}

/**
 * One optimiser step. In a single step the gradient of projector and predictor is zero and the target network stays.
 *
 * Inputs: `images` float32 [N, 3, S, S] and `labels` uint8 [N, S, S] with 255 for ignored pixels, N the batch size or, in a
 * pair, twice that; there also the others of {@link contrastiveInputs}. For models with stochastic regularisation `noise`,
 * and in a pair `noise_target`. Scalars: those of `optimizerScalars`.
 * Outputs: `loss` and its terms `segmentation_loss` and, in a pair, `contrastive_loss`; there also
 * `positive_similarity` and `negative_similarity`; and `guard`, which is not finite when the loss or any gradient is not.
 */
export function supconStep(kind: StepKind, options: SupconStepOptions): StepGraph {
  return joinStep(supconLearning(kind, options));
}

/** The loss of {@link supconStep} and its gradient. */
export function supconLearning(kind: StepKind, options: SupconStepOptions): Learning {
  const { network, segmentor, head, optimizer, layouts, batchSize, size } = options;
  const step = new StepBuilder();
  const pair = kind === 'pair' ? contrastiveInputs(step, network, { batchSize, size }) : undefined;
  const images = pair?.images ?? step.input('images', 'float32', [batchSize, 3, size, size]);
  const labels = step.input('labels', 'uint8', [images.shape[0]!, size, size]);
  const parameters = step.pack(layouts.parameters);
  const buffers = step.pack(layouts.buffers);

  const store = new PackStore([parameters, buffers], noiseInput(step, 'noise', segmentor, images.shape));
  const scope = new Scope(store, true);
  const features = network.backbone(scope.child('backbone'), images);
  const logits = resizeBilinear(head(scope.child('decode_head'), features), [size, size]);
  const segmentation = (options.loss ?? crossEntropy)(logits, labels);
  const online = { scope, features, parameters };
  const contrast =
    pair &&
    contrastiveLoss(step, network, layouts, pair, online, { positives: options.positives ?? 'image' });
  const loss = contrast ? add(segmentation, contrast.loss) : segmentation;

  const [gradient] = gradients(loss, [parameters.flat]) as [Tensor];
  step.update(buffers.layout.name, store.applyBufferUpdates(buffers));
  step.output('segmentation_loss', segmentation);
  if (contrast) {
    step.output('contrastive_loss', contrast.loss);
    step.output('positive_similarity', contrast.positiveSimilarity);
    step.output('negative_similarity', contrast.negativeSimilarity);
  }
  return { step, parameters: layouts.parameters, loss, gradient, optimizer };
}
