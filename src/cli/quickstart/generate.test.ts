import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generate } from './generate.js';
import { readQuickstart } from './quickstart.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-generate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const printed: string[] = [];
const bar = { update: () => undefined, stop: () => undefined };
const terminal = { live: false, columns: 80, print: (text: string) => printed.push(text), bar: () => bar };

const typed = (...words: string[]) => generate({ words, terminal });

test('draws what is asked for', async () => {
  const root = join(folder, 'data');
  await typed(root, '--look', 'parts', '--train', '2', '--val=1', '--width', '40', '--height', '32');
  expect(await readdir(join(root, 'train', 'images'))).toEqual(['parts-0001.jpg', 'parts-0002.jpg']);
  expect(printed.at(-1)).toBe(`written ${root}`);
});

test.each([
  [[], /found 0 folders, expected one; usage: npm run generate -- FOLDER/],
  [['a', 'b'], /found 2 folders/],
  [['a', '--colour', 'red'], /Unknown option '--colour'.*usage: /],
  [['a', '--look', 'moon'], /choose one of streets, cells, parts/],
  [['a', '--train', 'many'], /Option train .* is NaN, expected a whole number from 1/],
])('refuses %j', async (words, message) => {
  const error = await typed(...words).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'usage', message: expect.stringMatching(message) });
});

test('the quickstart takes a folder and a look', () => {
  expect(readQuickstart([])).toMatchObject({ folder: 'quickstart', scenes: { look: undefined, train: 240 } });
  expect(readQuickstart(['mine', '--look', 'cells'])).toMatchObject({
    folder: 'mine',
    scenes: { look: 'cells' },
  });
  expect(() => readQuickstart(['a', 'b'])).toThrow(/usage: npm run quickstart -- \[FOLDER\]/);
});
