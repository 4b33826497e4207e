/** @file Gradient clipping by global norm. */
import { add, div, minimum, mul, reduceSum, reshape, slice, sqrt } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';

/**
 * Scales all gradients by min(1, maxNorm / (norm + 1e-6)), so that their joint L2 norm is at most `maxNorm`.
 * @param gradient flat vector of all gradients
 * @returns the scaled vector, and the norm before scaling (scalar)
 */
export function clipByGlobalNorm(gradient: Tensor, maxNorm: number): { gradient: Tensor; norm: Tensor } {
  const norm = sqrt(sumOfSquares(gradient));
  const factor = minimum(div(maxNorm, add(norm, 1e-6)), 1);
  return { gradient: mul(gradient, factor), norm };
}

/** Of a row. One long sum in single precision loses the small addends: of a million values the fourth digit was wrong. */
const COLUMNS = 1024;

/** Σ x² of a vector: first of rows, which also share the threads, then of their sums. */
function sumOfSquares(x: Tensor): Tensor {
  const rows = Math.floor(x.size / COLUMNS);
  if (rows < 2) return reduceSum(mul(x, x));
  const end = rows * COLUMNS;
  const main = reshape(slice(x, 0, 0, end), [rows, COLUMNS]);
  const sum = reduceSum(reduceSum(mul(main, main), { axes: [1] }));
  if (end === x.size) return sum;
  const rest = slice(x, 0, end, x.size);
  return add(sum, reduceSum(mul(rest, rest)));
}
