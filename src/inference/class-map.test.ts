import { describe, expect, it } from 'vitest';
import { Random } from '../base/random.js';
import { classProbabilities, resizeArgmax } from './class-map.js';

type Size = readonly [classes: number, h: number, w: number, H: number, W: number];

/** The four-point formula written out per pixel. */
function naiveLogit(logits: Float32Array, [, h, w, H, W]: Size, k: number, y: number, x: number): number {
  const sy = Math.max(0, ((y + 0.5) * h) / H - 0.5);
  const sx = Math.max(0, ((x + 0.5) * w) / W - 0.5);
  const at = (i: number, j: number) => logits[(k * h + Math.min(i, h - 1)) * w + Math.min(j, w - 1)]!;
  const [i, j] = [Math.floor(sy), Math.floor(sx)];
  const [fy, fx] = [sy - i, sx - j];
  return (
    (1 - fy) * ((1 - fx) * at(i, j) + fx * at(i, j + 1)) +
    fy * ((1 - fx) * at(i + 1, j) + fx * at(i + 1, j + 1))
  );
}

function naive(
  logits: Float32Array,
  size: Size,
  threshold: number,
): { labels: Uint8Array; margin: Float64Array } {
  const [classes, , , H, W] = size;
  const labels = new Uint8Array(H * W);
  const margin = new Float64Array(H * W);
  for (let y = 0; y < H; y++) {
    for (let x = 0; x < W; x++) {
      const values = Array.from({ length: classes }, (_, k) => naiveLogit(logits, size, k, y, x));
      const total = values.reduce((sum, value) => sum + Math.exp(value), 0);
      const soft = values.map((value) => Math.exp(value) / total).map((p) => (p < threshold ? 0 : p));
      labels[y * W + x] = soft.indexOf(Math.max(...soft));
      const [first, second = -Infinity] = values.slice().sort((a, b) => b - a);
      const toThreshold = threshold > 0 ? Math.abs(Math.exp(first!) / total - threshold) : Infinity;
      margin[y * W + x] = Math.min(first! - second, toThreshold);
    }
  }
  return { labels, margin };
}

const sizes: Size[] = [
  [1, 3, 5, 7, 4],
  [3, 17, 9, 41, 30],
  [7, 34, 34, 45, 60],
  [4, 37, 53, 11, 13],
  [5, 1, 1, 6, 9],
  [6, 8, 8, 8, 8],
  [2, 1, 13, 29, 1],
];

/** Noise, and regions of one class with borders between them. */
const logitsOf = {
  noise: ([classes, h, w]: Size) => {
    const random = new Random(`logits:${classes},${h},${w}`);
    return Float32Array.from({ length: classes * h * w }, () => 2 * random.normal());
  },
  regions: ([classes, h, w]: Size) =>
    Float32Array.from({ length: classes * h * w }, (_, i) => {
      const [k, y, x] = [Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w];
      return 3 * Math.sin((9 * x) / w + k) + 2 * Math.cos((7 * y) / h + 2 * k);
    }),
};

describe.each(
  sizes.flatMap((size) => (['noise', 'regions'] as const).map((kind) => [kind, ...size] as const)),
)('%s of %i classes, %ix%i to %ix%i', (kind, ...size) => {
  const logits = logitsOf[kind](size);

  it.each([0, 0.2, 0.5, 0.8, 1])('equals the formula in double precision, threshold %f', (threshold) => {
    const truth = naive(logits, size, threshold);
    const labels = resizeArgmax(logits, ...size, threshold === 0 ? undefined : threshold);
    // Nothing may differ except where two classes tie to within rounding of doubles.
    const wrong = [...labels.keys()].filter((i) => labels[i] !== truth.labels[i] && truth.margin[i]! > 1e-12);
    expect(wrong).toEqual([]);
    expect(labels).toHaveLength(size[3] * size[4]);
  });
});

describe('resizeArgmax', () => {
  it('is the argmax itself at equal size and gives ties to the lowest class', () => {
    const logits = Float32Array.from([1, 0, 5, 2, 1, 0, 5, 3]);
    expect([...resizeArgmax(logits, 2, 2, 2, 2, 2)]).toEqual([0, 0, 0, 1]);
  });

  it('makes unsure pixels background', () => {
    const logits = Float32Array.from([0, 0, 0.1, 3, 0.05, 0]);
    expect([...resizeArgmax(logits, 3, 1, 2, 1, 2)]).toEqual([1, 1]);
    expect([...resizeArgmax(logits, 3, 1, 2, 1, 2, 0.5)]).toEqual([0, 1]);
  });

  it.each([undefined, 0.4, 0.7])('takes probabilities for what they are, threshold %s', (threshold) => {
    const size: Size = [3, 17, 9, 41, 30];
    const logits = logitsOf.regions(size);
    const area = 17 * 9;
    const probabilities = logits.map((logit, i) => {
      const total = [0, 1, 2].reduce((sum, k) => sum + Math.exp(logits[k * area + (i % area)]!), 0);
      return Math.exp(logit) / total;
    });
    const labels = resizeArgmax(probabilities, ...size, threshold, 'probabilities');
    expect(labels).toEqual(resizeArgmax(logits, ...size, threshold));
    expect(new Set(labels).size).toBe(3);
    const of = { classes: { length: 3 }, inputSize: { width: 9, height: 17 } };
    const [found, wanted] = [
      classProbabilities(probabilities, { ...of, scale: 'probabilities' }, { width: 30, height: 41 }),
      classProbabilities(logits, of, { width: 30, height: 41 }),
    ];
    for (const [at, value] of found.entries()) expect(value).toBeCloseTo(wanted[at]!, 5);
  });

  it('takes a probability of nothing for very little', () => {
    const [none, all] = [0, 1];
    const answer = Float32Array.from([none, none, all, all]);
    expect(resizeArgmax(answer, 2, 1, 2, 3, 3, undefined, 'probabilities')).toEqual(
      new Uint8Array(9).fill(1),
    );
    expect(resizeArgmax(answer, 2, 1, 2, 3, 3, 1, 'probabilities')).toEqual(new Uint8Array(9).fill(1));
  });

  it('tells 255 classes apart', () => {
    const logits = Float32Array.from({ length: 255 * 4 }, (_, i) => Math.floor(i / 4));
    expect(resizeArgmax(logits, 255, 2, 2, 3, 3)).toEqual(new Uint8Array(9).fill(254));
    expect(resizeArgmax(logits, 255, 2, 2, 3, 3, 0.6)).toEqual(new Uint8Array(9).fill(254));
    expect(resizeArgmax(logits, 255, 2, 2, 3, 3, 0.7)).toEqual(new Uint8Array(9));
  });

  it('refuses logits of another size', () => {
    expect(() => resizeArgmax(new Float32Array(11), 3, 2, 2, 4, 4)).toThrow(/11 values, expected 3x2x2 = 12/);
    expect(() => resizeArgmax(new Float32Array(0), 3, 0, 2, 4, 4)).toThrow(/sizes must be 1 or more/);
  });
});
