/** @file Which layers are rounded: as many as the score allows, those first to be left exact that rounding disturbs most. */

/** A choice of layers, and how it was found to do. */
export interface Trial<T> {
  /** How many of the layers, those that rounding disturbs most, were left exact. */
  readonly exact: number;
  /** What rounding the others costs, such as the mean Dice that was lost. */
  readonly drop: number;
  readonly found: T;
}

/**
 * The fewest exact layers with which the drop is small enough: none, else 1, 2, 4, … are tried until it is, and then what lies between the
 * last two, by halves. That leaving one more layer exact can do harm is not ruled out: what is returned was measured itself.
 *
 * @param layers those first that rounding disturbs most.
 * @param measure what the rest of them rounded does.
 */
export async function chooseLayers<L, T>(
  layers: readonly L[],
  maxDrop: number,
  measure: (rounded: readonly L[]) => Promise<{ readonly drop: number; readonly found: T }>,
): Promise<Trial<T>> {
  const attempt = async (exact: number): Promise<Trial<T>> => ({
    exact,
    ...(await measure(layers.slice(exact))),
  });
  let best = await attempt(0);
  let failed = -1;
  while (best.drop > maxDrop && best.exact < layers.length) {
    failed = best.exact;
    best = await attempt(Math.min(Math.max(2 * best.exact, 1), layers.length));
  }
  while (best.exact - failed > 1 && failed >= 0) {
    const middle = await attempt(Math.floor((failed + best.exact) / 2));
    if (middle.drop <= maxDrop) best = middle;
    else failed = middle.exact;
  }
  return best;
}
