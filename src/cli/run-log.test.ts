import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRunLog } from './run-log.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-log-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const logOf = () => readFile(join(folder, 'log.txt'), 'utf8');
const clock = () => new Date(2024, 4, 31, 14, 3, 59);

test('every line has its time, those before the folder was there too, and nothing steers a terminal', async () => {
  const log = createRunLog('otx train T', clock);
  log.add('first\nsecond\n');
  log.writeTo(folder);
  log.add('mean Dice \x1b[31m0.5\r');
  await log.close();
  expect((await logOf()).split('\n')).toEqual([
    '2024-05-31 14:03:59  otx train T',
    '2024-05-31 14:03:59  first',
    '2024-05-31 14:03:59  second',
    '2024-05-31 14:03:59',
    '2024-05-31 14:03:59  mean Dice \\u001b[31m0.5\\u000d',
    '',
  ]);
});

test('a training that is resumed goes on with the log, another operation leaves it alone', async () => {
  for (const command of ['otx train T', 'otx train --resume-from run', 'otx predict']) {
    const log = createRunLog(command, clock);
    log.writeTo(folder);
    log.add(`done: ${command}`);
    await log.close();
  }
  expect((await logOf()).replaceAll('2024-05-31 14:03:59  ', '').trimEnd().split('\n')).toEqual([
    'otx train T',
    'done: otx train T',
    'otx train --resume-from run',
    'done: otx train --resume-from run',
  ]);
});

test.each(['a file of the user', 'a link'])('%s of that name stays as it is', async (kind) => {
  const notes = join(folder, 'notes');
  await writeFile(notes, 'mine');
  if (kind === 'a link') await symlink(notes, join(folder, 'log.txt'));
  else await writeFile(join(folder, 'log.txt'), 'mine');
  const log = createRunLog('otx train T', clock);
  log.add('line');
  log.writeTo(folder);
  await log.close();
  expect(await logOf()).toBe('mine');
  expect((await readdir(folder)).sort()).toEqual(['log.txt', 'notes']);
});

test('a log that cannot be written is done without', async () => {
  const log = createRunLog('otx train T', clock);
  log.writeTo('/proc/otx-log');
  log.add('line');
  await log.close();
});
