/** @file The builder of max pooling. */
import { createNode, type Tensor } from './tensor.js';
import type { PoolAttributes } from './vocabulary.js';

/** Where windows of a pooling lie; a missing entry stands for windows side by side. */
export interface MaxPoolOptions {
  /** Window in pixels, [vertical, horizontal]. */
  kernel: readonly [number, number];
  /** Step of the window in pixels, [vertical, horizontal]; default the window. */
  strides?: readonly [number, number];
  /** Pixels around the image that are never the largest, [top, left, bottom, right]; default none. */
  pads?: readonly [number, number, number, number];
  /** Distance between the taps of the window in pixels, [vertical, horizontal]; default 1. */
  dilations?: readonly [number, number];
}

/**
 * Largest value of every window of x, float32 [N, C, H, W] → [N, C, H', W']. The gradient goes to the first of equal values,
 * in the order of rows, as in PyTorch.
 */
export function maxPool(x: Tensor, { kernel, strides = kernel, pads, dilations }: MaxPoolOptions): Tensor {
  const attributes: PoolAttributes = {
    kernel,
    strides,
    pads: pads ?? [0, 0, 0, 0],
    dilations: dilations ?? [1, 1],
  };
  return createNode('maxPool', [x], attributes)[0]!;
}
