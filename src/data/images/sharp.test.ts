import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { workerUrl } from '../../base/worker-url.js';
import './sharp.js';

it('readers are switched off once in a process, not again by each thread, while others may be reading', async () => {
  const ours = workerUrl(import.meta.url, './sharp.js').href;
  const script = `
    const { parentPort } = require('node:worker_threads');
    (async () => {
      const { default: sharp } = await import('sharp');
      const called = [];
      sharp.block = () => called.push('block');
      sharp.unblock = () => called.push('unblock');
      await import(${JSON.stringify(ours)});
      parentPort.postMessage(called);
    })();`;
  const calledIn = async (env: NodeJS.ProcessEnv) => {
    const worker = new Worker(script, { eval: true, env });
    const [called] = (await once(worker, 'message')) as [string[]];
    await worker.terminate();
    return called;
  };
  expect(await calledIn(process.env)).toEqual([]);
  // The mark of a process that has started this one says nothing.
  const inherited = { ...process.env, OTX_READERS_SWITCHED_OFF_IN: '1' };
  expect(await calledIn(inherited)).toEqual(['block', 'unblock']);
});
