import { describe, expect, test } from 'vitest';
import { IGNORE_INDEX } from '../base/ignore-index.js';
import { Random } from '../base/random.js';
import { runGraph } from '../engine/run-graph.js';
import { equal, input } from '../graph/index.js';
import { dropShare, entropyOf, pseudoLabels } from './pseudo-labels.js';

describe('dropShare', () => {
  test('falls from a fifth to zero in 100 epochs and stays there', () => {
    expect(dropShare(15, 15)).toBeCloseTo(0.2 * 0.99, 12);
    expect(dropShare(750, 15)).toBeCloseTo(0.1, 12);
    expect(dropShare(1500, 15)).toBe(0);
    expect(dropShare(4000, 15)).toBe(0);
  });
});

const [N, K, H, W] = [2, 3, 4, 5];
const PIXELS = N * H * W;
const random = new Random('pseudo labels');
const LOGITS = Float32Array.from({ length: PIXELS * K }, () => random.range(-4, 4));

/** The K logits of a pixel. */
const scoresAt = (logits: Float32Array, pixel: number): number[] => {
  const [image, place] = [Math.floor(pixel / (H * W)), pixel % (H * W)];
  return Array.from({ length: K }, (_, k) => logits[(image * K + k) * H * W + place]!);
};

/** Straight from the definition, in double precision. */
function entropies(logits: Float32Array): number[] {
  return Array.from({ length: PIXELS }, (_, pixel) => {
    const scores = scoresAt(logits, pixel);
    const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
    const total = powers.reduce((a, b) => a + b, 0);
    return -powers.reduce((sum, p) => sum + (p / total) * Math.log(p / total + 1e-10), 0);
  });
}

/** numpy.percentile with linear interpolation. */
function percentile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = (q / 100) * (sorted.length - 1);
  const low = sorted[Math.floor(rank)]!;
  return low + (rank - Math.floor(rank)) * (sorted[Math.ceil(rank)]! - low);
}

async function run(logits: Float32Array, drop: number, padding = new Uint8Array(PIXELS)) {
  const x = input('logits', 'float32', [N, K, H, W]);
  const isImage = equal(input('padding', 'uint8', [N, H, W]), 0);
  const { labels, kept, threshold, reweight } = pseudoLabels(x, input('drop', 'float32', []), isImage);
  const values = await runGraph([labels, kept, threshold, reweight], {
    logits,
    drop: Float32Array.of(drop),
    padding,
  });
  return {
    labels: values[0] as Uint8Array,
    kept: Number(values[1]![0]),
    threshold: Number(values[2]![0]),
    reweight: Number(values[3]![0]),
  };
}

describe('pseudoLabels', () => {
  test('entropy is that of the definition, also for logits in the hundreds', async () => {
    for (const scale of [1, 100]) {
      const logits = LOGITS.map((value) => scale * value);
      const x = input('logits', 'float32', [N, K, H, W]);
      const [found] = await runGraph([entropyOf(x)], { logits });
      entropies(LOGITS.map((value) => scale * value)).forEach((wanted, i) => {
        expect(found![i]).toBeCloseTo(wanted, 5);
      });
    }
  });

  test.each([0.2, 0.1234, 0.01])(
    'drops the share %f of the highest entropy, as numpy would',
    async (drop) => {
      const { labels, kept, threshold, reweight } = await run(LOGITS, drop);
      const wanted = entropies(LOGITS);
      const limit = percentile(wanted, 100 * (1 - drop));
      expect(threshold).toBeCloseTo(limit, 5);
      wanted.forEach((entropy, pixel) => {
        const scores = scoresAt(LOGITS, pixel);
        const best = scores.indexOf(Math.max(...scores));
        expect(labels[pixel]).toBe(entropy >= limit ? IGNORE_INDEX : best);
      });
      const count = wanted.filter((entropy) => entropy < limit).length;
      expect(kept).toBeCloseTo(count / PIXELS, 6);
      expect(reweight).toBeCloseTo(PIXELS / count, 4);
    },
  );

  test('a hand-computed case: of five entropies the highest fifth, interpolated, is dropped', async () => {
    // Two classes with logit difference d: the entropy falls as |d| grows, so the pixels are already sorted.
    const differences = [0, 1, 2, 3, 4];
    const x = input('logits', 'float32', [1, 2, 1, 5]);
    const isImage = equal(input('padding', 'uint8', [1, 1, 5]), 0);
    const { labels, threshold, reweight } = pseudoLabels(x, input('drop', 'float32', []), isImage);
    const values = await runGraph([labels, threshold, reweight], {
      logits: Float32Array.from([...differences.map(() => 0), ...differences]),
      drop: Float32Array.of(0.125),
      padding: new Uint8Array(5),
    });
    // Position 0.125·4 = 0.5 from the top: halfway between ln 2 and the entropy at d = 1, 0.582203.
    expect(values[1]![0]).toBeCloseTo((Math.LN2 + 0.582203) / 2, 5);
    expect([...(values[0] as Uint8Array)]).toEqual([255, 1, 1, 1, 1]);
    expect(values[2]![0]).toBeCloseTo(5 / 4, 6);
  });

  test('without a share every pixel is kept and the weight is 1', async () => {
    const { labels, kept, threshold, reweight } = await run(LOGITS, 0);
    expect(labels.includes(IGNORE_INDEX)).toBe(false);
    expect([kept, reweight]).toEqual([1, 1]);
    expect(threshold).toBeCloseTo(Math.log(K), 6);
  });

  test.each([0.2, 0.05, 0])('padding has no part in the share %f, nor in the mean', async (drop) => {
    // The padding is where the entropies are highest and lowest.
    const all = entropies(LOGITS);
    const order = [...all.keys()].sort((a, b) => all[a]! - all[b]!);
    const padded = new Set([...order.slice(0, 7), ...order.slice(-9)]);
    const padding = Uint8Array.from(all, (_, pixel) => (padded.has(pixel) ? IGNORE_INDEX : 0));
    const { labels, kept, threshold, reweight } = await run(LOGITS, drop, padding);

    const ofImage = all.filter((_, pixel) => !padded.has(pixel));
    const limit = drop > 0 ? percentile(ofImage, 100 * (1 - drop)) : Number.POSITIVE_INFINITY;
    expect(threshold).toBeCloseTo(drop > 0 ? limit : Math.log(K), 5);
    all.forEach((entropy, pixel) => {
      expect(labels[pixel] === IGNORE_INDEX).toBe(padded.has(pixel) || entropy >= limit);
    });
    const count = ofImage.filter((entropy) => entropy < limit).length;
    expect(kept).toBeCloseTo(count / ofImage.length, 6);
    expect(reweight).toBeCloseTo(PIXELS / count, 4);
  });

  test('a batch of padding alone keeps nothing, and nothing becomes infinite', async () => {
    const { labels, kept, threshold, reweight } = await run(LOGITS, 0.2, new Uint8Array(PIXELS).fill(255));
    expect(labels.every((label) => label === IGNORE_INDEX)).toBe(true);
    expect(kept).toBe(0);
    expect([threshold, reweight].every(Number.isFinite)).toBe(true);
  });

  test('equal entropies everywhere keep nothing, and the weight stays finite', async () => {
    const { labels, kept, reweight } = await run(new Float32Array(PIXELS * K), 0.2);
    expect(labels.every((label) => label === IGNORE_INDEX)).toBe(true);
    expect(kept).toBe(0);
    expect(Number.isFinite(reweight)).toBe(true);
  });
});
