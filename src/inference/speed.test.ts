import { expect, test } from 'vitest';
import { measureNetwork } from './speed.js';

test('the time of a network is a positive number of milliseconds, unless the user stops it', async () => {
  const options = { side: 64, numClasses: 2, threads: 1 };
  const time = await measureNetwork('lite-hrnet-s', options);
  expect(time).toBeGreaterThan(0.1);
  expect(time).toBeLessThan(5_000);
  const signal = AbortSignal.abort();
  await expect(measureNetwork('lite-hrnet-s', { ...options, signal })).rejects.toThrow(/stopped while/);
});
