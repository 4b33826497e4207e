import { describe, expect, it } from 'vitest';
import { OtxError } from '../base/errors.js';
import { Random } from '../base/random.js';
import { ConfusionMatrix, diceAverage, formatMetrics } from './metrics.js';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('ConfusionMatrix', () => {
  it('scores a case worked out by hand', () => {
    const matrix = new ConfusionMatrix(4);
    matrix.add(bytes(0, 0, 0, 1, 1, 255), bytes(0, 0, 1, 1, 2, 2));
    const { mDice, mIoU, mAcc, aAcc, perClass } = matrix.summary();
    // I = 2,1,0,0; P = 2,2,1,0; G = 3,2,0,0. Class 3 is absent everywhere; class 2 was predicted only.
    expect(perClass.map((c) => c.dice)).toEqual([4 / 5, 1 / 2, 0, Number.NaN]);
    expect(perClass.map((c) => c.iou)).toEqual([2 / 3, 1 / 3, 0, Number.NaN]);
    expect(perClass.map((c) => c.acc)).toEqual([2 / 3, 1 / 2, Number.NaN, Number.NaN]);
    expect(perClass.map((c) => c.pixels)).toEqual([3, 2, 0, 0]);
    expect(mDice).toBeCloseTo((0.8 + 0.5 + 0) / 3, 15);
    expect(mIoU).toBeCloseTo((2 / 3 + 1 / 3 + 0) / 3, 15);
    expect(mAcc).toBeCloseTo((2 / 3 + 1 / 2) / 2, 15);
    expect(aAcc).toBe(3 / 5);
    expect(diceAverage(matrix.summary())).toBe(0.25);
  });

  it('agrees with set counting on random maps, added in pieces', () => {
    const random = new Random('metrics');
    const classes = 5;
    const truth = Uint8Array.from({ length: 4000 }, () =>
      random.chance(0.1) ? 255 : random.integer(classes),
    );
    const prediction = truth.map((t) => (t !== 255 && random.chance(0.6) ? t : random.integer(classes)));
    const matrix = new ConfusionMatrix(classes);
    for (const [from, to] of [
      [0, 1],
      [1, 1777],
      [1777, 4000],
    ] as const) {
      matrix.add(truth.subarray(from, to), prediction.subarray(from, to));
    }
    const seen = [...truth.keys()].filter((i) => truth[i] !== 255);
    const dice = Array.from({ length: classes }, (_, c) => {
      const both = seen.filter((i) => truth[i] === c && prediction[i] === c).length;
      const either =
        seen.filter((i) => truth[i] === c).length + seen.filter((i) => prediction[i] === c).length;
      return (2 * both) / either;
    });
    const metrics = matrix.summary();
    expect(metrics.perClass.map((c) => c.dice)).toEqual(dice);
    metrics.perClass.forEach((c, i) => {
      expect(c.iou).toBeCloseTo(dice[i]! / (2 - dice[i]!), 14);
    });
    expect(metrics.mDice).toBeCloseTo(dice.reduce((a, b) => a + b) / classes, 14);
    expect(diceAverage(matrix.summary())).toBeCloseTo(
      dice.slice(1).reduce((a, b) => a + b) / (classes - 1),
      14,
    );
    expect(metrics.aAcc).toBe(seen.filter((i) => truth[i] === prediction[i]).length / seen.length);
  });

  it('has no score before the first pixel, and no label means Dice Average 0', () => {
    const matrix = new ConfusionMatrix(3);
    expect(matrix.summary().mDice).toBeNaN();
    matrix.add(bytes(0, 0), bytes(0, 0));
    expect(matrix.summary().mDice).toBe(1);
    expect(diceAverage(matrix.summary())).toBe(0);
  });

  it('refuses values without a class and maps of different length, counting nothing', () => {
    const matrix = new ConfusionMatrix(3);
    expect(() => matrix.add(bytes(0, 9), bytes(0, 0))).toThrow(/truth holds value 9 at pixel 1/);
    expect(() => matrix.add(bytes(0, 1), bytes(0, 3))).toThrow(/prediction holds value 3 at pixel 1/);
    expect(() => matrix.add(bytes(0, 1), bytes(0))).toThrow(OtxError);
    expect(matrix.counts.every((count) => count === 0)).toBe(true);
    expect(() => new ConfusionMatrix(256)).toThrow(/1 to 255/);
  });
});

describe('formatMetrics', () => {
  it('prints one aligned line per class and the means', () => {
    const matrix = new ConfusionMatrix(3);
    matrix.add(bytes(0, 0, 0, 1), bytes(0, 0, 1, 1));
    expect(formatMetrics(matrix.summary(), ['background', 'car', 'tree'])).toMatchInlineSnapshot(`
      "class        Dice    IoU     Acc   pixels
      -----------------------------------------
      background  80.00  66.67   66.67  75.00 %
      car         66.67  50.00  100.00  25.00 %
      tree            -      -       -   0.00 %
      -----------------------------------------
      mean        73.33  58.33   83.33
      pixel accuracy 75.00 %"
    `);
  });

  it('fits a narrow terminal by cutting names', () => {
    const matrix = new ConfusionMatrix(2);
    matrix.add(bytes(0, 0, 0, 1), bytes(0, 0, 1, 1));
    const names = ['background', 'a name that is far too long for any table'];
    for (const [columns, widest] of [
      [40, 40],
      [80, 63],
      [10, 39],
    ] as const) {
      const lines = formatMetrics(matrix.summary(), names, columns).split('\n');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(widest);
      expect(lines[3]).toMatch(/^a name.*… +66\.67/);
    }
  });
});
