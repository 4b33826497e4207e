import { expect, test } from 'vitest';
import { Random } from '../../base/random.js';
import { rungsOf, rungTasks } from './halving.js';

test('rungs are thirds of the epochs, and none is before the first validation', () => {
  expect(rungsOf(81, 1)).toEqual([9, 27, 81]);
  expect(rungsOf(100, 1)).toEqual([12, 34, 100]);
  expect(rungsOf(100, 5)).toEqual([15, 35, 100]);
  expect(rungsOf(3, 1)).toEqual([1, 3]);
  expect(rungsOf(1, 1)).toEqual([1]);
});

/** What is done when tasks are performed in any order until none is left. */
function perform(trials: number, score: (trial: number, rung: number) => number, random: Random): string[] {
  const done = new Map<string, number>();
  const key = (trial: number, rung: number) => `${trial}/${rung}`;
  for (;;) {
    const tasks = rungTasks(trials, 3, (trial, rung) => done.get(key(trial, rung)));
    const open = tasks.filter(({ trial, rung }) => !done.has(key(trial, rung)));
    if (open.length === 0) return [...done.keys()].sort();
    const { trial, rung } = open[random.integer(open.length)]!;
    done.set(key(trial, rung), score(trial, rung));
  }
}

test('of each three the best goes on, in whatever order they end', () => {
  const score = (trial: number, rung: number) => ((trial * 7 + rung) % 11) / 11;
  const first = perform(11, score, new Random(0));
  for (let seed = 1; seed < 20; seed++) expect(perform(11, score, new Random(seed))).toEqual(first);
  const counts = [0, 1, 2].map((rung) => first.filter((name) => name.endsWith(`/${rung}`)).length);
  expect(counts).toEqual([11, 3, 1]);
  // 0/11, 7/11, 3/11 | 10/11, 6/11, 2/11 | 9/11, 5/11, 1/11
  expect(first.filter((name) => name.endsWith('/1'))).toEqual(['1/1', '3/1', '6/1']);
});

test('one that was passed over may go on later, and one that failed never does', () => {
  const scores = [0.9, 0.8, 0.1, 0.2, 0.3, 0.1];
  const all = rungTasks(6, 2, (trial, rung) => (rung === 0 ? scores[trial] : undefined));
  expect(all.filter(({ rung }) => rung === 1).map(({ trial }) => trial)).toEqual([0, 1]);
  const failed = rungTasks(3, 2, () => Number.NEGATIVE_INFINITY);
  expect(failed.filter(({ rung }) => rung === 1)).toEqual([]);
});
