/** @file The smallest step that has everything, for tests: inputs of two types, scalars, a pack that is updated, and a guard. */
import { add, cast, div, gradients, matMul, mul, reduceMean, sub } from '../graph/index.js';
import { layoutOf, StepBuilder, type StepGraph } from './step.js';

/** Of the pack `weights`. */
export const descentLayout = layoutOf('weights', [
  { key: 'w', shape: [3, 2] },
  { key: 'b', shape: [2] },
]);

/** Linear regression by gradient descent; `x / divisor` makes a way to a loss that is not finite. */
export function descentStep(): StepGraph {
  const step = new StepBuilder();
  const x = div(step.input('x', 'float32', [4, 3]), step.scalar('divisor'));
  const target = cast(step.input('target', 'uint8', [4, 2]), 'float32');
  const weights = step.pack(descentLayout);
  const error = sub(add(matMul(x, weights.get('w')), weights.get('b')), target);
  const loss = reduceMean(mul(error, error));
  const [gradient] = gradients(loss, [weights.flat]);
  step.update('weights', sub(weights.flat, mul(gradient!, step.scalar('rate'))));
  step.output('loss', loss);
  step.commitIfFinite('loss');
  return step.build();
}
