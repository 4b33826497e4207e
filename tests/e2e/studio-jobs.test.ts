/** @file What the studio starts survives it: a training is paused and resumed, goes on when the studio is killed, and is found again. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';
import { type RunningStudio, startStudio } from './studio-server.js';

const POLL = { timeout: 90_000, interval: 200 };

let folder: string;
let studio: RunningStudio;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-studio-'));
  await generateScenes(join(folder, 'data'), { train: 6, val: 2, width: 96, height: 64 });
});
afterAll(async () => {
  await studio?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function ask<T>(path: string, method = 'GET', body?: object | Uint8Array<ArrayBuffer>): Promise<T> {
  const sent = body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body);
  const response = await fetch(`${studio.address}api/${path}`, { method, body: sent });
  const answer = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

async function start(): Promise<void> {
  studio = await startStudio([join(folder, 'data')]);
  await expect.poll(async () => (await ask<{ state: string }>('project')).state, POLL).toBe('ready');
}

test('pictures are brought in, a training is paused and resumed, and outlives a studio that is killed', async () => {
  await start();
  const images = join(folder, 'data', 'train', 'images');
  const picture = await readFile(join(images, (await readdir(images))[0]!));
  await ask('imports/more/photos/one.png', 'PUT', new Uint8Array(picture));
  expect(await ask('imports/more', 'POST')).toEqual({ images: 1 });
  expect((await ask<{ images: number }>('project')).images).toBe(9);
  await expect(ask('imports/more/photos/one.png', 'PUT', new Uint8Array(1))).rejects.toThrow(
    'an import "more" already',
  );

  await ask('subsets', 'PUT', { keys: [0, 1], subset: 'val' });
  const settings = { epochs: '500', inputSize: '64x64', batchSize: '2' };
  const asked = { template: 'Lite-HRNet-s-mod2', settings };
  await expect(ask('train', 'POST', { ...asked, settings: { epochs: 'many' } })).rejects.toThrow(
    'num_iters is "many"',
  );
  const { id, train, val } = await ask<{ id: string; train: number; val: number }>('train', 'POST', asked);
  expect([train, val]).toEqual([4, 4]);
  const epochs = async () => (await ask<{ epochs: unknown[] }>(`runs/${id}`)).epochs.length;
  const state = async () =>
    (await ask<{ id: string; state: string }[]>('jobs')).find((job) => job.id === id)?.state;
  await expect.poll(epochs, POLL).toBeGreaterThan(1);
  await expect(ask('train', 'POST', asked)).rejects.toThrow('enough is under way');
  await ask(`jobs/${id}/pause`, 'POST');
  await expect.poll(state, POLL).toBe('paused');
  const before = await epochs();
  await ask(`runs/${id}/resume`, 'POST');
  await expect.poll(epochs, POLL).toBeGreaterThan(before);

  await studio.stop('SIGKILL');
  await start();
  expect(await state()).toBe('running');
  const then = await epochs();
  await expect.poll(epochs, POLL).toBeGreaterThan(then);
  expect(await studio.stop('SIGINT')).toBe(0);
  const jobs = (name: string) => join(folder, 'data-studio', 'jobs', name);
  const { pid } = JSON.parse(await readFile(jobs(`${id}.json`), 'utf8')) as { pid: number };
  expect(await readFile(jobs(`${id}.exit`), 'utf8')).toBe(`${pid} 130\n`);

  // What has ended while no studio was there, as a killed one leaves its jobs: the process is gone, and may have noted how.
  const gone = { kind: 'train', words: [], folder, pid, state: 'running', started: '2026-01-01', log: [] };
  const notes = { finished: '0', wrong: '1', asked: '143', silent: undefined };
  for (const [name, code] of Object.entries(notes)) {
    await writeFile(jobs(`${name}.json`), JSON.stringify({ id: name, ...gone }));
    if (code !== undefined) await writeFile(jobs(`${name}.exit`), `${pid} ${code}\n`);
  }
  // As a kill between a picture and its mask leaves it.
  const dataset = join(folder, 'data-studio', 'dataset');
  const mask = (await readdir(join(dataset, 'masks'), { recursive: true })).find((name) =>
    name.endsWith('.png'),
  )!;
  await rm(join(dataset, 'masks', mask));
  const pictures = async () =>
    (await readdir(join(dataset, 'images'), { recursive: true })).filter((name) => /\.\w+$/.test(name))
      .length;
  const all = await pictures();
  await start();
  expect(await state()).toBe('paused');
  const states = (await ask<{ id: string; state: string }[]>('jobs')).map((job) => [job.id, job.state]);
  expect(Object.fromEntries(states)).toEqual({
    ...{ [id]: 'paused', finished: 'done', wrong: 'failed', asked: 'paused', silent: 'killed' },
  });
  expect(await pictures()).toBe(all - 1);
});
