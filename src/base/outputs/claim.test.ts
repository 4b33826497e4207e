import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Claim, createClaims, isClaim } from './claim.js';
import { freeLock, lockFolder } from './lock.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-claim-'));
  path = join(folder, 'a.claim');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const far = { pid: 1, host: `not-${hostname()}`, id: 'far' };
const leave = (owner: object) => writeFile(path, JSON.stringify(owner));
const taken = async (claims = createClaims()): Promise<Claim> => {
  const claim = await claims.take(path);
  if (!isClaim(claim)) throw new Error(`held by ${claim.pid}`);
  return claim;
};

test('of many at once one gets a claim, the others are told who has it, and after its release it is free', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => createClaims().take(path)));
  const got = all.filter(isClaim);
  expect(got).toHaveLength(1);
  expect(all.filter((one) => !isClaim(one))).toEqual(
    Array.from({ length: 7 }, () => expect.objectContaining({ pid: process.pid, host: hostname() })),
  );
  await got[0]!.release();
  await (await taken()).release();
  expect(await readdir(folder)).toEqual([]);
});

test('a dead process of this machine is told at once', async () => {
  const { pid, process: started, space } = JSON.parse(await ownText()) as Record<string, unknown>;
  await leave({ pid, process: started, space, host: hostname(), id: 'earlier' });
  const claim = await taken();
  expect(claim.before).toMatchObject({ id: 'earlier' });
  await claim.release();
});

test('another machine is dead when its heart has not beaten for long, whatever its clock says', async () => {
  await leave(far);
  const claims = createClaims({ every: 10, patience: 0.2 });
  const beat = async (seconds: number) => utimes(path, seconds, seconds);
  await beat(5);
  expect(await claims.take(path)).toMatchObject({ host: far.host });
  await sleep(150);
  // Its clock is decades behind.
  await beat(10);
  expect(await claims.take(path)).toMatchObject({ host: far.host });
  await sleep(150);
  expect(await claims.take(path)).toMatchObject({ host: far.host });
  await sleep(150);
  const claim = await taken(claims);
  expect(claim.before).toMatchObject(far);
  await claim.release();
});

test('a process in a container of the same name is not looked for among those of this one', async () => {
  await leave({ pid: process.pid, host: hostname(), space: 'pid:[1]', id: 'elsewhere' });
  expect(await createClaims().take(path)).toMatchObject({ id: 'elsewhere' });
});

test('a heart beats, and who has lost a claim is told', async () => {
  const claim = await taken(createClaims({ every: 0.05, patience: 10 }));
  await utimes(path, 1, 1);
  await sleep(200);
  expect(claim.lost.aborted).toBe(false);
  expect((await stat(path)).mtimeMs).toBeGreaterThan(1000);
  await leave(far);
  await sleep(200);
  expect(claim.lost.aborted).toBe(true);
  await claim.release();
  expect(await readFile(path, 'utf8')).toContain(far.host);
});

test('the other locks of a process that is gone are freed, and those of others are not', async () => {
  const lock = join(folder, 'run.lock');
  await writeFile(lock, JSON.stringify({ ...far, id: 'of its run' }));
  await freeLock(lock, { ...far, pid: 2 });
  await expect(lockFolder(lock)).rejects.toThrow(`of the machine ${far.host} is at work`);
  await freeLock(lock, far);
  await (await lockFolder(lock)).release();
});

async function ownText(): Promise<string> {
  const claim = await taken();
  const text = await readFile(path, 'utf8');
  await claim.release();
  return text;
}
