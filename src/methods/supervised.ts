/** @file Supervised training: cross entropy on labelled images, gradients and an optimiser, all in one step graph. */

import { type PackLayout, StepBuilder, type StepGraph } from '../engine/step.js';
import { add, gradients, resizeBilinear, type Tensor } from '../graph/index.js';
import { crossEntropy } from '../losses/index.js';
import type { Segmentor } from '../models/index.js';
import { PackStore, Scope } from '../nn/index.js';
import { type OptimizerName, optimize } from '../optim/recipes.js';
import type { ModelLayouts } from './model-state.js';
import { noiseInput } from './noise-input.js';

export interface TrainStepOptions {
  readonly batchSize: number;
  /** Side of the square crops. */
  readonly size: number;
  /** Default adam. */
  readonly optimizer?: OptimizerName;
}

/** Packs of the optimiser's first and second moments; both start at zero. */
export function momentLayouts({ parameters }: ModelLayouts): { first: PackLayout; second: PackLayout } {
  return { first: { ...parameters, name: 'exp_avg' }, second: { ...parameters, name: 'exp_avg_sq' } };
}

/**
 * One optimiser step.
 *
 * Inputs: `images` float32 [N, 3, S, S], `labels` uint8 [N, S, S] with 255 for ignored pixels, and for models with
 * stochastic regularisation `noise` float32 [n], uniform in [0, 1).
 * Scalars: those of `optimizerScalars`. Outputs: `loss`, and `guard`, which must be finite for the step to
 * count: it is not when the loss or any gradient is not.
 */
export function supervisedTrainStep(
  model: Segmentor,
  layouts: ModelLayouts,
  options: TrainStepOptions,
): StepGraph {
  const { batchSize, size, optimizer = 'adam' } = options;
  const step = new StepBuilder();
  const images = step.input('images', 'float32', [batchSize, 3, size, size]);
  const labels = step.input('labels', 'uint8', [batchSize, size, size]);
  const parameters = step.pack(layouts.parameters);
  const buffers = step.pack(layouts.buffers);
  const moments = momentLayouts(layouts);
  const first = step.pack(moments.first);
  const second = step.pack(moments.second);

  const noise = noiseInput(step, 'noise', model, images.shape);
  const store = new PackStore([parameters, buffers], noise);
  const logits = fullSizeLogits(model, new Scope(store, true), images);
  const loss = crossEntropy(logits, labels);

  const [gradient] = gradients(loss, [parameters.flat]) as [Tensor];
  const { next, norm } = optimize(optimizer, {
    state: { parameters: parameters.flat, m: first.flat, v: second.flat },
    gradient,
    entries: layouts.parameters.entries,
    scalar: (name) => step.scalar(name),
  });

  step.update('parameters', next.parameters);
  step.update('exp_avg', next.m);
  step.update('exp_avg_sq', next.v);
  step.update('buffers', store.applyBufferUpdates(buffers));
  step.output('loss', loss);
  step.output('guard', add(loss, norm));
  step.commitIfFinite('guard');
  return step.build();
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
