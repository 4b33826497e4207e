import { expect, test } from 'vitest';
import { batchesPerStep, type Share, sharedBatch, WHOLE_SHARE } from './share.js';

const STEPS = 3;

/** Batches of each process, by its number. */
const taken = (parts: number, ranks: number): number[][] =>
  Array.from({ length: ranks }, (_, rank) => {
    const share: Share = { parts, rank, ranks };
    return Array.from({ length: STEPS * batchesPerStep(share) }, (__, own) => sharedBatch(share, own));
  });

test('one process takes all batches in order', () => {
  expect(taken(1, 1)).toEqual([[0, 1, 2]]);
  expect(taken(2, 1)).toEqual([[0, 1, 2, 3, 4, 5]]);
  expect(sharedBatch(WHOLE_SHARE, 7)).toBe(7);
});

test.each([
  [2, 2],
  [4, 2],
  [6, 3],
])('%d batches of a step are shared by %d processes, in rounds', (parts, ranks) => {
  const all = taken(parts, ranks);
  const rounds = all[0]!.flatMap((_, round) => all.map((own) => own[round]!));
  expect(rounds).toEqual(Array.from({ length: STEPS * parts }, (_, i) => i));
});
