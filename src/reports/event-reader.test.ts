import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EVENTS_FILE } from './event-log.js';
import { EventReader } from './event-reader.js';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-event-reader-'));
  file = join(folder, EVENTS_FILE);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const line = (message: string) => `${JSON.stringify({ time: '', type: 'notice', message })}\n`;
const read = async (reader: EventReader) => {
  const found: string[] = [];
  for await (const event of reader.read()) if (event.type === 'notice') found.push(event.message);
  return found;
};

test('each event comes once, as the file grows, cut anywhere', async () => {
  const reader = new EventReader(folder);
  expect(await read(reader)).toEqual([]);
  const bytes = Buffer.from(line('eins') + line('Größe ✎ 3'));
  // Within a character of three bytes.
  const middle = bytes.indexOf('✎') + 1;
  await writeFile(file, bytes.subarray(0, middle));
  expect(await read(reader)).toEqual(['eins']);
  const { position } = reader;
  expect(await read(reader)).toEqual([]);
  expect(reader.position).toBe(position);
  await appendFile(file, bytes.subarray(middle));
  expect(await read(reader)).toEqual(['Größe ✎ 3']);
  await appendFile(file, `null\n{"half\n${line('after damage')}`);
  expect(await read(reader)).toEqual(['after damage']);
});

test('lines longer than what is read at a time, and a look that is left early', async () => {
  const long = 'x'.repeat(2.5 * 2 ** 20);
  await writeFile(file, line('a') + line(long) + line('b') + line('c'));
  const reader = new EventReader(folder);
  for await (const event of reader.read()) {
    expect(event).toMatchObject({ message: 'a' });
    break;
  }
  const found = await read(reader);
  expect(found.map(({ length }) => length)).toEqual([long.length, 1, 1]);
});

test('a run that goes on from an earlier step begins once more, even where its file is longer by then', async () => {
  let restarts = 0;
  const reader = new EventReader(folder, () => {
    restarts += 1;
  });
  await writeFile(file, line('1') + line('2'));
  expect(await read(reader)).toEqual(['1', '2']);
  await writeFile(`${file}.new`, line('1') + line('other') + line('3') + line('4'));
  await rename(`${file}.new`, file);
  expect(await read(reader)).toEqual(['1', 'other', '3', '4']);
  await writeFile(file, line('1'));
  expect(await read(reader)).toEqual(['1']);
  expect(restarts).toBe(2);
});
