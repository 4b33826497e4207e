import { expect, test } from 'vitest';
import type { RunFacts } from './run-facts.js';
import { bestRun, scoreSpread, spreadOf } from './spread.js';

const run = (name: string, dice: readonly (readonly [string, number])[], seconds = 1) =>
  ({
    run: name,
    classes: dice.map(([label]) => ({ name: label, color: [0, 0, 0] })),
    seconds,
    metrics: {
      mDice: dice.reduce((sum, [, value]) => sum + value, 0) / dice.length,
      mIoU: 0.5,
      perClass: dice.map(([, value]) => ({ dice: value, iou: value / 2, acc: value, pixels: 1 })),
    },
  }) as unknown as RunFacts;

test('mean and sample deviation of what is a number', () => {
  expect(spreadOf([2, 4, Number.NaN, 4, 4, 5, 5, 7, 9])).toEqual({
    mean: 5,
    deviation: expect.closeTo(Math.sqrt(32 / 7), 12),
    count: 8,
  });
  expect(spreadOf([3])).toEqual({ mean: 3, deviation: Number.NaN, count: 1 });
  expect(spreadOf([])).toEqual({ mean: Number.NaN, deviation: Number.NaN, count: 0 });
});

test('scores of classes are matched by name, and runs without scores count for their time alone', () => {
  const runs = [
    run(
      'a',
      [
        ['background', 0.8],
        ['cat', 0.4],
      ],
      10,
    ),
    run(
      'b',
      [
        ['cat', 0.6],
        ['background', 1],
      ],
      20,
    ),
    { ...run('c', [], 60), metrics: undefined } as RunFacts,
  ];
  const { mDice, perClass, seconds } = scoreSpread(runs);
  expect(mDice).toMatchObject({ mean: expect.closeTo(0.7), count: 2 });
  expect(perClass.map(({ name, dice, iou }) => [name, dice.mean, iou.mean])).toEqual([
    ['background', expect.closeTo(0.9), expect.closeTo(0.45)],
    ['cat', expect.closeTo(0.5), expect.closeTo(0.25)],
  ]);
  expect(seconds).toMatchObject({ mean: 30, count: 3 });
});

test('the best has the highest mean Dice, the first of equals', () => {
  const nothing = { metrics: undefined } as RunFacts;
  const [a, b, c] = [run('a', [['x', 0.5]]), run('b', [['x', 0.7]]), run('c', [['x', 0.7]])];
  expect(bestRun([nothing, a, b, c])).toBe(b);
  expect(bestRun([nothing])).toBeUndefined();
});
