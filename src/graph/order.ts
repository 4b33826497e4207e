/** @file Builders of what goes by the order of values: sorting, running sums, and picking by positions that a graph computes. */
import { normalizeAxis } from './shape-rules.js';
import { createNode, type Tensor } from './tensor.js';

/**
 * The values of x along `axis` (negative ones count from the end), the largest first, and as int64 the position that each had
 * in x. Equal values keep the order of their positions, so that the result is the same in every run. float32; NaN has no
 * place in an order and must not occur. Takes n·log n comparisons; the gradient takes the order for constant.
 */
export function sort(x: Tensor, axis: number): { values: Tensor; positions: Tensor } {
  const [values, positions] = createNode('sort', [x], { axis: normalizeAxis(axis, x.rank) });
  return { values: values!, positions: positions! };
}

/** Running sums of x along `axis`, each with its own value; `reverse` (default false) sums from the end. float32. */
export function cumSum(x: Tensor, axis: number, { reverse = false }: { reverse?: boolean } = {}): Tensor {
  return createNode('cumSum', [x], { axis: normalizeAxis(axis, x.rank), reverse })[0]!;
}

/**
 * x at `positions` (int64) along `axis`: for two axes and axis 1, y[i][j] = x[i][positions[i][j]]. On the other axes both have
 * the same sizes; a position may occur several times. Numbers outside of the axis are an error at run time.
 */
export function gatherElements(x: Tensor, positions: Tensor, axis: number): Tensor {
  return createNode('gatherElements', [x, positions], { axis: normalizeAxis(axis, x.rank) })[0]!;
}

/**
 * x with `values` added at `positions` (int64) along `axis`: for two axes and axis 1, y[i][positions[i][j]] += values[i][j].
 * Values and positions have one shape, which is that of x on the other axes; values at one position add up.
 */
export function scatterElements(x: Tensor, positions: Tensor, values: Tensor, axis: number): Tensor {
  return createNode('scatterElements', [x, positions, values], { axis: normalizeAxis(axis, x.rank) })[0]!;
}
