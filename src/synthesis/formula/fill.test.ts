import { expect, test } from 'vitest';
import { Filler } from './fill.js';

const rectangle = (left: number, top: number, right: number, bottom: number) =>
  Float64Array.from([left, top, right, top, right, bottom, left, bottom]);
const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);

test('a pixel is covered by the share of it that lies inside', () => {
  const filler = new Filler(4, 3);
  expect(filler.fill([rectangle(0.5, 0.25, 2.75, 2)])).toEqual({ left: 0, top: 0, right: 3, bottom: 2 });
  const expected = [0.375, 0.75, 0.5625, 0, 0.5, 1, 0.75, 0, 0, 0, 0, 0];
  expect([...filler.coverage]).toEqual(expected);
});

test.each([
  ['inside', 20, 20, 12],
  ['small', 20.3, 20.6, 0.4],
])('a circle that lies %s covers its area', (_, x, y, radius) => {
  const filler = new Filler(40, 40);
  const points = 360;
  const circle = Float64Array.from({ length: 2 * points }, (_, i) => {
    const angle = (2 * Math.PI * Math.floor(i / 2)) / points;
    return i % 2 === 0 ? x + radius * Math.cos(angle) : y + radius * Math.sin(angle);
  });
  filler.fill([circle]);
  const area = (points / 2) * radius ** 2 * Math.sin((2 * Math.PI) / points);
  expect(sum(filler.coverage)).toBeCloseTo(area, 4);
});

test('what lies outside is cut off, on every side', () => {
  const filler = new Filler(5, 4);
  filler.fill([rectangle(-3, -2, 9, 11)]);
  expect([...filler.coverage]).toEqual(new Array(20).fill(1));
  expect(filler.fill([rectangle(-3, 1, 2.5, 2)])).toEqual({ left: 0, top: 1, right: 3, bottom: 2 });
  expect([...filler.coverage.subarray(5, 8)]).toEqual([1, 1, 0.5]);
});

test('of outlines that overlap the union is covered; of a shape outside nothing', () => {
  const filler = new Filler(4, 1);
  filler.fill([rectangle(0, 0, 2.5, 1), rectangle(1, 0, 3, 1)]);
  expect([...filler.coverage]).toEqual([1, 1, 1, 0]);
  expect(filler.fill([rectangle(5, 0, 6, 1)])).toBeUndefined();
});

test('a slanted edge halves the pixels that it crosses from corner to corner', () => {
  const filler = new Filler(3, 3);
  filler.fill([Float64Array.from([0, 0, 3, 3, 0, 3])]);
  expect([...filler.coverage]).toEqual([0.5, 0, 0, 1, 0.5, 0, 1, 1, 0.5]);
});
