import { describe, expect, test } from 'vitest';
import { interpret } from '../../tests/graph/reference.js';
import { fnv1a32, Random } from '../base/random.js';
import { runGraph } from '../engine/run-graph.js';
import { gradients, input, type Tensor } from '../graph/index.js';
import { type ContrastiveView, type DetconLoss, detconLoss, POSITIVES, type Positives } from './detcon.js';

type Ids = readonly (readonly number[])[];
type Name = 'pred1' | 'pred2' | 'target1' | 'target2';
interface Case {
  /** [B, R, D], row-major. */
  readonly vectors: Readonly<Record<Name, readonly number[]>>;
  readonly pind1: Ids;
  readonly pind2: Ids;
  readonly tind1: Ids;
  readonly tind2: Ids;
}

const NAMES = ['pred1', 'pred2', 'target1', 'target2'] as const;

/** 2u − 1 of the linear congruential generator that is seeded with `name`. */
function drawn(name: string, size: number): number[] {
  let state = fnv1a32(name);
  return Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (2 * state) / 2 ** 32 - 1;
  });
}

/** Two images with four samples of five features. */
const published: Case = {
  vectors: Object.fromEntries(NAMES.map((name) => [name, drawn(name, 40)])) as unknown as Case['vectors'],
  pind1: [
    [0, 1, 1, 2],
    [0, 0, 3, 3],
  ],
  pind2: [
    [1, 1, 0, 4],
    [3, 0, 2, 2],
  ],
  tind1: [
    [2, 1, 0, 0],
    [0, 3, 3, 5],
  ],
  tind2: [
    [1, 0, 0, 2],
    [0, 0, 3, 1],
  ],
};

/** One image with two samples of regions 3 and 7 in the plane; every prediction equals its own target in the other view. */
const plane: Case = {
  vectors: { pred1: [1, 0, 0, 1], pred2: [1, 0, 0, 1], target1: [1, 0, 0, 1], target2: [1, 0, 0, 1] },
  pind1: [[3, 7]],
  pind2: [[3, 7]],
  tind1: [[3, 7]],
  tind2: [[3, 7]],
};

function build(
  { vectors, pind1 }: Case,
  positives?: Positives,
): DetconLoss & { vectors: Record<Name, Tensor> } {
  const [batch, samples] = [pind1.length, pind1[0]!.length];
  const shape = [batch, samples, vectors.pred1.length / (batch * samples)];
  const x = Object.fromEntries(NAMES.map((name) => [name, input(name, 'float32', shape)])) as Record<
    Name,
    Tensor
  >;
  const ids = (name: string) => input(name, 'uint8', [batch, samples]);
  const view = (i: 1 | 2): ContrastiveView => ({
    predictions: x[`pred${i}`],
    predictionIds: ids(`pind${i}`),
    targets: x[`target${i}`],
    targetIds: ids(`tind${i}`),
  });
  return { ...detconLoss([view(1), view(2)], positives && { positives }), vectors: x };
}

const feeds = ({ vectors, ...ids }: Case): Record<string, number[]> => ({
  ...Object.fromEntries(Object.entries(vectors).map(([name, values]) => [name, [...values]])),
  ...Object.fromEntries(Object.entries(ids).map(([name, values]) => [name, (values as Ids).flat()])),
});

function evaluate(
  example: Case,
  positives?: Positives,
): { loss: number; positive: number; negative: number } {
  const { loss, positiveSimilarity, negativeSimilarity } = build(example, positives);
  const [a, b, c] = interpret([loss, positiveSimilarity, negativeSimilarity], feeds(example));
  return { loss: a![0]!, positive: b![0]!, negative: c![0]! };
}

const withVectors = (example: Case, vectors: Partial<Case['vectors']>): Case => ({
  ...example,
  vectors: { ...example.vectors, ...vectors },
});

