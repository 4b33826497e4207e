/** @file The order of the passes that put operators of the kernel library in the place of patterns. */
import type { Tensor } from '../tensor.js';
import { fuseDepthwise } from './depthwise.js';
import { fuseElementwise } from './elementwise.js';
import { fuseGelu } from './gelu.js';
import { fuseNorms } from './norms.js';

export interface FuseOptions {
  /** Values of the smallest maps whose chains of elementwise operators become one; default 8192. */
  readonly minSize?: number;
}

/**
 * The same values with operators of the kernel library, for a graph that is optimised and not lowered yet. What no pass
 * knows stays as it is.
 */
export function fuse(outputs: readonly Tensor[], options: FuseOptions = {}): Tensor[] {
  const chains = (tensors: readonly Tensor[]) => fuseElementwise(tensors, options.minSize);
  // Convolutions take norms and activations with them, so that theirs must come first; chains take what is left.
  return [fuseDepthwise, fuseNorms, fuseGelu, chains].reduce((tensors, pass) => pass(tensors), [...outputs]);
}
