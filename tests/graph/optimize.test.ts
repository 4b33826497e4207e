/** @file The passes change the text of a graph and never its values: on every case with its gradients, and on random graphs. */
import { describe, expect, test } from 'vitest';
import { Random } from '../../src/base/random.js';
import * as g from '../../src/graph/builders.js';
import { gradients } from '../../src/graph/gradients.js';
import { optimize } from '../../src/graph/passes/optimize.js';
import { printGraph } from '../../src/graph/print.js';
import { formatType, reachableNodes, type Tensor } from '../../src/graph/tensor.js';
import { differentiableCases, randomValues, weightedSum } from './cases.js';
import { expectAgreement } from './compare.js';
import { interpret } from './reference.js';

/** Folded constants are rounded to float32. */
const TOLERANCE = 1e-6;

function expectSameValues(outputs: readonly Tensor[], feeds: Readonly<Record<string, Float32Array>>): void {
  const optimized = optimize(outputs);
  expect(optimized.map(formatType)).toEqual(outputs.map(formatType));
  expect(reachableNodes(optimized).length).toBeLessThanOrEqual(reachableNodes(outputs).length);
  const expected = interpret(outputs, feeds);
  interpret(optimized, feeds).forEach((values, i) => {
    expectAgreement(Float32Array.from(values), expected[i]!, { tolerance: TOLERANCE, what: `output ${i}` });
  });
}

describe('cases keep their values and gradients', () => {
  for (const { name, inputs, output, feeds } of differentiableCases())
    test(name, () => {
      expectSameValues([output, ...gradients(weightedSum(output), inputs)], feeds);
    });
});

describe('random graphs keep their values and gradients', () => {
  for (let seed = 0; seed < 150; seed++)
    test(`seed ${seed}`, () => {
      const { inputs, outputs } = randomGraph(seed);
      const loss = outputs.map((y) => g.reduceSum(y)).reduce((a, b) => g.add(a, b));
      const feeds = Object.fromEntries(
        inputs.map((x, i) => [`x${i}`, randomValues(`feed ${seed} ${i}`, x.size)]),
      );
      expectSameValues([...outputs, ...gradients(loss, inputs)], feeds);
    });
});

test('optimising twice finds nothing new in a training-like graph', () => {
  for (const { output, inputs } of differentiableCases()) {
    const once = optimize([output, ...gradients(weightedSum(output), inputs)]);
    expect(reachableNodes(optimize(once)).length).toBe(reachableNodes(once).length);
  }
});

/** Chains of the operators that the passes know, on shapes that broadcast against each other. */
function randomGraph(seed: number): { inputs: Tensor[]; outputs: Tensor[] } {
  const random = new Random(`graph ${seed}`);
  const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)]!;
  const shapes = [[2, 3], [1, 3], [2, 1], [3], [4, 2, 3], [1], []];
  const inputs = shapes.map((shape, i) => g.input(`x${i}`, 'float32', shape));
  const pool: Tensor[] = [...inputs, g.scalar(-1), g.constant([0.5, -1.5, 2], [3]), g.constant([1], [1, 1])];
  const number = () => pick([0, 1, -1, 0.5, 2, 4, -0.25, 3]);
  const wide = (x: Tensor): boolean => x.rank >= 2 && x.shape.at(-1) === 3 && x.shape.at(-2) === 2;
  const steps: ((x: Tensor) => Tensor)[] = [
    (x) => g.mul(x, number()),
    (x) => g.mul(number(), x),
    (x) => g.add(x, number()),
    (x) => g.sub(x, number()),
    (x) => g.sub(number(), x),
    (x) => g.div(x, pick([1, 2, -4, 3, 0.125])),
    (x) => g.neg(x),
    (x) => g.tanh(x),
    (x) => g.sigmoid(x),
    (x) => g.add(x, pick(pool)),
    (x) => g.sub(pick(pool), x),
    (x) => g.mul(x, pick(pool)),
    (x) => g.maximum(x, pick(pool)),
    (x) => g.where(g.greater(x, number()), pick(pool), x),
    (x) => g.expand(x, x.rank <= 2 && (x.shape.at(-1) ?? 1) <= 3 ? broadcastWith(x) : x.shape),
    (x) => g.reshape(x, [x.size]),
    (x) => g.reshape(g.reshape(x, [1, x.size]), x.shape),
    (x) => g.transpose(x, [...x.shape.keys()].reverse()),
    (x) => (x.rank > 0 ? g.reduceMean(x, { axes: [x.rank - 1], keepDims: true }) : x),
    (x) => (x.shape.at(-1) === 3 ? g.concat(g.split(x, [1, 2], -1), -1) : x),
    (x) => (x.shape.at(-1) === 3 ? g.take(x, -1, [2, 0, 1]) : x),
    (x) => (wide(x) ? g.matMul(x, g.neg(inputs[0]!), { transB: true, alpha: 0.5 }) : x),
    (x) => (wide(x) ? g.matMul(g.mul(x, number()), g.mul(inputs[0]!, 2), { transA: true }) : x),
  ];
  function broadcastWith(x: Tensor): readonly number[] {
    const last = x.shape.at(-1) ?? 1;
    return [2, ...(x.rank === 2 ? x.shape.slice(0, 1) : [1]), last === 1 ? 3 : last];
  }
  const made: Tensor[] = [];
  while (made.length < 14) {
    try {
      const y = pick(steps)(pick([...pool, ...made.slice(-4), ...made.slice(-4)]));
      if (y.size <= 200) made.push(y);
      if (y.size <= 200 && random.chance(0.3)) pool.push(y);
    } catch {
      // Two shapes that do not broadcast: draw again.
    }
  }
  return { inputs, outputs: made.slice(-3) };
}

test('random graphs are different graphs', () => {
  const texts = [0, 1, 2].map((seed) => printGraph(randomGraph(seed).outputs));
  expect(new Set(texts).size).toBe(3);
});
