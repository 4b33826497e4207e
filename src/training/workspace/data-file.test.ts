import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDataFile } from './data-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-data-file-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(text: string) {
  const file = join(folder, 'data.yaml');
  await writeFile(file, text);
  return readDataFile(file);
}

test('the file of a workspace names the folders, with nulls for what is not set', async () => {
  const none = '{ann-files: null, data-roots: null}';
  expect(
    await read(
      `data:\n  train: {ann-files: null, data-roots: a/train}\n  val: {data-roots: a/val}\n  test: ${none}\n` +
        '  unlabeled: {file-list: list.txt, data-roots: photos}\n',
    ),
  ).toEqual({
    train: 'a/train',
    val: 'a/val',
    test: undefined,
    unlabeled: 'photos',
    unlabeledFileList: 'list.txt',
  });
  expect(await read('data: {train: null}')).toEqual({});
});

test.each([
  ['', /expected the form of OTX's data\.yaml/],
  ['data: [1]', /expected the form/],
  ['data: {train: {data-roots: 3}}', /data\.train\.data-roots: /],
  ['a: [', /cannot be read as YAML/],
  ['data: {val: {ann-files: x.json, data-roots: y}}', /data\.val\.ann-files names annotations of COCO/],
])('%j is refused', async (text, message) => {
  await expect(read(text)).rejects.toThrow(expect.objectContaining({ code: 'usage' }));
  await expect(read(text)).rejects.toThrow(message);
});

test('a missing file is named', async () => {
  await expect(readDataFile(join(folder, 'none.yaml'))).rejects.toThrow(
    /none\.yaml: does not exist; expected the data\.yaml of OTX behind --data/,
  );
});
