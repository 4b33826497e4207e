import { expect, test } from 'vitest';
import { seldom } from './seldom.js';

test('work is done at most every five seconds, for a twentieth of the time, and what is wanted last is not forgotten', async () => {
  let now = 100;
  let starts = 0;
  let end: () => void = () => undefined;
  const work = () => {
    starts += 1;
    return new Promise<void>((resolve) => {
      end = resolve;
    });
  };
  const finish = async (seconds: number) => {
    now += seconds;
    end();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const job = seldom(work, () => now);
  job.flush();
  expect(starts).toBe(0);

  job.request();
  expect(starts).toBe(1);
  job.request();
  expect(starts).toBe(1);
  await finish(0.1);
  now = 104.9;
  job.request();
  expect(starts).toBe(1);
  now = 105.1;
  job.request();
  expect(starts).toBe(2);

  // Two seconds of work are followed by forty of rest.
  await finish(2);
  now += 39;
  job.request();
  expect(starts).toBe(2);
  job.flush();
  expect(starts).toBe(3);
  job.flush();
  expect(starts).toBe(3);
});
