/**
 * @file Self-supervised training (DetCon-B): a backbone learns from images without labels to recognise the same piece of an
 * image in two views of it. Pieces come from a segmentation by colour, see src/data/superpixels.
 */

import { drawPseudoMasks } from '../drawing/sheets/view-sheets.js';
import { StepBuilder, type StepGraph } from '../engine/step.js';
import { gradients, type Tensor } from '../graph/index.js';
import { describe } from '../models/index.js';
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
import {
  evenlySpaced,
  joinPictures,
  type MethodPicture,
  type MethodPictures,
  type ShownRun,
  viewPictures,
} from './pictures.js';

/** Picture of some images with their pseudo masks, and how many. */
const PSEUDO_MASKS = 'pseudo_masks.jpg';
const SHOWN_SEGMENTED = 8;

export interface SelfSupervisedOptions {
  /** Name of the network whose backbone learns. */
  readonly model: string;
  readonly optimizer: OptimizerName;
  /** Side of the square views. */
  readonly size: number;
  /** Gives batches for the step `detcon`. */
  readonly loader: Method['loader'];
  /** Images and their pseudo masks, of which some are shown. Default: none are. */
  readonly samples?: Parameters<typeof drawPseudoMasks>[0];
}

/** Learning a backbone from images alone. There is nothing to validate; a checkpoint holds the online backbone. */
export function selfSupervised({
  model,
  optimizer,
  size,
  loader,
  samples = [],
}: SelfSupervisedOptions): Method {
  const network = contrastiveNetwork(model);
  const { variables, parameters } = describe(onlineModel(network), [1, 3, size, size]);
  const layouts = contrastiveLayouts(variables);
  return {
    variables,
    parameters,
    graphs: (batchSize) => ({
      packs: [...contrastivePacks(layouts), ...optimizerPacks(optimizer, layouts.parameters)],
      ...stepsOf({ detcon: () => detconLearning(network, layouts, { batchSize, size, optimizer }) }),
      scalars: (_, { learningRate, update }) => optimizerScalars(optimizer, learningRate, update),
    }),
    loader,
    isOfLoss: isContrastive,
    views: 2,
    pictures: (run) => detconPictures(samples, run),
  };
}

/** Pairs of views, and before the first step some images with their pseudo masks. */
export function detconPictures(
  samples: NonNullable<SelfSupervisedOptions['samples']>,
  run: ShownRun,
): MethodPictures {
  const masks: MethodPicture = {
    file: PSEUDO_MASKS,
    name: 'pseudo_masks',
    draw: () => drawPseudoMasks(evenlySpaced(samples, SHOWN_SEGMENTED)),
  };
  return joinPictures(viewPictures('detcon', [], run), {
    atStart: () => (samples.length > 0 && run.isMissing(PSEUDO_MASKS) ? [masks] : []),
  });
}

export interface DetconStepOptions {
  readonly batchSize: number;
  /** Side of the square views. */
  readonly size: number;
  readonly optimizer: OptimizerName;
}

/**
 * One optimiser step. The reference has SGD.
 *
 * Inputs: those of {@link contrastiveInputs}, and for models with stochastic regularisation `noise` and `noise_target`.
 * Scalars: those of `optimizerScalars`. Outputs: `loss`, `positive_similarity` and `negative_similarity`, and `guard`, which is not
 * finite when the loss or any gradient is not.
 */
export function detconStep(
  network: ContrastiveNetwork,
  layouts: ContrastiveLayouts,
  options: DetconStepOptions,
): StepGraph {
  return joinStep(detconLearning(network, layouts, options));
}

/** The loss of {@link detconStep} and its gradient. */
export function detconLearning(
  network: ContrastiveNetwork,
  layouts: ContrastiveLayouts,
  options: DetconStepOptions,
): Learning {
  const step = new StepBuilder();
  const inputs = contrastiveInputs(step, network, options);
  const parameters = step.pack(layouts.parameters);
  const buffers = step.pack(layouts.buffers);

  const store = new PackStore(
    [parameters, buffers],
    noiseInput(step, 'noise', network.encoder, inputs.images.shape),
  );
  const scope = new Scope(store, true);
  const features = network.backbone(scope.child('backbone'), inputs.images);
  const { loss, positiveSimilarity, negativeSimilarity } = contrastiveLoss(step, network, layouts, inputs, {
    scope,
    features,
    parameters,
  });

  const [gradient] = gradients(loss, [parameters.flat]) as [Tensor];
  step.update(buffers.layout.name, store.applyBufferUpdates(buffers));
  step.output('positive_similarity', positiveSimilarity);
  step.output('negative_similarity', negativeSimilarity);
  return { step, parameters: layouts.parameters, loss, gradient, optimizer: options.optimizer };
}
