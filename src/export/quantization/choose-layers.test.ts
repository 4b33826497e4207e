import { expect, test } from 'vitest';
import { chooseLayers } from './choose-layers.js';

const layers = Array.from({ length: 100 }, (_, i) => ({ name: String(i) }));

/** How many layers are left exact where all of the first `harmful` do harm, and what was tried. */
async function choose(harmful: number) {
  const tried: number[] = [];
  const { exact, found, drop } = await chooseLayers(layers, 0.005, async (rounded) => {
    const count = layers.length - rounded.length;
    tried.push(count);
    expect(rounded[0]?.name).toBe(count < layers.length ? String(count) : undefined);
    return { drop: Math.max(harmful - count, 0) * 0.01, found: count };
  });
  expect(found).toBe(exact);
  expect(drop).toBeLessThanOrEqual(0.005);
  return { exact, tried };
}

test('nothing is left exact where nothing does harm', async () => {
  expect(await choose(0)).toEqual({ exact: 0, tried: [0] });
});

test.each([1, 2, 3, 7, 33, 64, 99, 100])(
  'where the first %d do harm, these are left exact',
  async (harmful) => {
    const { exact, tried } = await choose(harmful);
    expect(exact).toBe(harmful);
    expect(new Set(tried).size).toBe(tried.length);
    expect(tried.length).toBeLessThanOrEqual(16);
  },
);
