import { expect, test } from 'vitest';
import { makeAhead } from './made-ahead.js';

/** A queue that notes what it makes. */
function noting(options: { workers: number; end?: number; failing?: number }) {
  const made: number[] = [];
  const queue = makeAhead({
    ...options,
    make: async (number) => {
      made.push(number);
      if (number === options.failing) throw new Error(`cannot make ${number}`);
      return `result ${number}`;
    },
    what: 'making results',
  });
  return { made, take: async (number: number) => (await queue.take(number)).made, queue };
}

test('results are made in order, a few before they are asked for and each once', async () => {
  const { made, take } = noting({ workers: 1 });
  expect(made).toEqual([]);
  for (const number of [5, 6, 7]) expect(await take(number)).toBe(`result ${number}`);
  expect(made).toEqual([5, 6, 7, 8, 9]);
});

test('nothing is made behind the end, and without threads one at a time', async () => {
  const few = noting({ workers: 4, end: 3 });
  for (const number of [0, 1, 2]) expect(await few.take(number)).toBe(`result ${number}`);
  expect(few.made).toEqual([0, 1, 2]);
  const single = noting({ workers: 0 });
  await single.take(0);
  expect(single.made).toEqual([0]);
});

test('asking for another number gives that one', async () => {
  const { made, take, queue } = noting({ workers: 0 });
  expect(await take(3)).toBe('result 3');
  expect(await take(0)).toBe('result 0');
  expect(await take(0)).toBe('result 0');
  queue.clear();
  expect(await take(1)).toBe('result 1');
  expect(made).toEqual([3, 0, 0, 1]);
});

test('a failure reaches who asks for its number, and nobody else', async () => {
  const { take } = noting({ workers: 2, failing: 2 });
  expect(await take(0)).toBe('result 0');
  expect(await take(1)).toBe('result 1');
  await expect(take(2)).rejects.toThrow('cannot make 2');
  expect(await take(3)).toBe('result 3');
});

test('waiting ends when the signal fires', async () => {
  const queue = makeAhead({ workers: 0, make: () => new Promise<never>(() => {}), what: 'waiting' });
  const abort = new AbortController();
  const waiting = queue.take(0, abort.signal);
  abort.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
});