describe('value', () => {
  test('is the published one', async () => {
    expect(Math.abs(evaluate(published).loss - 6.155820820548405)).toBeLessThan(1e-12);
    const bytes = (ids: Ids) => Uint8Array.from(ids.flat());
    const { vectors, pind1, pind2, tind1, tind2 } = published;
    const [loss] = await runGraph([build(published).loss], {
      ...Object.fromEntries(NAMES.map((name) => [name, Float32Array.from(vectors[name])])),
      pind1: bytes(pind1),
      pind2: bytes(pind2),
      tind1: bytes(tind1),
      tind2: bytes(tind2),
    });
    expect(Math.abs(Number(loss![0]) - 6.155820820548405)).toBeLessThan(2e-6);
  });

  test('by hand: against its positive stand one negative per view, its own target in its own view is out', () => {
    // cos/τ: 10 for the positive, 0 for the negative of the other view and of its own; per view the mean of two equal terms.
    const { loss, positive, negative } = evaluate(plane);
    expect(loss).toBeCloseTo(2 * Math.log(1 + 2 * Math.exp(-10)), 12);
    expect([positive, negative]).toEqual([1, 0]);
  });

  test('by hand: two positives share the label, two samples of one region share its weight', () => {
    const twice: Case = { ...plane, pind1: [[3, 3]], tind2: [[3, 3]], pind2: [[1, 1]], tind1: [[2, 2]] };
    // View 1: candidates (1,0) and (0,1) of each view, all four cosines 1, 0, 1, 0 or 0, 1, 0, 1, none masked; both of
    // view 2's are positives, so the label is ½, ½; weight ½ for each of two samples. View 2 has no positive.
    const each = Math.log(2 * Math.exp(10) + 2) - 5;
    expect(evaluate(twice).loss).toBeCloseTo(each / 2, 9);
  });

  test('is zero where no region is in both views', () => {
    const strangers: Case = { ...plane, tind1: [[1, 2]], tind2: [[1, 2]] };
    expect(evaluate(strangers)).toEqual({ loss: 0, positive: 0, negative: 0.5 });
  });

  test('equal ids of different images are different objects', () => {
    const two: Case = {
      vectors: { pred1: [1, 0, 0, 1], pred2: [1, 0, 0, 1], target1: [1, 0, 0, 1], target2: [1, 0, 0, 1] },
      pind1: [[5], [5]],
      pind2: [[5], [5]],
      tind1: [[5], [5]],
      tind2: [[5], [5]],
    };
    expect(evaluate(two).loss).toBeCloseTo(evaluate(plane).loss, 12);
  });

  test('is the same when the views are swapped', () => {
    const { vectors, pind1, pind2, tind1, tind2 } = published;
    const { pred1, pred2, target1, target2 } = vectors;
    const swapped = evaluate({
      vectors: { pred1: pred2, pred2: pred1, target1: target2, target2: target1 },
      pind1: pind2,
      pind2: pind1,
      tind1: tind2,
      tind2: tind1,
    });
    const straight = evaluate(published);
    expect(swapped.loss).toBeCloseTo(straight.loss, 12);
    expect(swapped.positive).toBeCloseTo(straight.positive, 12);
    expect(swapped.negative).toBeCloseTo(straight.negative, 12);
  });

  test('does not depend on the lengths of the vectors', () => {
    const longer = (name: Name, by: number) => published.vectors[name].map((v) => by * v);
    const scaled = withVectors(published, { pred1: longer('pred1', 7), target2: longer('target2', 0.01) });
    expect(evaluate(scaled).loss).toBeCloseTo(evaluate(published).loss, 9);
  });

  test('vectors of zeros give a loss and gradients that are numbers', () => {
    const empty = withVectors(published, { pred1: new Array<number>(40).fill(0) });
    const { loss, vectors } = build(empty);
    const [value, ...slopes] = interpret(
      [
        loss,
        ...gradients(
          loss,
          NAMES.map((name) => vectors[name]),
        ),
      ],
      feeds(empty),
    );
    expect(Number.isFinite(value![0])).toBe(true);
    expect(slopes.every((slope) => slope.every(Number.isFinite))).toBe(true);
  });
});

describe('direction', () => {
  const angle = (degrees: number) => [Math.cos, Math.sin].map((f) => f((degrees * Math.PI) / 180));

  test('the loss falls as a prediction comes nearer to its positive, and the similarity rises', () => {
    const at = (degrees: number) => evaluate(withVectors(plane, { pred1: [...angle(degrees), 0, 1] }));
    const [far, near] = [at(40), at(20)];
    expect(near.loss).toBeLessThan(far.loss);
    expect(near.positive).toBeGreaterThan(far.positive);
    expect(near.negative).toBeLessThan(far.negative);
  });

  test('the loss rises as another region comes nearer, of the same image in either view', () => {
    // Region 7 has no positive for prediction 3; only its targets move.
    const alone: Case = { ...plane, pind1: [[3, 3]], vectors: { ...plane.vectors, pred1: [1, 0, 1, 0] } };
    for (const name of ['target1', 'target2'] as const) {
      const at = (degrees: number) => evaluate(withVectors(alone, { [name]: [1, 0, ...angle(degrees)] }));
      expect(at(50).loss).toBeGreaterThan(at(70).loss + 1e-3);
    }
  });

  test('the target of the same region in the same view has no say', () => {
    // View 2 has no positives, so that only view 1 counts, where every target of view 1 is of the predictions' region.
    const alone: Case = { ...plane, pind1: [[3, 3]], tind1: [[3, 3]], pind2: [[1, 1]] };
    const at = (degrees: number, ids: Ids) =>
      evaluate({ ...withVectors(alone, { target1: [...angle(degrees), 0, 1] }), tind1: ids }).loss;
    expect(at(60, [[3, 3]])).toBe(at(0, [[3, 3]]));
    expect(at(60, [[7, 3]])).not.toBeCloseTo(at(0, [[7, 3]]), 3);
  });
});

