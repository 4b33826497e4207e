import { expect, test } from 'vitest';
import { createTurns } from './turns.js';

test('so many calls are under way and no more, in their order, whether they succeed or fail', async () => {
  const takeTurn = createTurns(2);
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const calls = [0, 1, 2, 3, 4].map((number) =>
    takeTurn(async () => {
      started.push(number);
      await new Promise<void>((resolve) => {
        ends[number] = resolve;
      });
      if (number === 1) throw new Error('no');
      return number;
    }).catch((error: Error) => error.message),
  );
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  await settle();
  expect(started).toEqual([0, 1]);
  ends[1]!();
  await settle();
  expect(started).toEqual([0, 1, 2]);
  ends[0]!();
  ends[2]!();
  await settle();
  expect(started).toEqual([0, 1, 2, 3, 4]);
  ends[3]!();
  ends[4]!();
  expect(await Promise.all(calls)).toEqual([0, 'no', 2, 3, 4]);
  // The places are free again.
  expect(await Promise.all([takeTurn(async () => 'a'), takeTurn(async () => 'b')])).toEqual(['a', 'b']);
});
