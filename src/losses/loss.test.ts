import { describe, expect, test } from 'vitest';
import { IGNORE_INDEX } from '../base/ignore-index.js';
import { Random } from '../base/random.js';
import { runGraph } from '../engine/run-graph.js';
import { gradients, input } from '../graph/index.js';
import { LOSS_NAMES, type LossName, lossOf } from './loss.js';

const [N, K, H, W] = [2, 3, 4, 5];
const AREA = H * W;
const PIXELS = N * AREA;
const random = new Random('losses');
const logits = Float32Array.from({ length: PIXELS * K }, () => random.range(-4, 4));
const labels = Uint8Array.from({ length: PIXELS }, () =>
  random.chance(0.2) ? IGNORE_INDEX : random.integer(K),
);
const at = (pixel: number, k: number) => (Math.floor(pixel / AREA) * K + k) * AREA + (pixel % AREA);

/** Probabilities of the classes of a pixel, in double precision. */
function softmax(values: ArrayLike<number>, pixel: number): number[] {
  const scores = Array.from({ length: K }, (_, k) => Math.exp(values[at(pixel, k)]!));
  const sum = scores.reduce((total, score) => total + score, 0);
  return scores.map((score) => score / sum);
}

const counted = [...labels.keys()].filter((pixel) => labels[pixel] !== IGNORE_INDEX);
const ALIKE = [1, 1, 1];
const meanOf = (values: ArrayLike<number>, weights: readonly number[], term: (p: number) => number) =>
  counted.reduce((sum, pixel) => {
    const label = labels[pixel]!;
    return sum + weights[label]! * term(softmax(values, pixel)[label]!);
  }, 0) / PIXELS;

/** The Lovász extension as the paper has it: errors, the worst first, times the differences of 1 − IoU. */
function lovasz(values: ArrayLike<number>): number {
  const shown = [0, 1, 2].filter((k) => counted.some((pixel) => labels[pixel] === k));
  const ofClass = shown.map((k) => {
    const errors = counted
      .map((pixel) => ({ isTrue: labels[pixel] === k, p: softmax(values, pixel)[k]! }))
      .map(({ isTrue, p }) => ({ isTrue, error: isTrue ? 1 - p : p }))
      .sort((a, b) => b.error - a.error);
    let [intersection, others, before, sum] = [errors.filter(({ isTrue }) => isTrue).length, 0, 0, 0];
    const all = intersection;
    for (const { isTrue, error } of errors) {
      if (isTrue) intersection -= 1;
      else others += 1;
      const jaccard = 1 - intersection / (all + others);
      sum += error * (jaccard - before);
      before = jaccard;
    }
    return sum;
  });
  return ofClass.reduce((a, b) => a + b, 0) / ofClass.length;
}

/** Straight from the definitions. */
type Definition = (values: ArrayLike<number>, weights: readonly number[]) => number;
const DEFINITIONS: Readonly<Record<LossName, Definition>> = {
  cross_entropy: (values, weights) => meanOf(values, weights, (p) => -Math.log(p)),
  focal: (values, weights) => meanOf(values, weights, (p) => -((1 - p) ** 2) * Math.log(p)),
  dice: (values, weights) => {
    let dice = 0;
    for (let k = 0; k < K; k++) {
      let [both, predicted, truth] = [0, 0, 0];
      for (const pixel of counted) {
        const p = softmax(values, pixel)[k]!;
        predicted += p;
        if (labels[pixel] !== k) continue;
        both += p;
        truth += 1;
      }
      dice += (2 * both + 1) / (predicted + truth + 1) / K;
    }
    return meanOf(values, weights, (p) => -Math.log(p)) + 1 - dice;
  },
  lovasz: (values, weights) => meanOf(values, weights, (p) => -Math.log(p)) + lovasz(values),
};

async function run(name: LossName, values = logits, truth = labels, weights?: readonly number[]) {
  const x = input('logits', 'float32', [N, K, H, W]);
  const y = input('labels', 'uint8', [N, H, W]);
  const loss = lossOf(name, weights)(x, y);
  const [value, gradient] = await runGraph([loss, ...gradients(loss, [x])], {
    logits: values,
    labels: truth,
  });
  return { loss: Number(value![0]), gradient: gradient as Float32Array };
}

describe.each(LOSS_NAMES)('%s', (name) => {
  test.each([
    ['all classes alike', undefined],
    ['weights of classes', [0.5, 2, 3]],
    ['a class that does not count', [1, 0, 1]],
  ])('is what its definition says, with the gradient of differences: %s', async (_, weights) => {
    const { loss, gradient } = await run(name, logits, labels, weights);
    const define = (values: ArrayLike<number>) => DEFINITIONS[name](values, weights ?? ALIKE);
    expect(Math.abs(loss / define(logits) - 1)).toBeLessThan(1e-6);
    const step = 1e-4;
    for (let i = 0; i < logits.length; i++) {
      const moved = Float64Array.from(logits);
      moved[i] = logits[i]! + step;
      const above = define(moved);
      moved[i] = logits[i]! - step;
      const difference = (above - define(moved)) / (2 * step);
      expect(Math.abs(gradient[i]! - difference)).toBeLessThan(2e-6);
    }
  });

  test('does not look at ignored pixels', async () => {
    const changed = logits.map((value, i) => {
      const pixel = Math.floor(i / (K * AREA)) * AREA + (i % AREA);
      return labels[pixel] === IGNORE_INDEX ? 3 - value : value;
    });
    const { loss, gradient } = await run(name, changed);
    expect(Math.abs(loss - (await run(name)).loss)).toBeLessThan(1e-6);
    for (const pixel of labels.keys()) {
      if (labels[pixel] !== IGNORE_INDEX) continue;
      for (let k = 0; k < K; k++) expect(Math.abs(gradient[at(pixel, k)]!)).toBeLessThan(1e-7);
    }
  });

  test('stays finite where all pixels are ignored, and for logits of any size', async () => {
    const nothing = await run(name, logits, new Uint8Array(PIXELS).fill(IGNORE_INDEX));
    expect(Number.isFinite(nothing.loss)).toBe(true);
    expect([...nothing.gradient].every((value) => Math.abs(value) < 1e-7)).toBe(true);
    const huge = await run(
      name,
      logits.map((value) => 1e4 * value),
    );
    expect(Number.isFinite(huge.loss)).toBe(true);
    expect([...huge.gradient].every(Number.isFinite)).toBe(true);
  });
});
