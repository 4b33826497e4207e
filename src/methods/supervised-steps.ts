/** @file The step graphs of supervised training, without where its images come from: all that a browser needs of the method. */

import { StepBuilder, type StepGraph } from '../engine/step.js';
import { gradients, resizeBilinear, type Tensor } from '../graph/index.js';
import { crossEntropy, type SegmentationLoss } from '../losses/index.js';
import { describe, type Segmentor } from '../models/index.js';
import { PackStore, Scope } from '../nn/index.js';
import { averageKeep, type OptimizerName, optimizerScalars } from '../optim/index.js';
import { averageFollowers, averageLayouts, averagePacks } from './average.js';
import { joinStep, type Learning, stepsOf } from './learning.js';
import type { Method } from './method.js';
import { type ModelLayouts, modelLayouts, modelPacks } from './model-state.js';
import { noiseInput } from './noise-input.js';
import { optimizerPacks } from './optimizer-state.js';

/** What its graphs depend on. */
export interface SupervisedGraphs {
  readonly model: Segmentor;
  readonly optimizer: OptimizerName;
  /** Sides of the square network inputs. */
  readonly sizes: { readonly train: number; readonly validation: number };
  /** Of logits at the size of the input. Default: cross entropy. */
  readonly loss?: SegmentationLoss | undefined;
  /**
   * What a moving average of the weights keeps of itself in a step, from 0 to 1; it is validated beside them, and the better of
   * both is kept. 0: there is none. Default 0.
   */
  readonly emaDecay?: number | undefined;
}

/** Name of the moving average of the weights. */
const EMA = 'ema';
/** The scalar that says what it keeps of itself. */
const EMA_KEEP = 'emaKeep';

/** Learning from images with masks alone, wherever these come from. */
export function supervisedGraphs(
  options: SupervisedGraphs,
): Pick<Method, 'variables' | 'parameters' | 'graphs'> {
  const { model, optimizer, sizes, loss, emaDecay = 0 } = options;
  const { variables, parameters } = describe(model, [1, 3, sizes.train, sizes.train]);
  const layouts = modelLayouts(variables);
  const hasAverage = emaDecay > 0;
  const stepOptions = { size: sizes.train, optimizer, loss, hasAverage };
  return {
    variables,
    parameters,
    graphs: (batchSize) => ({
      packs: [
        ...modelPacks(layouts),
        ...optimizerPacks(optimizer, layouts.parameters),
        ...(hasAverage ? averagePacks(layouts, EMA) : []),
      ],
      ...stepsOf({ supervised: () => supervisedLearning(model, layouts, { ...stepOptions, batchSize }) }),
      evaluation: evaluationStep(model, layouts, sizes.validation),
      ...(hasAverage && {
        otherEvaluations: { [EMA]: evaluationStep(model, averageLayouts(layouts, EMA), sizes.validation) },
        averages: [EMA],
      }),
      scalars: (_, { learningRate, update }) => ({
        ...optimizerScalars(optimizer, learningRate, update),
        ...(hasAverage && { [EMA_KEEP]: averageKeep(emaDecay, update) }),
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
  /** Whether a moving average follows the weights. Default false. */
  readonly hasAverage?: boolean;
}

/**
 * One optimiser step.
 *
 * Inputs: `images` float32 [N, 3, S, S], `labels` uint8 [N, S, S] with 255 for ignored pixels, and for models with
 * stochastic regularisation `noise` float32 [n], uniform in [0, 1).
 * Scalars: those of `optimizerScalars`, and with an average `emaKeep` (see `averageKeep`). Outputs: `loss`, and `guard`, which must be finite for the step to
 * count: it is not when the loss or any gradient is not.
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
  const { batchSize, size, optimizer = 'adam', loss: lossOfLogits = crossEntropy, hasAverage } = options;
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
  const followers = hasAverage ? averageFollowers(layouts, EMA, EMA_KEEP) : {};
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
