/** @file Every gradient rule against central differences, both evaluated in float64. */
import { describe, expect, test } from 'vitest';
import { gradientRules } from '../../src/graph/gradient-rules.js';
import { gradients } from '../../src/graph/gradients.js';
import { reachableNodes } from '../../src/graph/tensor.js';
import type { OpName } from '../../src/graph/vocabulary.js';
import { differentiableCases, type GraphCase, randomValues, weightedSum } from './cases.js';
import { interpret } from './reference.js';

const STEP = 1e-4;
/** Truncation and rounding of the differences, and constants of the rules that were rounded to float32. */
const TOLERANCE = 2e-7;

const cases = differentiableCases();

describe('gradients equal central differences', () => {
  for (const graph of cases)
    test(graph.name, () => {
      const loss = weightedSum(graph.output);
      const slopes = gradients(loss, graph.inputs);
      const values = interpret(slopes, graph.feeds);
      graph.inputs.forEach((x, i) => {
        expect(slopes[i]!.shape).toEqual(x.shape);
        expectClose(values[i]!, differences(graph, x.node.attributes as { name: string }));
      });
    });

  test('some case covers every rule', () => {
    const used = new Set(cases.flatMap(({ output }) => reachableNodes([output]).map(({ op }) => op)));
    const rules = (Object.keys(gradientRules) as OpName[]).filter((op) => gradientRules[op] !== null);
    expect(rules.filter((op) => !used.has(op))).toEqual([]);
  });
});

/** (f(x + εe) − f(x − εe)) / 2ε for every element e of one input, where f = Σ w·y summed in float64. */
function differences({ output, feeds }: GraphCase, { name }: { name: string }): Float64Array {
  const weights = randomValues('weights', output.size);
  const valueAt = (data: Float64Array): number => {
    const [y] = interpret([output], { ...feeds, [name]: data });
    return y!.reduce((sum, v, i) => sum + v * weights[i]!, 0);
  };
  const x = Float64Array.from(feeds[name]!);
  return x.map((_, i) => {
    const shifted = (by: number) => valueAt(x.map((v, j) => (j === i ? v + by : v)));
    return (shifted(STEP) - shifted(-STEP)) / (2 * STEP);
  });
}

function expectClose(actual: Float64Array, expected: Float64Array): void {
  const scale = Math.max(1, ...expected.map(Math.abs));
  expected.forEach((value, i) => {
    if (!(Math.abs(actual[i]! - value) <= TOLERANCE * scale))
      throw new Error(`element ${i}: gradient ${actual[i]}, differences say ${value}`);
  });
}
