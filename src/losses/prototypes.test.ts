import { describe, expect, test } from 'vitest';
import { interpret } from '../../tests/graph/reference.js';
import { Random } from '../base/random.js';
import { gradients, input, type Tensor } from '../graph/index.js';
import { l2Normalized, prototypeLearning } from './prototypes.js';

const [N, K, M, C, H, W] = [2, 3, 2, 4, 3, 2];
const SCALE = 2;
const PIXELS = N * H * W;
const random = new Random('prototypes');
const uniform = (length: number): Float64Array => Float64Array.from({ length }, () => random.range(-1, 1));

interface Values {
  readonly features: Float64Array;
  readonly prototypes: Float64Array;
  readonly similarities: Float64Array;
  readonly classScores: Float64Array;
  readonly labels: Float64Array;
  readonly noise: Float64Array;
}

/** One feature vector per pixel, [N, C, H, W]. */
const featureAt = (x: Float64Array, pixel: number, channels: number, channel: number): number =>
  x[(Math.floor(pixel / (H * W)) * channels + channel) * H * W + (pixel % (H * W))]!;

function normalisedRows(x: Float64Array, length: number): Float64Array {
  const result = x.slice();
  for (let start = 0; start < x.length; start += length) {
    const norm = Math.hypot(...x.subarray(start, start + length));
    for (let i = 0; i < length; i++) result[start + i]! /= norm;
  }
  return result;
}

function normalisedFeatures(x: Float64Array): Float64Array {
  return x.map((value, i) => {
    const [image, place] = [Math.floor(i / (C * H * W)), i % (H * W)];
    const column = Array.from({ length: C }, (_, c) => x[(image * C + c) * H * W + place]!);
    return value / Math.hypot(...column);
  });
}

/** Labels at twice the size; the class of a pixel is that of its upper left label. */
function values(): Values {
  const features = normalisedFeatures(uniform(N * C * H * W));
  const prototypes = normalisedRows(uniform(K * M * C), C);
  const similarities = Float64Array.from({ length: N * K * M * H * W }, (_, i) => {
    const [image, row, place] = [
      Math.floor(i / (K * M * H * W)),
      Math.floor(i / (H * W)) % (K * M),
      i % (H * W),
    ];
    const pixel = image * H * W + place;
    return Array.from(
      { length: C },
      (_, c) => featureAt(features, pixel, C, c) * prototypes[row * C + c]!,
    ).reduce((a, b) => a + b, 0);
  });
  const labels = Float64Array.from({ length: N * H * W * SCALE * SCALE }, () =>
    random.chance(0.2) ? 255 : random.integer(K),
  );
  return {
    features,
    prototypes,
    similarities,
    classScores: uniform(N * K * H * W),
    labels,
    noise: uniform(N * M * H * W).map((v) => (v + 1) / 2),
  };
}

const smallLabel = ({ labels }: Values, pixel: number): number => {
  const [image, y, x] = [Math.floor(pixel / (H * W)), Math.floor((pixel % (H * W)) / W), pixel % W];
  return labels[(image * H * SCALE + y * SCALE) * W * SCALE + x * SCALE]!;
};

const argMax = (xs: readonly number[]): number => xs.indexOf(Math.max(...xs));

/** Sinkhorn's shares of the pixels of one class, as the paper writes them. */
function sharesOf(rows: readonly (readonly number[])[]): number[][] {
  const n = rows.length;
  let q = rows.map((row) => row.map((score) => Math.exp(score / 0.05)));
  const total = q.flat().reduce((a, b) => a + b, 0);
  q = q.map((row) => row.map((v) => v / total));
  for (let i = 0; i < 3; i++) {
    const columns = Array.from({ length: M }, (_, m) => q.reduce((sum, row) => sum + row[m]!, 0));
    q = q.map((row) => row.map((v, m) => v / columns[m]! / M));
    q = q.map((row) => row.map((v) => v / row.reduce((a, b) => a + b, 0) / n));
  }
  return q.map((row) => row.map((v) => v * n));
}