test.each(POSITIVES)('gradients equal central differences, positives %s', (positives) => {
  const { loss, vectors } = build(published, positives);
  const slopes = interpret(
    gradients(
      loss,
      NAMES.map((name) => vectors[name]),
    ),
    feeds(published),
  );
  const STEP = 1e-5;
  NAMES.forEach((name, n) => {
    expect(Math.hypot(...slopes[n]!)).toBeGreaterThan(0.1);
    slopes[n]!.forEach((slope, i) => {
      const shifted = (by: number) => {
        const values = published.vectors[name].map((v, j) => (j === i ? v + by : v));
        return evaluate(withVectors(published, { [name]: values }), positives).loss;
      };
      const difference = (shifted(STEP) - shifted(-STEP)) / (2 * STEP);
      expect(Math.abs(slope - difference)).toBeLessThan(1e-7);
    });
  });
});

describe('classes', () => {
  /** Two images with one sample each, of these classes; vectors in the plane. */
  const images = (first: number, second: number, vectors: Case['vectors']): Case => ({
    ...{ vectors, pind1: [[first], [second]], pind2: [[first], [second]] },
    ...{ tind1: [[first], [second]], tind2: [[first], [second]] },
  });
  const across = plane.vectors;

  test('regions of images alone are the default, to the bit', () => {
    expect(evaluate(published, 'image')).toEqual(evaluate(published));
  });

  /** Of the definition in PyTorch 2.13.0, in float64; class 0 is in both images. */
  test('the golden numbers, and their gradient', async () => {
    const golden = 7.170141249257066;
    const { loss, vectors } = build(published, 'class');
    const slopes = gradients(loss, [vectors.pred1, vectors.pred2]);
    const [value, ...exact] = interpret([loss, ...slopes], feeds(published));
    expect(Math.abs(value![0]! - golden)).toBeLessThan(1e-12);
    const wanted = [
      [0.0685020430373, -0.250506089992, -0.212773759198, -0.142578865478, -0.448118295143, -0.151710921434],
      [0.198172250243, -0.0768341867026, 0.192590636808, 0.527778695659, 0.57791449005, -0.549615902184],
    ];
    wanted.forEach((everySeventh, view) => {
      everySeventh.forEach((slope, i) => {
        expect(Math.abs(exact[view]![7 * i]! - slope)).toBeLessThan(1e-11);
      });
    });
    const bytes = (ids: Ids) => Uint8Array.from(ids.flat());
    const { pind1, pind2, tind1, tind2 } = published;
    const [single] = await runGraph([loss], {
      ...Object.fromEntries(NAMES.map((name) => [name, Float32Array.from(published.vectors[name])])),
      ...{ pind1: bytes(pind1), pind2: bytes(pind2), tind1: bytes(tind1), tind2: bytes(tind2) },
    });
    expect(Math.abs(Number(single![0]) - golden)).toBeLessThan(2e-6);
  });

  test('by hand: a class in two images has positives alone, which share the label', () => {
    // Candidates of the first prediction: its own object in the other view (cosine 1), and the other image in both (0, 0).
    const each = Math.log(Math.exp(10) + 2) - 10 / 3;
    const { loss, positive, negative } = evaluate(images(5, 5, across), 'class');
    expect(loss).toBeCloseTo(2 * each, 12);
    expect(positive).toBeCloseTo(1 / 3, 12);
    expect(negative).toBe(0);
  });

  test('by hand: the background of another image is neither positive nor negative', () => {
    // Only its own object in the other view is left, of which the loss is zero.
    const { loss, positive, negative } = evaluate(images(0, 0, across), 'class');
    expect(loss).toBeCloseTo(0, 12);
    expect([positive, negative]).toEqual([1, 0]);
  });

  test('another class of another image is a negative, the background too', () => {
    for (const [first, second] of [
      [5, 0],
      [5, 6],
    ] as const) {
      const example = images(first, second, across);
      expect(evaluate(example, 'class').loss).toBeCloseTo(2 * Math.log(1 + 2 * Math.exp(-10)), 12);
      expect(evaluate(example, 'class')).toEqual(evaluate(example, 'image'));
    }
  });

  test('a class that only another image shows is found there; the background is not', () => {
    const elsewhere = (id: number): Case => ({
      ...images(id, 7, across),
      ...{ tind2: [[8], [id]], tind1: [[9], [9]], pind2: [[10], [10]] },
    });
    expect(evaluate(elsewhere(5), 'image').loss).toBe(0);
    expect(evaluate(elsewhere(5), 'class').loss).toBeGreaterThan(1);
    expect(evaluate(elsewhere(0), 'class').loss).toBe(0);
  });
});

