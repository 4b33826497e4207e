import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noise, rgbPng } from '../../src/data/datasets/fixtures.cases.js';
import { openDataset, verifyDataset } from '../../src/data/index.js';
import {
  type BrokenDataset,
  type Fixture,
  FOLDERS,
  HEIGHT,
  IMAGES,
  MASKS,
  METAS,
  mask,
  WIDTH,
} from './broken-datasets.cases.js';
import { READINGS } from './readings.cases.js';

const NAMES = ['a', 'b', 'c', 'd'];

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'otx-broken-')));
  const sound = fixture(join(folder, 'sound'));
  for (const [seed, name] of NAMES.entries()) {
    await sound.write(`images/${name}.png`, await rgbPng(noise(WIDTH, HEIGHT, seed), WIDTH, HEIGHT));
    await sound.write(`masks/${name}.png`, mask());
  }
  await sound.meta({ label_map: { 0: 'background', 1: 'car', 2: 'tree' } });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function fixture(root: string): Fixture {
  const write: Fixture['write'] = async (name, content) => {
    const path = join(root, name);
    await mkdir(dirname(path), { recursive: true });
    const isRaw = typeof content === 'string' || content instanceof Uint8Array;
    await writeFile(path, isRaw ? content : JSON.stringify(content));
  };
  const remove: Fixture['remove'] = (name) => rm(join(root, name), { recursive: true, force: true });
  return {
    root,
    write,
    remove,
    writeAll: async (kind, content, extension = 'png') => {
      await remove(kind);
      for (const name of NAMES) await write(`${kind}/${name}.${extension}`, content);
    },
    meta: (content) => write('dataset_meta.json', content),
  };
}

describe.each<[string, readonly BrokenDataset[]]>([
  ['folders', FOLDERS],
  ['meta files', METAS],
  ['masks', MASKS],
  ['images', IMAGES],
  ['readings', READINGS],
])('%s', (_, cases) => {
  test.each(cases)('$name', async ({ fault, error, pixels, note, assume = {} }) => {
    const root = await mkdtemp(join(folder, 'case-'));
    await cp(join(folder, 'sound'), root, { recursive: true });
    await fault(fixture(root));
    const check = async (assume?: string) =>
      (await verifyDataset(await openDataset(root, { assume }), { workers: 0, isForTraining: true })).report;
    for (const [reading, expected] of Object.entries(assume)) {
      const read = await check(reading);
      expect([reading, read.classes.map((found) => found.pixels)]).toEqual([reading, expected]);
    }
    if (error) {
      const problem: Error = await check().then(
        (report) => Promise.reject(new Error(`was read: ${JSON.stringify(report)}`)),
        (reason: Error) => reason,
      );
      expect(problem).toMatchObject({ name: 'OtxError', code: 'dataset' });
      expect(problem.message).toMatch(error);
      expect(problem.message).toContain(root);
    } else {
      const report = await check();
      expect(report.classes.map((found) => found.pixels)).toEqual(pixels);
      if (note) expect(report.notices.join()).toMatch(note);
    }
    await rm(root, { recursive: true, force: true });
  });
});
