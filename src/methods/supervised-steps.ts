/** @file The step graphs of supervised training, without where its images come from: all that a browser needs of the method. */

import { StepBuilder, type StepGraph } from '../engine/step.js';
import { gradients, resizeBilinear, type Tensor } from '../graph/index.js';
import { crossEntropy, type SegmentationLoss } from '../losses/index.js';
import { describe, type Segmentor } from '../models/index.js';
import { PackStore, Scope } from '../nn/index.js';
import { type OptimizerName, optimizerScalars } from '../optim/index.js';
import {
  type AverageSettings,
  averageFollowers,
  averageLayouts,
  averagePacks,
  averagesBy,
  keepScalar,
} from './average.js';
import { joinStep, type Learning, stepsOf } from './learning.js';
import type { Method } from './method.js';
import { type ModelLayouts, modelLayouts, modelPacks } from './model-state.js';
import { noiseInput } from './noise-input.js';
import { optimizerPacks } from './optimizer-state.js';

/** What its graphs depend on. Averages of the weights are validated beside them, and the best of all is kept. */
export interface SupervisedGraphs extends AverageSettings {
  readonly model: Segmentor;
  readonly optimizer: OptimizerName;
  /** Sides of the square network inputs. */
  readonly sizes: { readonly train: number; readonly validation: number };
  /** Of logits at the size of the input. Default: cross entropy. */
  readonly loss?: SegmentationLoss | undefined;
}

/** Learning from images with masks alone, wherever these come from. */
export function supervisedGraphs(
  options: SupervisedGraphs,
): Pick<Method, 'variables' | 'parameters' | 'graphs'> {
  const { model, optimizer, sizes, loss } = options;
  const { variables, parameters } = describe(model, [1, 3, sizes.train, sizes.train]);
  const layouts = modelLayouts(variables);
  const averages = averagesBy(options);
  const names = averages.map(({ name }) => name);
  const stepOptions = { size: sizes.train, optimizer, loss, averages: names };
  return {
    variables,
    parameters,
    graphs: (batchSize) => ({
      packs: [
        ...modelPacks(layouts),
        ...optimizerPacks(optimizer, layouts.parameters),
        ...names.flatMap((name) => averagePacks(layouts, name)),
      ],
      ...stepsOf({ supervised: () => supervisedLearning(model, layouts, { ...stepOptions, batchSize }) }),
      evaluation: evaluationStep(model, layouts, sizes.validation),
      ...(names.length > 0 && {
        otherEvaluations: Object.fromEntries(
          names.map((name) => [name, evaluationStep(model, averageLayouts(layouts, name), sizes.validation)]),
        ),
        averages: names,
      }),
      scalars: (_, position) => ({
        ...optimizerScalars(optimizer, position.learningRate, position.update),
        ...Object.fromEntries(averages.map(({ name, keep }) => [keepScalar(name), keep(position)])),
      }),
    }),
  };
}

export interface TrainStepOptions {
  readonly batchSize: number;
  /** Side of the square crops. */
  readonly size: number;
  /** Default adam. */
  readonly optimizer?: OptimizerName;
  /** Default: cross entropy. */
  readonly loss?: SegmentationLoss | undefined;
  /** Names of averages that follow the weights. Default none. */
  readonly averages?: readonly string[];
}

/**
 * One optimiser step.
 *
 * Inputs: `images` float32 [N, 3, S, S], `labels` uint8 [N, S, S] with 255 for ignored pixels, and for models with
 * stochastic regularisation `noise` float32 [n], uniform in [0, 1).
 * Scalars: those of `optimizerScalars`, and for each average its `keepScalar`. Outputs: `loss`, and `guard`, which must be
 * finite for the step to count: it is not when the loss or any gradient is not.
 */
export function supervisedTrainStep(
  model: Segmentor,
  layouts: ModelLayouts,
  options: TrainStepOptions,
): StepGraph {
  return joinStep(supervisedLearning(model, layouts, options));
}

/** The loss of {@link supervisedTrainStep} and its gradient. */
export function supervisedLearning(
  model: Segmentor,
  layouts: ModelLayouts,
  options: TrainStepOptions,
): Learning {
  const { batchSize, size, optimizer = 'adam', loss: lossOfLogits = crossEntropy, averages = [] } = options;
  const step = new StepBuilder();
  const images = step.input('images', 'float32', [batchSize, 3, size, size]);
  const labels = step.input('labels', 'uint8', [batchSize, size, size]);
  const parameters = step.pack(layouts.parameters);
  const buffers = step.pack(layouts.buffers);

  const noise = noiseInput(step, 'noise', model, images.shape);
  const store = new PackStore([parameters, buffers], noise);
  const logits = fullSizeLogits(model, new Scope(store, true), images);
  const loss = lossOfLogits(logits, labels);

  const [gradient] = gradients(loss, [parameters.flat]) as [Tensor];
  step.update('buffers', store.applyBufferUpdates(buffers));
  const followers = Object.assign({}, ...averages.map((name) => averageFollowers(layouts, name)));
  return { step, parameters: layouts.parameters, loss, gradient, optimizer, followers };
}

/**
 * Evaluation on the state that training keeps in the engine.
 *
 * Input: `images` float32 [1, 3, S, S]. Output: `logits` float32 [1, K, S, S].
 */
export function evaluationStep(model: Segmentor, layouts: ModelLayouts, size: number): StepGraph {
  const step = new StepBuilder();
  const images = step.input('images', 'float32', [1, 3, size, size]);
  const store = new PackStore([step.pack(layouts.parameters), step.pack(layouts.buffers)]);
  step.output('logits', fullSizeLogits(model, new Scope(store, false), images));
  return step.build();
}

/** images [N, 3, H, W] → logits [N, K, H, W]: what the model says, resized bilinearly to the size of its input. */
export function fullSizeLogits(model: Segmentor, scope: Scope, images: Tensor): Tensor {
  const [height, width] = images.shape.slice(2) as [number, number];
  return resizeBilinear(model(scope, images), [height, width]);
}
