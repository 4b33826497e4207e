/** @file How results of the runtime (float32) are compared with the interpreter's (float64). */
import type { TensorData } from '../../src/graph/tensor.js';

/**
 * Throws unless every value agrees to `tolerance` relative to the largest: float32 rounding errors of sums are of that order,
 * wrong formulas are far above it.
 */
export function expectAgreement(
  actual: TensorData,
  expected: Float64Array,
  { tolerance = 1e-5, what = 'value' }: { tolerance?: number; what?: string } = {},
): void {
  if (actual.length !== expected.length)
    throw new Error(`${what}: ${actual.length} values instead of ${expected.length}`);
  const scale = expected.reduce((top, v) => Math.max(top, Math.abs(v)), 0);
  expected.forEach((value, i) => {
    const found = Number(actual[i]);
    if (!(Math.abs(found - value) <= tolerance * scale))
      throw new Error(`${what}, element ${i}: ${found} instead of ${value} (largest ${scale})`);
  });
}
