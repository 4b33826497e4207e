import { expect, test } from 'vitest';
import { Random } from '../../base/random.js';
import { alikeGroups } from './alike.js';

const BYTES = 3 * 16 * 16;
/** A thumbnail, some of whose values are larger by `more`. */
const thumbnail = (seed: string, more = 0, count = BYTES): Uint8Array => {
  const random = new Random(seed);
  return Uint8Array.from({ length: BYTES }, (_, i) => random.integer(200) + (i < count ? more : 0));
};
const mirrored = (values: Uint8Array): Uint8Array =>
  values.map((_, i) => {
    const [cell, channel] = [Math.floor(i / 3), i % 3];
    return values[3 * (cell - (cell % 16) + 15 - (cell % 16)) + channel]!;
  });

test('pictures that are made brighter or mirrored are one, others are not', () => {
  const groups = alikeGroups([
    thumbnail('a'),
    thumbnail('b'),
    mirrored(thumbnail('a')),
    thumbnail('c'),
    thumbnail('b', 30),
    mirrored(thumbnail('b', 30)),
  ]);
  expect(groups).toEqual([
    [
      { at: 0, mirrored: false },
      { at: 2, mirrored: true },
    ],
    [
      { at: 1, mirrored: false },
      { at: 4, mirrored: false },
      { at: 5, mirrored: true },
    ],
  ]);
});

test('two pictures that are like a third one alone are one group with it, wherever it stands', () => {
  // The ends are too far from each other, the middle is near to both.
  const [first, middle, last] = [0, 3, 6].map((more) => thumbnail('d', more, BYTES / 2)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  expect(alikeGroups([first, last])).toEqual([]);
  for (const order of [
    [first, middle, last],
    [first, last, middle],
    [middle, mirrored(first), last],
  ]) {
    const [group, ...others] = alikeGroups(order);
    expect(others).toEqual([]);
    expect(group!.map(({ at }) => at)).toEqual([0, 1, 2]);
    expect(group!.map((each) => each.mirrored)).toEqual(
      order.map((each) => each === order[1] && order[0] === middle),
    );
  }
});
