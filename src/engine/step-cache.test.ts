import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cacheKey, StepCache, stepCacheFolder } from './step-cache.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-step-cache-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const step = (seed: number, size = 1000) => ({
  model: Uint8Array.from({ length: size }, (_, i) => (i * seed) % 251),
  nodeCount: 12,
  peakMemory: 3.5e9,
});
const names = async () => (await readdir(folder)).sort();

test('an entry comes back as it was, in memory that can be handed over', async () => {
  const cache = new StepCache(folder);
  await cache.write('key', step(7));
  const found = await cache.read('key');
  expect(found).toEqual(step(7));
  expect(found!.model.byteOffset).toBe(0);
  expect(found!.model.buffer.byteLength).toBe(1000);
  expect(await cache.read('other')).toBeUndefined();
  expect(await names()).toEqual(['key.step']);
});

describe('a damaged entry is not used, removed, and can be written again', () => {
  test.each<[string, (bytes: Buffer) => Uint8Array]>([
    ['empty', () => new Uint8Array()],
    ['cut', (bytes) => bytes.subarray(0, bytes.length - 1)],
    ['cut within the checksum', (bytes) => bytes.subarray(0, 20)],
    ['longer', (bytes) => Buffer.concat([bytes, Buffer.of(0)])],
    ['one bit of the model', (bytes) => flip(bytes, bytes.length - 500)],
    ['one bit of the head', (bytes) => flip(bytes, 50)],
    ['one bit of the checksum', (bytes) => flip(bytes, 15)],
    ['another form', (bytes) => flip(bytes, 9)],
    ['something else', () => Buffer.from('<html>')],
  ])('%s', async (_, damage) => {
    const cache = new StepCache(folder);
    await cache.write('key', step(7));
    const path = join(folder, 'key.step');
    await writeFile(path, damage(await readFile(path)));
    expect(await cache.read('key')).toBeUndefined();
    expect(await names()).toEqual([]);
    await cache.write('key', step(7));
    expect(await cache.read('key')).toEqual(step(7));
  });
});

function flip(bytes: Buffer, at: number): Buffer {
  bytes[at]! ^= 1;
  return bytes;
}

test('the folder and those above it are made', async () => {
  const cache = new StepCache(join(folder, 'a', 'b', 'steps'));
  await cache.write('key', step(7));
  expect(await cache.read('key')).toEqual(step(7));
});

test.each<[string, () => string]>([
  ['below a file', () => join(folder, 'file', 'steps')],
  ['below a name that no file can have', () => join(folder, 'x'.repeat(300), 'steps')],
  ['where the system makes the folders', () => '/proc/otx/steps'],
])('a folder that cannot be made is no error: %s', async (_, path) => {
  await writeFile(join(folder, 'file'), '');
  const cache = new StepCache(path());
  await cache.write('key', step(7));
  expect(await cache.read('key')).toBeUndefined();
});

test('the least recently used entries make room, and files of killed writers go', async () => {
  const cache = new StepCache(folder, 3500);
  await cache.write('a', step(2));
  await cache.write('b', step(3));
  await cache.write('c', step(5));
  for (const [i, name] of ['a', 'b', 'c'].entries())
    await utimes(join(folder, `${name}.step`), 1e9 + i, 1e9 + i);
  await writeFile(join(folder, '.d.step.0123.tmp'), 'half');
  await utimes(join(folder, '.d.step.0123.tmp'), 1e9, 1e9);
  await writeFile(join(folder, 'notes.txt'), 'not of the cache');
  expect(await cache.read('a')).toBeDefined();
  await cache.write('e', step(11));
  expect(await names()).toEqual(['a.step', 'c.step', 'e.step', 'notes.txt']);
});

test('a step that would fill the cache alone is not kept', async () => {
  await new StepCache(folder, 999).write('key', step(7));
  expect(await names()).toEqual([]);
});

test('the key depends on the digest and on every setting', () => {
  const key = cacheKey('digest', { block: 16 }, 'fast');
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  expect(cacheKey('digest', { block: 16 }, 'fast')).toBe(key);
  const others = [
    cacheKey('other', { block: 16 }, 'fast'),
    cacheKey('digest', { block: 8 }, 'fast'),
    cacheKey('digest', {}, 'fast'),
    cacheKey('digest', { block: 16 }, 'lean'),
  ];
  expect(new Set([key, ...others]).size).toBe(5);
});

test('the folder is that of the user, another, or none', () => {
  expect(stepCacheFolder({ OTX_CACHE: folder })).toBe(join(folder, 'steps'));
  expect(stepCacheFolder({ OTX_CACHE: folder, OTX_STEP_CACHE: 'here' })).toBe(resolve('here'));
  expect(stepCacheFolder({ OTX_STEP_CACHE: 'off' })).toBeUndefined();
});
