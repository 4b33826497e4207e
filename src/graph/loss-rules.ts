/** @file Types of losses and of their gradients. */
import { sameShape, type TensorType } from './types.js';
import type { CrossEntropyAttributes } from './vocabulary.js';

function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** @throws Error unless there is a label for every pixel, and a weight for every class or none. */
function checkPixels(logits: TensorType, labels: TensorType, { weights }: CrossEntropyAttributes): void {
  check(logits.shape.length === 4, `logits must have 4 dimensions, got [${logits.shape}]`);
  const [n, classes, ...size] = logits.shape as [number, number, ...number[]];
  check(
    sameShape(labels.shape, [n, ...size]),
    `labels [${labels.shape}] do not fit logits [${logits.shape}]`,
  );
  check(
    weights.length === 0 || weights.length === classes,
    `${weights.length} weights for ${classes} classes`,
  );
}

export const lossRules = {
  crossEntropy: (inputs: readonly TensorType[], attributes: CrossEntropyAttributes): TensorType[] => {
    check(inputs.length === 2, `takes 2 inputs, got ${inputs.length}`);
    checkPixels(inputs[0]!, inputs[1]!, attributes);
    return [{ dtype: 'float32', shape: [] }];
  },
  crossEntropyGrad: (inputs: readonly TensorType[], attributes: CrossEntropyAttributes): TensorType[] => {
    check(inputs.length === 3, `takes 3 inputs, got ${inputs.length}`);
    const [dloss, logits, labels] = inputs as [TensorType, TensorType, TensorType];
    check(dloss.shape.length === 0, `gradient [${dloss.shape}] of a scalar`);
    checkPixels(logits, labels, attributes);
    return [{ dtype: 'float32', shape: logits.shape }];
  },
};