/** Prototype of each pixel (index in K·M, −1 for none), and the prototypes after the step. */
function expected(data: Values): { target: number[]; prototypes: Float64Array } {
  const target = new Array<number>(PIXELS).fill(-1);
  const next = data.prototypes.slice();
  for (let k = 0; k < K; k++) {
    const members = Array.from({ length: PIXELS }, (_, pixel) => pixel).filter(
      (pixel) => smallLabel(data, pixel) === k,
    );
    if (members.length === 0) continue;
    const shares = sharesOf(
      members.map((pixel) =>
        Array.from({ length: M }, (_, m) => featureAt(data.similarities, pixel, K * M, k * M + m)),
      ),
    );
    const sums = Array.from({ length: M }, () => ({ count: 0, vector: new Array<number>(C).fill(0) }));
    members.forEach((pixel, i) => {
      target[pixel] = k * M + argMax(shares[i]!);
      const scores = Array.from({ length: K }, (_, other) => featureAt(data.classScores, pixel, K, other));
      if (argMax(scores) !== k) return;
      const noisy = shares[i]!.map(
        (share, m) => share - Math.log(-Math.log(featureAt(data.noise, pixel, M, m))),
      );
      const sum = sums[argMax(noisy)]!;
      sum.count += 1;
      for (let c = 0; c < C; c++) sum.vector[c]! += featureAt(data.features, pixel, C, c);
    });
    sums.forEach(({ count, vector }, m) => {
      if (count === 0) return;
      const norm = Math.hypot(...vector);
      for (let c = 0; c < C; c++) {
        const at = (k * M + m) * C + c;
        next[at] = 0.999 * data.prototypes[at]! + (0.001 * vector[c]!) / norm;
      }
    });
  }
  return { target, prototypes: normalisedRows(next, C) };
}

const meanCrossEntropy = (rows: readonly { scores: readonly number[]; label: number }[]): number =>
  rows.reduce((sum, { scores, label }) => {
    const total = scores.reduce((a, score) => a + Math.exp(score), 0);
    return sum + Math.log(total) - scores[label]!;
  }, 0) / rows.length;

function graph(): { inputs: Record<keyof Values, Tensor>; loss: Tensor; prototypes: Tensor } {
  const inputs = {
    features: input('features', 'float32', [N, C, H, W]),
    prototypes: input('prototypes', 'float32', [K, M, C]),
    similarities: input('similarities', 'float32', [N, K * M, H, W]),
    classScores: input('classScores', 'float32', [N, K, H, W]),
    labels: input('labels', 'uint8', [N, H * SCALE, W * SCALE]),
    noise: input('noise', 'float32', [N, M, H, W]),
  };
  return { inputs, ...prototypeLearning(inputs) };
}

const lossOf = (data: Values): number => interpret([graph().loss], { ...data })[0]![0]!;

describe('prototypeLearning', () => {
  const data = values();
  const { target, prototypes } = expected(data);

  test('moves the prototypes as the definition says, with pixels that are classified right', () => {
    const [next] = interpret([graph().prototypes], { ...data });
    next!.forEach((value, i) => {
      expect(value).toBeCloseTo(prototypes[i]!, 9);
    });
    expect(next!.some((value, i) => Math.abs(value - data.prototypes[i]!) > 1e-6)).toBe(true);
  });

  test('contrast and distance are means over the pixels with a prototype', () => {
    // Equal scores make the loss on classes ln K, whatever the resize.
    const flat = { ...data, classScores: new Float64Array(data.classScores.length) };
    const labelled = target.flatMap((label, pixel) => {
      const scores = Array.from({ length: K * M }, (_, row) =>
        featureAt(data.similarities, pixel, K * M, row),
      );
      return label < 0 ? [] : [{ scores, label }];
    });
    expect(labelled.length).toBeLessThan(PIXELS);
    const distance =
      labelled.reduce((sum, { scores, label }) => sum + (1 - scores[label]!) ** 2, 0) / labelled.length;
    const wanted = Math.log(K) + 0.01 * meanCrossEntropy(labelled) + 0.001 * distance;
    expect(lossOf(flat)).toBeCloseTo(wanted, 6);
  });

  test.each(['classScores', 'similarities'] as const)('its gradient by %s is that of differences', (name) => {
    const { inputs, loss } = graph();
    const [slope] = interpret(gradients(loss, [inputs[name]]), { ...data });
    const step = 1e-5;
    slope!.forEach((value, i) => {
      const shifted = (by: number) =>
        lossOf({ ...data, [name]: data[name].map((v, j) => (j === i ? v + by : v)) });
      expect(value).toBeCloseTo((shifted(step) - shifted(-step)) / (2 * step), 7);
    });
  });

  test('without any label the loss is finite and the prototypes stay', () => {
    const none = { ...data, labels: new Float64Array(data.labels.length).fill(255) };
    const [loss, next] = interpret([graph().loss, graph().prototypes], { ...none });
    expect(loss![0]).toBe(0);
    next!.forEach((value, i) => {
      expect(value).toBeCloseTo(data.prototypes[i]!, 9);
    });
  });
});

test('l2Normalized gives norm 1 along its axis, and no infinity for zeros', () => {
  const x = input('x', 'float32', [2, 3]);
  const unit = l2Normalized(x, 1);
  const [values, slope] = interpret([unit, ...gradients(unit, [x])], { x: [3, 0, 4, 0, 0, 0] });
  [0.6, 0, 0.8, 0, 0, 0].forEach((wanted, i) => {
    expect(values![i]).toBeCloseTo(wanted, 9);
  });
  expect(slope!.every(Number.isFinite)).toBe(true);
});
