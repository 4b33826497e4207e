import { describe, expect, test } from 'vitest';
import { classWeights, describeWeights, isClassWeights } from './class-weights.js';

const classes = [
  { name: 'background', share: 0.7 },
  { name: 'road, wet', share: 0.297 },
  { name: 'pole', share: 0.003 },
];
const meanOver = (weights: readonly number[], of = classes) =>
  weights.reduce((sum, weight, i) => sum + weight * of[i]!.share, 0);

describe('weights that follow from shares', () => {
  test('balanced: every class counts alike', () => {
    const weights = classWeights('balanced', classes)!;
    expect(meanOver(weights)).toBeCloseTo(1, 10);
    for (const [i, weight] of weights.entries()) expect(weight * classes[i]!.share).toBeCloseTo(1 / 3, 10);
  });

  test('auto: milder, and only where a class is rare', () => {
    const weights = classWeights('auto', classes)!;
    expect(meanOver(weights)).toBeCloseTo(1, 10);
    expect(weights[2]! / weights[0]!).toBeCloseTo(Math.log(1.72) / Math.log(1.023), 6);
    const common = classes.map((info) => ({ ...info, share: 1 / 3 }));
    expect(classWeights('auto', common)).toBeUndefined();
  });

  test('a class without pixels weighs nothing, and shares that leave out ignored pixels mean the same', () => {
    const some = [
      ...classes.map((info) => ({ ...info, share: info.share / 2 })),
      { name: 'never', share: 0 },
    ];
    const weights = classWeights('balanced', some)!;
    expect(weights[3]).toBe(0);
    expect(weights.slice(0, 3).map((weight) => weight.toFixed(6))).toEqual(
      classWeights('balanced', classes)!.map((weight) => weight.toFixed(6)),
    );
  });
});

test('none is none', () => {
  expect(classWeights('none', classes)).toBeUndefined();
});

test.each([
  ['pole=5', [1, 1, 5]],
  ['pole=0.5, background=2', [2, 1, 0.5]],
  ['1,2,3.5', [1, 2, 3.5]],
])('%s', (setting, expected) => {
  expect(classWeights(setting, classes)).toEqual(expected);
});

test.each([
  ['car=5', 'there is no class "car"; the classes are "background", "road, wet", "pole"'],
  ['1,2', '2 weights for 3 classes'],
])('%s is refused: %s', (setting, message) => {
  expect(() => classWeights(setting, classes)).toThrow(message);
});

test.each([
  ['none', true],
  ['auto', true],
  ['balanced', true],
  ['a=1,b=2', true],
  ['1,2,3', true],
  ['a', false],
  ['a=x', false],
  ['-1,2', false],
  ['1001', false],
  ['', false],
  ['1,,2', false],
])('"%s" can be a value: %s', (text, expected) => {
  expect(isClassWeights(text)).toBe(expected);
});

test('is told by name', () => {
  expect(describeWeights([0.5, 1.2345, 100], classes)).toBe('background 0.5, road, wet 1.23, pole 100');
});
