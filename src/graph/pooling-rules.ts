/** @file The shape rule of max pooling. */
import type { TensorType } from './types.js';
import type { PoolAttributes } from './vocabulary.js';

/** Types of the largest values and of their positions. */
export function pooled(
  inputs: readonly TensorType[],
  { kernel, strides, pads, dilations }: PoolAttributes,
): readonly TensorType[] {
  if (inputs.length !== 1) throw new Error(`takes 1 inputs, got ${inputs.length}`);
  const { dtype, shape } = inputs[0]!;
  if (dtype !== 'float32') throw new Error(`needs float32, got ${dtype}`);
  if (shape.length !== 4) throw new Error(`input must have rank 4, got [${shape}]`);
  const size = ([0, 1] as const).map((i) => {
    const [before, after] = [pads[i], pads[i + 2]!];
    if (before >= kernel[i] || after >= kernel[i])
      throw new Error(`pads [${pads}] must be smaller than the window ${kernel.join('x')}`);
    return Math.floor((shape[2 + i]! + before + after - dilations[i] * (kernel[i] - 1) - 1) / strides[i]) + 1;
  });
  if (!size.every((d) => d > 0))
    throw new Error(`a window of ${kernel.join('x')} does not fit into ${shape[2]}x${shape[3]}`);
  const result = [...shape.slice(0, 2), ...size];
  return [
    { dtype, shape: result },
    { dtype: 'int64', shape: result },
  ];
}
