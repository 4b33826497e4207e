import { expect, test } from 'vitest';
import { Random } from '../../base/random.js';
import { connectedRegions } from './connected-regions.js';

const of = (rows: readonly string[]) =>
  connectedRegions(
    Uint8Array.from(rows.join(''), (sign) => Number(sign)),
    rows[0]!.length,
  );

test('pixels of a value hang together by their edges, not by their corners', () => {
  const { regions, indices } = of(['0110', '1001', '1111']);
  expect(regions).toEqual([
    { label: 0, area: 1, left: 0, top: 0, right: 1, bottom: 1 },
    { label: 1, area: 2, left: 1, top: 0, right: 3, bottom: 1 },
    { label: 0, area: 1, left: 3, top: 0, right: 4, bottom: 1 },
    { label: 1, area: 6, left: 0, top: 1, right: 4, bottom: 3 },
    { label: 0, area: 2, left: 1, top: 1, right: 3, bottom: 2 },
  ]);
  expect([...indices]).toEqual([0, 1, 1, 2, 3, 4, 4, 3, 3, 3, 3, 3]);
});

test('rows do not go on in the next one', () => {
  expect(of(['01', '10']).regions).toHaveLength(4);
  expect(of(['1']).regions).toEqual([{ label: 1, area: 1, left: 0, top: 0, right: 1, bottom: 1 }]);
});

test('a spiral is one region, and so is what a flood finds in noise', () => {
  const spiral = of(['1111111', '0000001', '1111101', '1000101', '1011101', '1000001', '1111111']);
  expect(spiral.regions.map(({ label, area }) => [label, area])).toEqual([
    [1, 31],
    [0, 18],
  ]);
  const random = new Random('regions');
  const [width, height] = [40, 30];
  const labels = Uint8Array.from({ length: width * height }, () => random.integer(2));
  const { regions, indices } = connectedRegions(labels, width);
  expect(regions).toHaveLength(floods(labels, width));
  expect(regions.reduce((sum, { area }) => sum + area, 0)).toBe(labels.length);
  expect([...indices].every((index, i) => regions[index]!.label === labels[i])).toBe(true);
});

/** The number of regions, found pixel by pixel. */
function floods(labels: Uint8Array, width: number): number {
  const seen = new Set<number>();
  let count = 0;
  for (let start = 0; start < labels.length; start++) {
    if (seen.has(start)) continue;
    count += 1;
    const open = [start];
    seen.add(start);
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const near = [at - width, at + width];
      if (at % width > 0) near.push(at - 1);
      if (at % width < width - 1) near.push(at + 1);
      for (const next of near) {
        if (next < 0 || next >= labels.length || seen.has(next) || labels[next] !== labels[start]) continue;
        seen.add(next);
        open.push(next);
      }
    }
  }
  return count;
}
