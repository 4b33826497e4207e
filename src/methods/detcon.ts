/**
 * @file Self-supervised training (DetCon-B): a backbone learns from images without labels to recognise the same piece of an
 * image in two views of it. Pieces come from a segmentation by colour, see src/data/segments.
 */

import { StepBuilder, type StepGraph } from '../engine/step.js';
import { add, gradients, type Tensor } from '../graph/index.js';
import { describe } from '../models/index.js';
import { PackStore, Scope } from '../nn/index.js';
import { clipByGlobalNorm, sgd } from '../optim/index.js';
import { OPTIMIZER_PREFIX } from '../weights/training-state.js';
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
import type { Method } from './method.js';
import { noiseInput } from './noise-input.js';

export interface SelfSupervisedOptions {
  /** Name of the network whose backbone learns. */
  readonly model: string;
  /** Side of the square views. */
  readonly size: number;
  /** Gives batches for the step `detcon`. */
  readonly loader: Method['loader'];
}

const MAX_GRADIENT_NORM = 40;
const WEIGHT_DECAY = 1e-3;
const VELOCITY = 'momentum_buffer';

/** Learning a backbone from images alone. There is nothing to validate; a checkpoint holds the online backbone. */
export function selfSupervised({ model, size, loader }: SelfSupervisedOptions): Method {
  const network = contrastiveNetwork(model);
  const { variables, parameters } = describe(onlineModel(network), [1, 3, size, size]);
  const layouts = contrastiveLayouts(variables);
  return {
    variables,
    parameters,
    graphs: (batchSize) => ({
      packs: [
        ...contrastivePacks(layouts),
        {
          layout: { ...layouts.parameters, name: VELOCITY },
          nameOf: (key) => `${OPTIMIZER_PREFIX}${VELOCITY}.${key}`,
        },
      ],
      steps: { detcon: detconStep(network, layouts, { batchSize, size }) },
      scalars: (_, { learningRate }) => ({ learningRate }),
    }),
    loader,
  };
}

/**
 * One optimiser step: SGD with momentum 0.9, decay 1e-3, gradients clipped at norm 40.
 *
 * Inputs: those of {@link contrastiveInputs}, and for models with stochastic regularisation `noise` and `noise_target`.
 * Scalar: `learningRate`. Outputs: `loss`, `positive_similarity` and `negative_similarity`, and `guard`, which is not
 * finite when the loss or any gradient is not.
 */
export function detconStep(
  network: ContrastiveNetwork,
  layouts: ContrastiveLayouts,
  options: { readonly batchSize: number; readonly size: number },
): StepGraph {
  const step = new StepBuilder();
  const inputs = contrastiveInputs(step, network, options);
  const parameters = step.pack(layouts.parameters);
  const buffers = step.pack(layouts.buffers);
  const velocity = step.pack({ ...layouts.parameters, name: VELOCITY });

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

  const [raw] = gradients(loss, [parameters.flat]) as [Tensor];
  const { gradient, norm } = clipByGlobalNorm(raw, MAX_GRADIENT_NORM);
  const state = { parameters: parameters.flat, velocity: velocity.flat };
  const next = sgd(state, gradient, step.scalar('learningRate'), { weightDecay: WEIGHT_DECAY });

  step.update(parameters.layout.name, next.parameters);
  step.update(VELOCITY, next.velocity);
  step.update(buffers.layout.name, store.applyBufferUpdates(buffers));
  step.output('loss', loss);
  step.output('positive_similarity', positiveSimilarity);
  step.output('negative_similarity', negativeSimilarity);
  step.output('guard', add(loss, norm));
  step.commitIfFinite('guard');
  return step.build();
}
