import { expect, test } from 'vitest';
import { runGraph } from '../engine/run-graph.js';
import { input } from '../graph/index.js';
import { averageKeep, movingAverage, uniformKeep } from './moving-average.js';

async function averaged(average: number[], value: number[], keep: number): Promise<number[]> {
  const [a, v] = [input('a', 'float32', [average.length]), input('v', 'float32', [value.length])];
  const next = movingAverage(a, v, input('keep', 'float32', []));
  const feeds = { a: Float32Array.from(average), v: Float32Array.from(value), keep: Float32Array.of(keep) };
  return [...((await runGraph([next], feeds))[0] as Float32Array)];
}

test('keeps its share of the average and takes the rest from the value', async () => {
  const next = await averaged([10, -4, 0], [20, -8, 1], 0.75);
  [12.5, -5, 0.25].forEach((wanted, i) => {
    expect(next[i]).toBeCloseTo(wanted, 6);
  });
  expect(await averaged([10, -4], [20, -8], 0)).toEqual([20, -8]);
  expect(await averaged([10, -4], [20, -8], 1)).toEqual([10, -4]);
});

test('until the momentum takes over, the average looks back on a tenth of the updates', () => {
  let average = 0;
  for (let update = 1; update <= 1000; update++) {
    const keep = averageKeep(0.9999, update);
    average = keep * average + (1 - keep) * update;
  }
  // Of 1000 values that grow by one, the average lags by a tenth.
  expect(1000 - average).toBeGreaterThan(80);
  expect(1000 - average).toBeLessThan(120);
  expect(averageKeep(0.9, 80)).toBeCloseTo(0.9, 12);
  expect(averageKeep(0.9, 81)).toBe(0.9);
  expect(averageKeep(0.99, 90)).toBeCloseTo(0.91, 12);
  expect(averageKeep(0.01, 1)).toBe(0.01);
});

test('a uniform average counts what comes after its start, and is the newest value until then', () => {
  let average = -1;
  const seen: number[] = [];
  for (let update = 1; update <= 6; update++) {
    const keep = uniformKeep(2, update);
    average = keep * average + (1 - keep) * update ** 2;
    seen.push(average);
  }
  expect(seen.slice(0, 3)).toEqual([1, 4, 9]);
  expect(seen[5]).toBeCloseTo((9 + 16 + 25 + 36) / 4, 12);
});
