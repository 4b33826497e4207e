import { expect, test } from 'vitest';
import { Random } from '../../base/random.js';
import { proposePlaces, spreadPlaces } from './propose.js';
import { type Dimension, dimensionsOf, parseSearch, placeOf, valueAt } from './space.js';

const one = (text: string): Dimension => dimensionsOf(parseSearch(text))[0]!;

test('a space is read, under any of the names of its settings', () => {
  const text = 'learning_rate=1e-4..1e-2:log, batch_size=4|8 ,learning_parameters.ema_decay=0..0.9:0.1';
  expect(dimensionsOf(parseSearch(text))).toEqual([
    {
      key: 'learningRate',
      name: 'learning_rate',
      isWhole: false,
      range: { min: 1e-4, max: 1e-2, log: true },
    },
    { key: 'batchSize', name: 'batch_size', isWhole: true, range: [4, 8] },
    { key: 'emaDecay', name: 'ema_decay', isWhole: false, range: { min: 0, max: 0.9, step: 0.1 } },
  ]);
  expect(one('optimizer=adam|sgd').range).toEqual(['adam', 'sgd']);
  expect(one('use_adaptive_interval=true|false').range).toEqual([true, false]);
});

test.each([
  ['learning_rate', /expected a setting with its values/],
  ['learning_rate=1..2..3', /expected two numbers with \.\. between/],
  ['learning_rate=1e-4..x', /expected two numbers/],
  ['learning_rate=1e-4..1e-2:lin', /expected a setting/],
  ['learning_rate=1e-2..1e-4', /from a smaller number to a larger/],
  ['ema_decay=0..0.9:log', /above 0 for log/],
  ['learning_rate=1e-4..5', /learning_rate cannot be 5; allowed is/],
  ['batch_size=4|4', /two or more values, each once/],
  ['batch_size=2.5|4', /cannot be 2\.5/],
  ['optimizer=1..2', /list its values/],
  ['num_iters=1..9', /no setting that can be searched/],
  ['num_workers=1|2', /no setting that can be searched/],
  ['batch_size=2|4,batchSize=8|9', /names batch_size twice/],
])('%s is refused', (text, message) => {
  expect(() => dimensionsOf(parseSearch(text))).toThrow(message);
});

test('values lie in their range, on their steps, and find back to their place', () => {
  const random = new Random(3);
  const rate = one('learning_rate=2e-4..5e-3:log:1e-4');
  const batch = one('batch_size=6..12:2');
  const [seen, sizes] = [new Set<number>(), new Set<number>()];
  for (let at = 0; at < 500; at++) {
    const value = valueAt(rate, random.uniform()) as number;
    expect(value).toBeGreaterThanOrEqual(2e-4);
    expect(value).toBeLessThanOrEqual(5e-3);
    expect(value * 1e4).toBeCloseTo(Math.round(value * 1e4), 6);
    seen.add(value);
    sizes.add(valueAt(batch, random.uniform()) as number);
  }
  expect(seen.size).toBeGreaterThan(20);
  expect([...sizes].sort((a, b) => a - b)).toEqual([6, 8, 10, 12]);
  const plain = one('learning_rate=1e-4..1e-2:log');
  expect(valueAt(plain, 0.5)).toBe(0.001);
  expect(placeOf(plain, 0.001)).toBeCloseTo(0.5, 12);
  expect(placeOf(plain, 0.05)).toBeUndefined();
  expect(valueAt(one('optimizer=adam|sgd'), placeOf(one('optimizer=adam|sgd'), 'sgd')!)).toBe('sgd');
});

test('a Latin hypercube has one place in each part of each dimension', () => {
  const places = spreadPlaces(8, 2, new Random(1));
  for (const at of [0, 1]) {
    expect(places.map((place) => Math.floor(8 * place[at]!)).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  }
});

test('proposals gather where trials are good, better than chance does', () => {
  const dimensions = [one('learning_rate=1e-4..1e-2:log'), one('optimizer=adam|adamw|sgd')];
  const merit = ([a, b]: readonly number[]) => -((a! - 0.7) ** 2) - (Math.floor(3 * b!) === 2 ? 0 : 0.3);
  const bestOf = (seed: number, isGuided: boolean) => {
    const random = new Random(seed);
    const seen = spreadPlaces(8, 2, random).map((places) => ({ places, score: merit(places) }));
    for (let at = 0; at < 16; at++) {
      const places = isGuided
        ? proposePlaces(dimensions, seen, random)
        : [random.uniform(), random.uniform()];
      seen.push({ places, score: merit(places) });
    }
    return seen.slice(8).reduce((sum, { score }) => sum + score, 0) / 16;
  };
  const seeds = Array.from({ length: 10 }, (_, seed) => seed);
  for (const seed of seeds) expect(bestOf(seed, true)).toBeGreaterThan(bestOf(seed, false));
});
