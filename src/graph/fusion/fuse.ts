/** @file The order of the passes that put operators of the kernel library in the place of patterns. */
import type { Tensor } from '../tensor.js';
import { fuseDense } from './dense.js';
import { fuseDepthwise } from './depthwise.js';
import { fuseElementwise } from './elementwise.js';
import { fuseGelu } from './gelu.js';
import { fuseLoss } from './loss.js';
import { fuseNorms } from './norms.js';

/** How layers are put together. */
export interface FuseOptions {
  /**
   * Batches of one size whose batch norms go by the mean and variance of all their values: runs of the graph side by side. Default: each by
   * those of its own.
   */
  readonly sharedBy?: number | undefined;
}

/**
 * Convolutions, norms and activations as operators of the kernel library, for a graph that is optimised and not lowered yet. What
 * no pass knows stays as it is.
 */
export function fuseLayers(outputs: readonly Tensor[], { sharedBy }: FuseOptions = {}): Tensor[] {
  // Convolutions take norms and activations with them, so that theirs must come first.
  const convolved = fuseDense(fuseDepthwise(outputs, { withNorms: sharedBy === undefined }));
  return fuseLoss(fuseGelu(fuseNorms(convolved, sharedBy)));
}

/**
 * What is left between layers, likewise: chains of elementwise operators, and copies.
 *
 * @param minSize values of the smallest maps that are looked at; default 8192
 */
export const fuseChains: (outputs: readonly Tensor[], minSize?: number) => Tensor[] = fuseElementwise;
