import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRunFolder, makeWritableFolder, timestampedFolder } from './run-folder.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-run-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a new run gets empty folders', async () => {
  const run = await createRunFolder(join(folder, 'a', 'b'));
  expect(run.best).toBe(join(folder, 'a', 'b', 'models', 'weights.safetensors'));
  expect((await readdir(run.root)).sort()).toEqual(['models']);
  expect(await readdir(join(run.root, 'models'))).toEqual([]);
});

test.each(['weights.safetensors', 'last.safetensors'])('an earlier %s is not overwritten', async (name) => {
  await mkdir(join(folder, 'models'));
  await writeFile(join(folder, 'models', name), 'precious');
  await expect(createRunFolder(folder)).rejects.toMatchObject({
    code: 'output',
    message: expect.stringMatching(/holds an earlier run .*choose another folder/),
  });
  expect(await readFile(join(folder, 'models', name), 'utf8')).toBe('precious');
});

test('a file of somebody else is not overwritten, a run that ended before its first checkpoint is', async () => {
  const config = join(folder, 'config.yaml');
  await writeFile(config, 'precious');
  await expect(createRunFolder(folder)).rejects.toMatchObject({
    code: 'output',
    message: expect.stringMatching(/config\.yaml: is not from a training and would be overwritten/),
  });
  expect(await readFile(config, 'utf8')).toBe('precious');
  expect(await readdir(folder)).toEqual(['config.yaml']);
  await mkdir(join(folder, 'models'));
  await writeFile(join(folder, 'models', 'label_schema.json'), '{}');
  expect((await createRunFolder(folder)).config).toBe(config);
});

test('an output below a file, or on a file system that takes no files, is refused at once', async () => {
  await writeFile(join(folder, 'file'), '');
  for (const path of [join(folder, 'file', 'run'), join(folder, 'file'), '/proc/otx-run']) {
    await expect(makeWritableFolder(path)).rejects.toMatchObject({
      code: 'output',
      message: expect.stringContaining(path),
    });
  }
});

test('default folders carry the local time and never the name of an existing one', async () => {
  const now = new Date(2024, 0, 2, 3, 4, 5);
  const first = await timestampedFolder(folder, 'train', now);
  expect(first).toBe(join(folder, '20240102_030405_train'));
  await mkdir(first);
  expect(await timestampedFolder(folder, 'train', now)).toBe(`${first}_2`);
});
