import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { acquirePool, keepingThreads } from './pool.js';

/** Threads are numbered in the order in which a process starts them. */
async function nextNumber(): Promise<number> {
  const worker = new Worker('', { eval: true });
  const { threadId } = worker;
  await worker.terminate();
  return threadId;
}

async function startedBy(work: () => Promise<unknown>): Promise<number> {
  const before = await nextNumber();
  await work();
  return (await nextNumber()) - before - 1;
}

const useTwice = async () => {
  for (let i = 0; i < 2; i++) await acquirePool(2).release();
};

test('work that keeps threads starts them once, whatever it does with them; they end with it', async () => {
  expect(await startedBy(useTwice)).toBe(4);
  expect(await startedBy(() => keepingThreads(undefined, useTwice))).toBe(2);
  const nested = () => keepingThreads(undefined, () => keepingThreads(undefined, useTwice).then(useTwice));
  expect(await startedBy(nested)).toBe(2);
  const failing = keepingThreads(undefined, async () => {
    await useTwice();
    throw new Error('on purpose');
  });
  await expect(failing).rejects.toThrow('on purpose');
  expect(await startedBy(useTwice)).toBe(4);
});
