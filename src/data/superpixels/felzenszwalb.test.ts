import { describe, expect, it } from 'vitest';
import { goldenExists, goldenPath, readGoldenJson } from '../../../tests/golden.js';
import { Random } from '../../base/random.js';
import { readImage } from '../images/read-image.js';
import { PSEUDO_MASK_SETTINGS, segmentImage } from './felzenszwalb.js';
import { adjustedRandIndex, readSegments } from './segments.cases.js';

interface Index {
  readonly parameters: { readonly scale: number; readonly sigma: number; readonly min_size: number };
  readonly cases: readonly {
    readonly name: string;
    readonly segments: number;
    readonly 'segments_scale100_sigma0.5_min20'?: number;
  }[];
}

const FINE = { scale: 100, sigma: 0.5, minSize: 20 };

describe.skipIf(!goldenExists)('segmentations of scikit-image', () => {
  const cases = goldenExists
    ? readGoldenJson<Index>('felzenszwalb/index.json').cases.flatMap((entry) => {
        const fine = entry['segments_scale100_sigma0.5_min20'];
        const whole = {
          name: entry.name,
          segments: entry.segments,
          suffix: '',
          settings: PSEUDO_MASK_SETTINGS,
        };
        return fine === undefined
          ? [whole]
          : [whole, { name: entry.name, segments: fine, suffix: '.s100', settings: FINE }];
      })
    : [];

  it('cover every case of the index', () => expect(cases).toHaveLength(10));

  it.each(cases)('$name $suffix: $segments segments', async ({ name, segments, suffix, settings }) => {
    const image = await readImage(goldenPath(`felzenszwalb/${name}.png`));
    const expected = await readSegments(goldenPath(`felzenszwalb/${name}${suffix}.segments.png`));
    const { ids, count } = segmentImage(image.data, image, settings);
    expect(count).toBe(segments);
    expect(adjustedRandIndex(ids, expected)).toBeGreaterThanOrEqual(0.999);
  });
});

describe('adjustedRandIndex', () => {
  it('is 1 for equal partitions under any numbering, 0 or less for unrelated ones', () => {
    expect(adjustedRandIndex([0, 0, 1, 1], [7, 7, 2, 2])).toBe(1);
    expect(adjustedRandIndex([0, 0, 1, 1], [0, 1, 0, 1])).toBeCloseTo(-0.5, 12);
    expect(adjustedRandIndex([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2])).toBeCloseTo(0.242424, 6);
  });
});

/** The algorithm as the paper states it: edges in a plain array, a label per pixel, no smoothing. */
function plainSegments(image: Uint8Array, width: number, height: number, scale: number, minSize: number) {
  const edges: { a: number; b: number; weight: number }[] = [];
  for (const [dx, dy] of [
    [1, 0],
    [0, 1],
    [1, 1],
    [1, -1],
  ] as const) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (x + dx >= width || y + dy < 0 || y + dy >= height) continue;
        const [a, b] = [y * width + x, (y + dy) * width + x + dx];
        const delta = [0, 1, 2].map((c) => (image[3 * a + c]! - image[3 * b + c]!) / 255);
        edges.push({ a, b, weight: Math.hypot(...delta) });
      }
    }
  }
  edges.sort((p, q) => p.weight - q.weight);
  const label = Array.from({ length: width * height }, (_, i) => i);
  const heaviest = new Map(label.map((l) => [l, 0]));
  const sizeOf = (l: number) => label.filter((other) => other === l).length;
  const merge = (p: number, q: number, weight: number) => {
    label.forEach((l, i) => {
      if (l === q) label[i] = p;
    });
    heaviest.set(p, weight);
  };
  for (const { a, b, weight } of edges) {
    const [p, q] = [label[a]!, label[b]!];
    const limit = (l: number) => heaviest.get(l)! + scale / 255 / sizeOf(l);
    if (p !== q && weight < Math.min(limit(p), limit(q))) merge(p, q, weight);
  }
  for (const { a, b, weight } of edges) {
    const [p, q] = [label[a]!, label[b]!];
    if (p !== q && Math.min(sizeOf(p), sizeOf(q)) < minSize) merge(p, q, weight);
  }
  return label;
}

describe('segmentImage', () => {
  it.each([
    [17, 13, 60, 1],
    [17, 13, 200, 8],
    [1, 30, 100, 3],
    [30, 1, 100, 3],
  ])(
    'is the published algorithm on noise of %ix%i, scale %i, minimal size %i',
    (width, height, scale, minSize) => {
      const random = new Random(width + scale);
      const image = Uint8Array.from({ length: 3 * width * height }, () => random.integer(256));
      const { ids, count } = segmentImage(image, { width, height }, { scale, minSize, sigma: 0 });
      const expected = plainSegments(image, width, height, scale, minSize);
      expect(count).toBe(new Set(expected).size);
      expect(count).toBeGreaterThan(1);
      expect(adjustedRandIndex(ids, expected)).toBe(1);
    },
  );

  it('numbers segments by their first pixel, and finds flat areas', () => {
    const [width, height] = [40, 20];
    const image = new Uint8Array(3 * width * height);
    for (let i = 0; i < width * height; i++) image.fill(i % width < 25 ? 200 : 20, 3 * i, 3 * i + 3);
    const { ids, count } = segmentImage(image, { width, height }, { scale: 1, minSize: 10, sigma: 0 });
    expect(count).toBe(2);
    expect(Array.from(ids)).toEqual(Array.from({ length: ids.length }, (_, i) => (i % width < 25 ? 0 : 1)));
  });

  it('takes one pixel, and refuses none', () => {
    const settings = PSEUDO_MASK_SETTINGS;
    expect(segmentImage(Uint8Array.of(1, 2, 3), { width: 1, height: 1 }, settings).count).toBe(1);
    expect(() => segmentImage(new Uint8Array(), { width: 0, height: 4 }, settings)).toThrow('0x4');
  });
});
