import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { timestampedFolder } from './timestamped-folder.js';

test('default folders carry the local time and never the name of an existing one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'otx-folders-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const now = new Date(2024, 0, 2, 3, 4, 5);
  const first = await timestampedFolder(folder, 'train', now);
  expect(first).toBe(join(folder, '20240102_030405_train'));
  await mkdir(first);
  expect(await timestampedFolder(folder, 'train', now)).toBe(`${first}_2`);
});
