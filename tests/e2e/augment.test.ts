import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MANIFEST_FILE } from '../../src/base/outputs/manifest.js';
import { generateScenes } from '../../src/demo/generate.js';
import { otxHere } from './here.js';

let folder: string;
let data: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-augment-'));
  await generateScenes(join(folder, 'data'), { train: 3, val: 1, width: 64, height: 64 });
  data = join(folder, 'data', 'train');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const augment = (...args: string[]) =>
  otxHere(['augment', 'Lite-HRNet-s-mod2', '--train-data-roots', data, ...args]);
/** Every file with its bytes. */
async function contents(root: string): Promise<[path: string, bytes: Buffer][]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    paths.sort().map(async (path): Promise<[string, Buffer]> => [path, await readFile(path)]),
  );
}

const SMALL = ['params', '--learning_parameters.input_size', '64x64'];

it('draws a sheet that depends on seed and augmentation, and leaves the data set alone', async () => {
  const before = await contents(data);
  const sheets: Buffer[] = [];
  for (const flags of [[], [], ['--seed', '7'], ['--augmentation', 'plain']]) {
    const output = join(folder, `made/sheet${sheets.length}.png`);
    const { code, stdout, stderr } = await augment('-o', output, ...flags, ...SMALL);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain(`written ${output}`);
    expect((await sharp(output).metadata()).width).toBe(4 * 64 + 5 * 8);
    sheets.push(await readFile(output));
  }
  expect(sheets[1]).toEqual(sheets[0]);
  expect(sheets[2]).not.toEqual(sheets[0]);
  expect(sheets[3]).not.toEqual(sheets[0]);
  expect(await contents(data)).toEqual(before);
});

it('writes into a folder where no file is named', async () => {
  const output = join(folder, 'some-folder');
  const { code, stdout } = await augment('-o', output, ...SMALL);
  expect(code).toBe(0);
  expect(stdout).toContain(`written ${join(output, 'augmentation.png')}`);
  expect(await readdir(output)).toEqual([MANIFEST_FILE, 'augmentation.png', 'log.txt']);
});

it('refuses to write into the data set', async () => {
  const { code, stderr } = await augment('-o', join(data, 'new', 'sheet.png'), ...SMALL);
  expect(code).toBe(1);
  expect(stderr).toContain('lies inside the data set');
  expect(await readdir(data)).not.toContain('new');
});

it('names the augmentations there are, and settings that do not matter', async () => {
  const output = join(folder, 'sheet.png');
  const unknown = await augment('-o', output, '--augmentation', 'wild');
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toMatch(/documented, .*plain/);
  const useless = await augment('-o', output, 'params', '--learning_parameters.batch_size', '2');
  expect(useless.code).toBe(2);
  expect(useless.stderr).toContain('no effect on otx augment');
});
