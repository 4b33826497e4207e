/** @file The order of the passes. Dead code needs no pass: what no output reaches is not in the graph. */
import type { Tensor } from '../tensor.js';
import { eliminateCommonSubexpressions, type SubexpressionOptions } from './common-subexpressions.js';
import { foldConstants } from './constant-folding.js';
import { simplify } from './simplify.js';

/** A smaller graph with the same values, up to the rounding of merged constant factors. */
export function optimize(outputs: readonly Tensor[], options: SubexpressionOptions = {}): Tensor[] {
  const join = (tensors: readonly Tensor[]) => eliminateCommonSubexpressions(tensors, options);
  return join(foldConstants(simplify(join(foldConstants(outputs)))));
}
