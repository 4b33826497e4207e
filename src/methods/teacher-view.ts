/**
 * @file What a teacher says of whole images, and what of it its filter lets through, by the filters of the training steps: a graph to
 * look with, which learns nothing.
 */

import { type PackLayout, StepBuilder, type StepGraph } from '../engine/step.js';
import { argMax, cast, div, equal, reduceMax, reshape, softmax, sub, type Tensor } from '../graph/index.js';
import { balancedThresholds, confidentLabels, entropyOf, pseudoLabels } from '../losses/index.js';
import type { Segmentor } from '../models/index.js';
import { PackStore, Scope } from '../nn/index.js';
import type { ModelLayouts } from './model-state.js';
import { fullSizeLogits } from './supervised-steps.js';
import { teacherLayouts } from './teacher.js';

/** What decides which pixels are learned from. */
export type TeacherFilter =
  /** A mean teacher: those of the highest entropy are dropped. Scalar `dropShare`. */
  | { readonly kind: 'entropy' }
  /** UniMatch: those are kept whose probability reaches a threshold. Scalar `threshold`; with the pack, by class. */
  | { readonly kind: 'confidence'; readonly balance: PackLayout | undefined };

/** What is looked at. */
export interface TeacherViewOptions {
  /** Images at once: the entropy of a pixel is held against those of all of them, as in a training step. */
  readonly count: number;
  /** Side of the square images. */
  readonly size: number;
  readonly filter: TeacherFilter;
}

/**
 * Inputs: `weak` float32 [N, 3, S, S] and `padding` uint8 [N, S, S], 0 where there is image. Scalars: of the filter.
 * Outputs, uint8 [N, S, S]: `teacher`, its likeliest class; `pseudoLabels`, 255 where the filter drops it; `student`, its likeliest
 * class. `doubt` float32 [N, S, S], from 0 to 1: the entropy as a share of the largest there is, or what the probability lacks to 1.
 * `limit` float32 [1] or [K]: of the entropy in nats from which on a pixel is dropped, or of the probability from which on it is kept.
 */
export function teacherViewStep(
  model: Segmentor,
  layouts: ModelLayouts,
  { count, size, filter }: TeacherViewOptions,
): StepGraph {
  const step = new StepBuilder();
  const weak = step.input('weak', 'float32', [count, 3, size, size]);
  const isImage = equal(step.input('padding', 'uint8', [count, size, size]), 0);
  const logitsOf = ({ parameters, buffers }: ModelLayouts): Tensor => {
    const store = new PackStore([step.pack(parameters), step.pack(buffers)]);
    return fullSizeLogits(model, new Scope(store, false), weak);
  };
  const logits = logitsOf(teacherLayouts(layouts));
  const classes = logits.shape[1]!;
  if (filter.kind === 'entropy') {
    const { labels, threshold } = pseudoLabels(logits, step.scalar('dropShare'), isImage);
    step.output('pseudoLabels', labels);
    step.output(
      'doubt',
      div(reshape(entropyOf(logits), [count, size, size]), Math.log(Math.max(classes, 2))),
    );
    step.output('limit', reshape(threshold, [1]));
  } else {
    const threshold = step.scalar('threshold');
    const least = filter.balance ? balancedThresholds(threshold, step.pack(filter.balance).flat) : threshold;
    step.output('pseudoLabels', cast(confidentLabels(logits, least, isImage).labels, 'uint8'));
    step.output('doubt', sub(1, reduceMax(softmax(logits, 1), { axes: [1] })));
    step.output('limit', reshape(least, [filter.balance ? classes : 1]));
  }
  step.output('teacher', cast(argMax(logits, 1), 'uint8'));
  step.output('student', cast(argMax(logitsOf(layouts), 1), 'uint8'));
  return step.build();
}
