import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeFileAtomic } from './atomic.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-atomic-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('the chunks become one file and nothing else is left behind', async () => {
  const path = join(folder, 'weights.bin');
  await writeFile(path, 'a longer previous content');
  await writeFileAtomic(path, 'ab', new Uint8Array([99, 100]));
  expect(await readFile(path, 'utf8')).toBe('abcd');
  expect(await readdir(folder)).toEqual(['weights.bin']);
});

test('a name may be as long as the file system allows', async () => {
  const name = `${'ü'.repeat(125)}.mask`;
  await writeFileAtomic(join(folder, name), 'x');
  expect(await readdir(folder)).toEqual([name]);
});

test('a failing write keeps the previous file and leaves no temporary file', async () => {
  const path = join(folder, 'weights.bin');
  await writeFile(path, 'previous');
  const unwritable = 42 as unknown as string;
  await expect(writeFileAtomic(path, 'new', unwritable)).rejects.toMatchObject({ code: 'output' });
  expect(await readFile(path, 'utf8')).toBe('previous');
  expect(await readdir(folder)).toEqual(['weights.bin']);
});

test('a folder that is a file is reported as an output error that names the path', async () => {
  await writeFile(join(folder, 'file'), '');
  const path = join(folder, 'file', 'weights.bin');
  await expect(writeFileAtomic(path, 'x')).rejects.toMatchObject({
    code: 'output',
    message: expect.stringContaining(path),
  });
});
