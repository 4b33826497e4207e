import { describe, expect, test } from 'vitest';
import { IGNORE_INDEX } from '../base/ignore-index.js';
import { Random } from '../base/random.js';
import { runGraph } from '../engine/run-graph.js';
import { equal, input } from '../graph/index.js';
import { balancedThresholds, confidentLabels, nextConfidences, rampUp } from './confident-labels.js';

describe('rampUp', () => {
  test('rises from e⁻⁵ to one and stays there', () => {
    expect(rampUp(0, 100)).toBeCloseTo(Math.exp(-5), 12);
    expect(rampUp(50, 100)).toBeCloseTo(Math.exp(-1.25), 12);
    expect(rampUp(100, 100)).toBe(1);
    expect(rampUp(1000, 100)).toBe(1);
    expect(rampUp(-3, 100)).toBe(rampUp(0, 100));
    expect(rampUp(0, 0)).toBe(1);
  });
});

const [N, K, H, W] = [2, 3, 4, 5];
const PIXELS = N * H * W;
const random = new Random('confident labels');
const LOGITS = Float32Array.from({ length: PIXELS * K }, () => random.range(-3, 3));
const PADDING = Uint8Array.from({ length: PIXELS }, (_, i) => (i % W === 4 ? IGNORE_INDEX : 0));

/** Class and probability of each pixel, straight from the definition. */
const SURE = Array.from({ length: PIXELS }, (_, pixel) => {
  const [image, place] = [Math.floor(pixel / (H * W)), pixel % (H * W)];
  const powers = [0, 1, 2].map((k) => Math.exp(LOGITS[(image * K + k) * H * W + place]!));
  const most = Math.max(...powers);
  return { class: powers.indexOf(most), probability: most / powers.reduce((a, b) => a + b, 0) };
});
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

async function run(thresholds: readonly number[], padding = PADDING) {
  const isImage = equal(input('padding', 'uint8', [N, H, W]), 0);
  const threshold = input('threshold', 'float32', thresholds.length === 1 ? [] : [K]);
  const found = confidentLabels(input('logits', 'float32', [N, K, H, W]), threshold, isImage);
  const { labels, kept, confidence, byClass } = found;
  const values = await runGraph([labels, kept, confidence, byClass.mean, byClass.isSeen], {
    logits: LOGITS,
    padding,
    threshold: Float32Array.from(thresholds),
  });
  const [first, share, sure, means, seen] = values.map((value) => [...value].map(Number));
  return { labels: first!, kept: share![0]!, confidence: sure![0]!, means: means!, seen: seen! };
}

describe('confidentLabels', () => {
  test.each([[[0.7]], [[0.5, 0.8, 0.95]]])(
    'gives a label where the probability of the class reaches %s, never to padding',
    async (thresholds) => {
      const { labels, kept, confidence } = await run(thresholds);
      const wanted = SURE.map(({ class: best, probability }, pixel) =>
        PADDING[pixel] === 0 && probability >= (thresholds[best] ?? thresholds[0]!) ? best : IGNORE_INDEX,
      );
      expect(labels).toEqual(wanted);
      const image = SURE.filter((_, pixel) => PADDING[pixel] === 0);
      const labeled = wanted.filter((label) => label !== IGNORE_INDEX).length;
      expect(labeled).toBeGreaterThan(3);
      expect(labeled).toBeLessThan(image.length - 3);
      expect(kept).toBeCloseTo(labeled / image.length, 6);
      expect(confidence).toBeCloseTo(mean(image.map(({ probability }) => probability)), 6);
    },
  );

  test('a threshold that is reached exactly is enough, and padding alone gives nothing', async () => {
    expect((await run([0])).kept).toBe(1);
    const { labels, kept, seen } = await run([0], new Uint8Array(PIXELS).fill(IGNORE_INDEX));
    expect(new Set(labels)).toEqual(new Set([IGNORE_INDEX]));
    expect([kept, ...seen]).toEqual([0, 0, 0, 0]);
  });

  test('tells how sure the teacher is of each class, padding left out', async () => {
    const { means } = await run([0.7]);
    for (const k of [0, 1, 2]) {
      const own = SURE.filter((pixel, i) => pixel.class === k && PADDING[i] === 0);
      expect(means[k]).toBeCloseTo(mean(own.map(({ probability }) => probability)), 6);
    }
  });
});

test('thresholds are lower for classes that the teacher has been less sure of', async () => {
  const confidences = input('confidences', 'float32', [K]);
  const [values] = await runGraph([balancedThresholds(input('threshold', 'float32', []), confidences)], {
    threshold: Float32Array.of(0.9),
    confidences: Float32Array.of(0.4, 0.8, 0.6),
  });
  [0.45, 0.9, 0.675].forEach((wanted, k) => {
    expect(values![k]).toBeCloseTo(wanted, 6);
  });
});

test('a class that was never seen has the whole threshold, and lowers no other', async () => {
  const confidences = input('confidences', 'float32', [K]);
  const thresholds = balancedThresholds(input('threshold', 'float32', []), confidences);
  const of = async (...seen: number[]) => {
    const feeds = { threshold: Float32Array.of(0.5), confidences: Float32Array.from(seen) };
    return [...(await runGraph([thresholds], feeds))[0]!];
  };
  expect(await of(0, 0.25, 0.5)).toEqual([0.5, 0.25, 0.5]);
  expect(await of(0, 0, 0)).toEqual([0.5, 0.5, 0.5]);
});

test('confidences move towards those of a batch, or begin there, except where a class is not in it', async () => {
  const mean = input('mean', 'float32', [K]);
  const isSeen = equal(input('seen', 'uint8', [K]), 1);
  const next = nextConfidences(
    input('before', 'float32', [K]),
    { mean, isSeen },
    input('keep', 'float32', []),
  );
  const [values] = await runGraph([next], {
    before: Float32Array.of(1, 0.5, 0),
    mean: Float32Array.of(0.5, 0, 0.75),
    seen: Uint8Array.of(1, 0, 1),
    keep: Float32Array.of(0.75),
  });
  expect([...values!]).toEqual([0.875, 0.5, 0.75]);
});
