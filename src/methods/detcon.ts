/**
 * @file Self-supervised training (DetCon-B): a backbone learns from images without labels to recognise the same piece of an
 * image in two views of it. Pieces come from a segmentation by colour, see src/data/superpixels.
 */

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
  onlineModel,
} from './contrastive.js';
import { joinStep, type Learning } from './learning.js';
import type { Method } from './method.js';
import { noiseInput } from './noise-input.js';
import { optimizerPacks } from './optimizer-state.js';

export interface SelfSupervisedOptions {
  /** Name of the network whose backbone learns. */
  readonly model: string;
  readonly optimizer: OptimizerName;
  /** Side of the square views. */
  readonly size: number;
  /** Gives batches for the step `detcon`. */
  readonly loader: Method['loader'];
}

/** Learning a backbone from images alone. There is nothing to validate; a checkpoint holds the online backbone. */
export function selfSupervised({ model, optimizer, size, loader }: SelfSupervisedOptions): Method {
  const network = contrastiveNetwork(model);
  const { variables, parameters } = describe(onlineModel(network), [1, 3, size, size]);
  const layouts = contrastiveLayouts(variables);
  return {
    variables,
    parameters,
    graphs: (batchSize) => ({
      packs: [...contrastivePacks(layouts), ...optimizerPacks(optimizer, layouts.parameters)],
      steps: { detcon: detconStep(network, layouts, { batchSize, size, optimizer }) },
      scalars: (_, { learningRate, update }) => optimizerScalars(optimizer, learningRate, update),
    }),
    loader,
  };
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