/** The definition pair by pair, sharing nothing with the graph. */
function byDefinition({ vectors, pind1, pind2, tind1, tind2 }: Case, kind: Positives): number {
  const [batch, samples] = [pind1.length, pind1[0]!.length];
  const width = vectors.pred1.length / (batch * samples);
  const row = (name: Name, b: number, r: number) => {
    const start = (b * samples + r) * width;
    return vectors[name].slice(start, start + width);
  };
  const cosine = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, v, i) => sum + v * y[i]!, 0) / (Math.hypot(...x) * Math.hypot(...y));
  const ofView = (p: Name, own: Name, other: Name, pids: Ids, ownIds: Ids, otherIds: Ids): number => {
    let total = 0;
    for (let b = 0; b < batch; b++)
      for (let r = 0; r < samples; r++) {
        const candidates: { logit: number; positive: boolean }[] = [];
        const id = pids[b]![r]!;
        for (let c = 0; c < batch; c++)
          for (let q = 0; q < samples; q++) {
            const isPositive = { [other]: c === b, [own]: false };
            const isOut = { [other]: false, [own]: c === b };
            if (kind === 'class' && c !== b)
              for (const view of [other, own]) (id === 0 ? isOut : isPositive)[view] = true;
            for (const [view, ids] of [
              [other, otherIds],
              [own, ownIds],
            ] as const) {
              const same = ids[c]![q] === id;
              if (same && isOut[view]) continue;
              const logit = 10 * cosine(row(p, b, r), row(view, c, q));
              candidates.push({ logit, positive: same && isPositive[view]! });
            }
          }
        const positives = candidates.filter(({ positive }) => positive);
        if (positives.length === 0) continue;
        const logSum = Math.log(candidates.reduce((sum, { logit }) => sum + Math.exp(logit), 0));
        const mean = positives.reduce((sum, { logit }) => sum + logit, 0) / positives.length;
        total += (logSum - mean) / pids[b]!.filter((id) => id === pids[b]![r]).length;
      }
    return total / (batch * samples);
  };
  return (
    ofView('pred1', 'target1', 'target2', pind1, tind1, tind2) +
    ofView('pred2', 'target2', 'target1', pind2, tind2, tind1)
  );
}

test.each(POSITIVES.flatMap((positives) => [0, 1, 2, 3].map((seed) => [positives, seed] as const)))(
  'positives %s: equals the definition on random regions, case %i',
  (positives, seed) => {
    const random = new Random(`detcon ${seed}`);
    const [batch, samples, width] = [1 + seed, 5, 3];
    const ids = (): number[][] =>
      Array.from({ length: batch }, () =>
        Array.from({ length: samples }, () => [0, 251, 252, 253, 254][random.integer(2 + seed)]!),
      );
    const values = () => Array.from({ length: batch * samples * width }, () => random.normal());
    const example: Case = {
      vectors: { pred1: values(), pred2: values(), target1: values(), target2: values() },
      pind1: ids(),
      pind2: ids(),
      tind1: ids(),
      tind2: ids(),
    };
    expect(evaluate(example, positives).loss).toBeCloseTo(byDefinition(example, positives), 10);
  },
);

test('views of other shapes are an error that names them', () => {
  const vectors = (...shape: number[]) => input('x', 'float32', shape);
  const view = (samples: number, ids: number): ContrastiveView => ({
    predictions: vectors(2, samples, 5),
    targets: vectors(2, samples, 5),
    predictionIds: input('p', 'uint8', [2, ids]),
    targetIds: input('t', 'uint8', [2, samples]),
  });
  expect(() => detconLoss([view(4, 4), view(3, 3)])).toThrow(/ids \[B,R\].*float32\[2,3,5\]/);
  expect(() => detconLoss([view(4, 5), view(4, 4)])).toThrow(/uint8\[2,5\]/);
});
