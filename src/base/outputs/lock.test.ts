import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFolder } from './lock.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-lock-'));
  path = join(folder, 'run.lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const left = (owner: object) => writeFile(path, JSON.stringify({ host: hostname(), id: 'before', ...owner }));
const refused = (message: string) => ({ code: 'output', message: expect.stringContaining(message) });

test('a lock says who holds it, and is gone after its release', async () => {
  const lock = await lockFolder(path);
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid, host: hostname() });
  await lock.release();
  expect(await readdir(folder)).toEqual([]);
});

test('of many at once one gets it, also over a dead lock', async () => {
  await left({ pid: spawnSync(process.execPath, ['-e', '']).pid });
  const all = await Promise.allSettled(Array.from({ length: 12 }, () => lockFolder(path)));
  const got = all.filter((one) => one.status === 'fulfilled');
  expect(got).toHaveLength(1);
  await got[0]!.value.release();
  expect(await readdir(folder)).toEqual([]);
});

test('the lock of a living process stands, that of a dead one is taken over', async () => {
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => other.on('exit', resolve));
  try {
    await left({ pid: other.pid });
    await expect(lockFolder(path)).rejects.toMatchObject(
      refused(`${folder}: process ${other.pid} is at work`),
    );
  } finally {
    other.kill('SIGKILL');
    await ended;
  }
  await (await lockFolder(path)).release();
});

test('who takes over a dead lock and dies over it leaves nothing in the way', async () => {
  const dead = { pid: spawnSync(process.execPath, ['-e', '']).pid };
  await left(dead);
  await writeFile(`${path}.takeover`, await readFile(path));
  await (await lockFolder(path)).release();
  expect(await readdir(folder)).toEqual([]);
});

test('an earlier process of the same number is dead', async () => {
  await left({ pid: process.pid });
  await (await lockFolder(path)).release();
  expect(await readdir(folder)).toEqual([]);
});

test.runIf(process.platform === 'linux')('a process that began at another time is another one', async () => {
  await left({ pid: process.ppid, process: 'an earlier start 1' });
  await (await lockFolder(path)).release();
  expect(await readdir(folder)).toEqual([]);
});

test('what happens on another machine is not known; a way out is told', async () => {
  await left({ pid: 1, host: 'elsewhere' });
  await expect(lockFolder(path)).rejects.toMatchObject(
    refused(`process 1 of the machine elsewhere is at work in this folder; wait for its end`),
  );
  await expect(lockFolder(path)).rejects.toMatchObject(refused(`remove ${path}`));
});

test('a file of the same name that is no lock stays', async () => {
  await writeFile(path, 'my notes');
  await expect(lockFolder(path)).rejects.toMatchObject(refused(`${path}: has the name`));
  expect(await readFile(path, 'utf8')).toBe('my notes');
});

test('a lock that another has taken over is not released', async () => {
  const lock = await lockFolder(path);
  await left({ pid: 1, host: 'elsewhere' });
  await lock.release();
  expect(await readdir(folder)).toEqual(['run.lock']);
});
