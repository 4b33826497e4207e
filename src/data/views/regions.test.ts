import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { drawRegionIds, poolRegions, REGION_SAMPLES } from './regions.js';

describe('poolRegions', () => {
  it('gives each cell the id of most of its pixels, the smallest of several', () => {
    // biome-ignore format: a picture
    const mask = Uint8Array.of(
      7, 7, 3, 9,
      7, 1, 9, 3,
      5, 5, 2, 2,
      5, 5, 2, 0,
    );
    expect([...poolRegions(mask, 4, 2)]).toEqual([7, 3, 5, 2]);
    expect(poolRegions(mask, 4, 1)).toEqual(mask);
    expect([...poolRegions(mask, 4, 4)]).toEqual([5]);
  });

  it('is average pooling of every id followed by the largest', () => {
    const [side, stride] = [24, 8];
    const random = new Random('pool');
    const mask = Uint8Array.from({ length: side * side }, () => random.integer(4) * 85);
    const expected = Array.from({ length: 9 }, (_, cell) => {
      const means = Array.from({ length: 256 }, (_, id) => {
        let count = 0;
        for (let y = 0; y < stride; y++) {
          for (let x = 0; x < stride; x++) {
            const at = (Math.floor(cell / 3) * stride + y) * side + (cell % 3) * stride + x;
            if (mask[at] === id) count++;
          }
        }
        return count / stride ** 2;
      });
      return means.indexOf(Math.max(...means));
    });
    expect([...poolRegions(mask, side, stride)]).toEqual(expected);
  });

  it('has cells that reach over the border', () => {
    const mask = Uint8Array.from({ length: 25 }, (_, i) => (i % 5 === 4 ? 2 : 1));
    expect([...poolRegions(mask, 5, 2)]).toEqual([1, 1, 2, 1, 1, 2, 1, 1, 2]);
  });
});

describe('drawRegionIds', () => {
  const regions = Uint8Array.of(4, 4, 4, 4, 4, 4, 4, 0, 255);

  it('draws with replacement what occurs, whatever its area, independently for both networks', () => {
    const counts = new Map<number, number>();
    let differ = 0;
    const runs = 500;
    for (let seed = 0; seed < runs; seed++) {
      const { online, target } = drawRegionIds(regions, new Random(seed));
      expect([online.length, target.length]).toEqual([REGION_SAMPLES, REGION_SAMPLES]);
      for (const id of [...online, ...target]) counts.set(id, (counts.get(id) ?? 0) + 1);
      if (online.join() !== target.join()) differ++;
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([0, 4, 255]);
    // A third each; four standard deviations of 16000 draws.
    for (const count of counts.values())
      expect(Math.abs(count / (2 * REGION_SAMPLES * runs) - 1 / 3)).toBeLessThan(0.015);
    expect(differ).toBe(runs);
  });

  it('leaves out what is ignored', () => {
    const { online, target } = drawRegionIds(regions, new Random(1), 255);
    expect(new Set([...online, ...target])).toEqual(new Set([0, 4]));
  });

  it('draws ids that match nothing where all is ignored', () => {
    const { online, target } = drawRegionIds(new Uint8Array(9).fill(255), new Random(1), 255);
    expect(online.some((id) => target.includes(id))).toBe(false);
  });

  it('repeats for equal seeds', () => {
    expect(drawRegionIds(regions, new Random(5))).toEqual(drawRegionIds(regions, new Random(5)));
  });
});
