/**
 * @file Mixed precision as a way to train: a method's steps with a loss scale (./loss-scale.ts). Gradients of a scaled loss stay above the
 * smallest half; they are divided by the scale, in float32, before anything looks at them. Which operators compute in halves, the engine
 * knows.
 */

import { div, gradients, mul, type Tensor } from '../graph/index.js';
import { type Learning, type Learnings, stepsOf } from './learning.js';
import { LOSS_SCALE_START } from './loss-scale.js';
import type { Method } from './method.js';

/** The scalar of a step that its loss is multiplied by. */
export const LOSS_SCALE = 'lossScale';

/** The same way of training in mixed precision; its steps have the scalar {@link LOSS_SCALE}. */
export function inMixedPrecision(method: Method): Method {
  return {
    ...method,
    graphs: (batchSize) => {
      const graphs = method.graphs(batchSize);
      const learnings: Learnings = Object.fromEntries(
        Object.entries(graphs.learnings).map(([name, learning]) => [name, () => withLossScale(learning())]),
      );
      return {
        ...graphs,
        ...stepsOf(learnings),
        scalars: (step, position) => ({
          ...graphs.scalars(step, position),
          [LOSS_SCALE]: (position.lossScale ?? LOSS_SCALE_START).value,
        }),
      };
    },
  };
}

/** What a step learns, computed in mixed precision, with the gradient of the loss times a scale, and divided by it. */
export function withLossScale(learning: Learning): Learning {
  const { step, parameters, loss } = learning;
  step.computeIn('mixed');
  const scale = step.scalar(LOSS_SCALE);
  const flat = step.state(parameters.name)?.current as Tensor;
  const [scaled] = gradients(mul(loss, scale), [flat]) as [Tensor];
  return { ...learning, gradient: div(scaled, scale) };
}
