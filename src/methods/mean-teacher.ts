/**
 * @file Semi-supervised training by a mean teacher (https://arxiv.org/abs/1703.01780) with entropy-filtered pseudo-labels:
 * the student learns from labeled images, and on distorted views of unlabeled ones from what the teacher, the moving
 * average of the student, says about them undistorted. All of it is one step graph.
 */

import { StepBuilder, type StepGraph } from '../engine/step.js';
import { add, argMax, cast, gradients, mul, resizeBilinear, type Tensor } from '../graph/index.js';
import { crossEntropy, pseudoLabels } from '../losses/index.js';
import type { Segmentor } from '../models/index.js';
import { PackStore, Scope } from '../nn/index.js';
import { movingAverage, type OptimizerName } from '../optim/index.js';
import type { ModelLayouts } from './model-state.js';
import { noiseInput } from './noise-input.js';
import { updateParameters } from './optimizer-state.js';
import { fullSizeLogits } from './supervised.js';

export interface MeanTeacherStepOptions {
  /** Labeled images. */
  readonly batchSize: number;
  /** Unlabeled images; 0 makes the step that learns from labels alone and only lets the teacher follow. */
  readonly unlabeledBatchSize: number;
  /** Side of the square crops. */
  readonly size: number;
  readonly optimizer: OptimizerName;
}

/** The teacher's packs: those of the student under other names. */
export function teacherLayouts({ parameters, buffers }: ModelLayouts): ModelLayouts {
  return {
    parameters: { ...parameters, name: 'teacher_parameters' },
    buffers: { ...buffers, name: 'teacher_buffers' },
  };
}

/**
 * One optimiser step.
 *
 * Inputs: `images` float32 [N, 3, S, S] and `labels` uint8 [N, S, S]; unless the unlabeled batch is empty, `weak` and `strong`
 * float32 [U, 3, S, S], two views of the same pixels; for models with stochastic regularisation `noise` and `noiseStrong`.
 * Scalars: those of `optimizerScalars`, `teacherKeep` (see `averageKeep`), `dropShare` and `unsupervisedWeight`.
 * Outputs: `loss`, `guard`, `supervised_loss`, and with unlabeled images `unsupervised_loss` (the mean over the pixels that
 * are kept, before its weight), `kept`, `entropy_threshold`, `pseudoLabels` uint8 [U, S, S] and `predictions` uint8
 * [U, S', S'], what the student says about the strong view, at the resolution of its head.
 */
export function meanTeacherStep(
  model: Segmentor,
  layouts: ModelLayouts,
  options: MeanTeacherStepOptions,
): StepGraph {
  const { batchSize, unlabeledBatchSize, size, optimizer } = options;
  const step = new StepBuilder();
  const images = step.input('images', 'float32', [batchSize, 3, size, size]);
  const labels = step.input('labels', 'uint8', [batchSize, size, size]);
  const parameters = step.pack(layouts.parameters);
  const buffers = step.pack(layouts.buffers);
  const teacher = teacherLayouts(layouts);
  const teacherParameters = step.pack(teacher.parameters);
  const teacherBuffers = step.pack(teacher.buffers);

  const labeledStore = new PackStore([parameters, buffers], noiseInput(step, 'noise', model, images.shape));
  const supervised = crossEntropy(fullSizeLogits(model, new Scope(labeledStore, true), images), labels);
  step.output('supervised_loss', supervised);
  let loss = supervised;
  let nextBuffers = labeledStore.applyBufferUpdates(buffers);

  if (unlabeledBatchSize > 0) {
    const shape = [unlabeledBatchSize, 3, size, size];
    const [weak, strong] = [step.input('weak', 'float32', shape), step.input('strong', 'float32', shape)];
    // In evaluation mode: what is averaged are the weights and statistics that a prediction would use, and dropout and the
    // accidents of a small batch stay out of the labels. It also costs a third of what training mode would.
    const teacherStore = new PackStore([teacherParameters, teacherBuffers]);
    const opinion = pseudoLabels(
      fullSizeLogits(model, new Scope(teacherStore, false), weak),
      step.scalar('dropShare'),
    );
    // The strong views are a batch of their own: with the labeled images they would share their batch statistics.
    const strongStore = new PackStore([parameters, buffers], noiseInput(step, 'noiseStrong', model, shape));
    const logits = model(new Scope(strongStore, true), strong);
    const resized = resizeBilinear(logits, [size, size]);
    const unsupervised = mul(crossEntropy(resized, opinion.labels), opinion.reweight);
    loss = add(supervised, mul(unsupervised, step.scalar('unsupervisedWeight')));
    nextBuffers = strongStore.applyBufferUpdates({ ...buffers, flat: nextBuffers });

    step.output('unsupervised_loss', unsupervised);
    step.output('kept', opinion.kept);
    step.output('entropy_threshold', opinion.threshold);
    step.output('pseudoLabels', opinion.labels);
    step.output('predictions', cast(argMax(logits, 1), 'uint8'));
  }

  const [gradient] = gradients(loss, [parameters.flat]) as [Tensor];
  const next = updateParameters(step, optimizer, layouts.parameters, parameters.flat, gradient);
  step.update('buffers', nextBuffers);
  const keep = step.scalar('teacherKeep');
  step.update('teacher_parameters', movingAverage(teacherParameters.flat, next.parameters, keep));
  step.update('teacher_buffers', movingAverage(teacherBuffers.flat, nextBuffers, keep));
  step.output('loss', loss);
  step.output('guard', add(loss, next.norm));
  step.commitIfFinite('guard');
  return step.build();
}
