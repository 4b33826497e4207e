import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorOf, png, temporaryFolder, writeFiles } from '../data/datasets/fixtures.cases.js';
import { type Generated, generate, NAMES, writeCommon } from '../data/formats/cases/generated.cases.js';
import { openDataset, readLabels, WRITERS } from '../data/index.js';
import { acquirePool, DEFAULT_WORKERS } from '../data/loaders/pool.js';
import { convertDataset } from './convert-dataset.js';

const FORMATS = WRITERS.map(({ name }) => name);

let common: string;
let generated: Generated;
/** Held, so that the threads are there for all cases. */
const pool = acquirePool(DEFAULT_WORKERS);
afterAll(() => pool.release());
beforeAll(async () => {
  generated = await generate(true);
});

/** Classes, ids and labels of every sample, and the bytes of every image. */
async function contentOf(root: string) {
  const parts = [];
  for (const role of ['train', 'val'] as const) {
    const { classes, samples, decodeMask } = await openDataset(root, { role });
    const read = samples.map(async (sample) => ({
      id: sample.id,
      image: await readFile(sample.imagePath),
      labels: await readLabels(sample, decodeMask),
    }));
    parts.push({ classes: classes.map(({ name }) => name), samples: await Promise.all(read) });
  }
  return parts;
}

const pairs = FORMATS.flatMap((from) => FORMATS.map((to): [string, string] => [from, to]));

describe('what was converted is read as what it was converted from', () => {
  it.each(pairs)('%s to %s', async (from, to) => {
    common = await writeCommon(generated);
    const [first, second] = [await temporaryFolder(), await temporaryFolder()];
    const a = await convertDataset({ data: common, output: join(first, 'a'), to: from });
    const b = await convertDataset({ data: join(first, 'a'), output: join(second, 'b'), to });
    expect(b).toEqual({ ...a, classes: b.classes });
    expect(a.subsets).toEqual([
      { name: 'train', images: 3 },
      { name: 'val', images: 2 },
    ]);
    const expected = await contentOf(common);
    expect(expected[0]!.classes).toEqual(NAMES);
    expect(await contentOf(join(second, 'b'))).toEqual(expected);
  });
});

it('keeps images in folders, names that need care, and names that several subsets have', async () => {
  const root = await temporaryFolder();
  const image = (seed: number) => png({ width: 2, height: 1, samples: [seed, seed + 1], colorType: 0 });
  const mask = png({ width: 2, height: 1, samples: [0, 1], colorType: 0 });
  for (const [i, part] of ['train', 'val'].entries()) {
    await writeFiles(root, {
      [`${part}/images/mon day/a&b "ä".png`]: image(10 * i + 2),
      [`${part}/masks/mon day/a&b "ä".png`]: mask,
      [`${part}/images/c.png`]: image(10 * i + 5),
      [`${part}/masks/c.png`]: mask,
      [`${part}/dataset_meta.json`]: { labels: ['background', '<car> & "tree"'] },
    });
  }
  const before = await contentOf(root);
  for (const to of FORMATS) {
    const output = join(await temporaryFolder(), 'out');
    await convertDataset({ data: root, output, to });
    const after = await contentOf(output);
    for (const [i, { samples, classes }] of after.entries()) {
      expect(classes, to).toEqual(before[i]!.classes);
      expect(
        samples.map(({ image }) => image),
        to,
      ).toEqual(before[i]!.samples.map(({ image }) => image));
      expect(
        samples.map(({ labels }) => labels),
        to,
      ).toEqual(before[i]!.samples.map(({ labels }) => labels));
    }
  }
});

it('refuses a layout that is not written, a folder in the data, and one with a data set', async () => {
  const data = await writeCommon(generated);
  const convert = (output: string, to = 'coco') => errorOf(convertDataset({ data, output, to }));
  expect(await convert(join(data, 'out'), 'yolo')).toMatchObject({ code: 'usage' });
  expect(await convert(join(data, 'out'))).toMatchObject({ code: 'output' });
  expect((await convert(join(data, 'train'))).message).toMatch(/lies inside/);
  expect(await readdir(data)).toEqual(['train', 'val']);
});

it('writes nothing where the data is wrong', async () => {
  const data = await writeCommon(generated);
  await writeFiles(data, { 'train/images/lone.png': 'x' });
  const output = join(await temporaryFolder(), 'out');
  const error = await errorOf(convertDataset({ data, output, to: 'voc' }));
  expect(error.message).toMatch(/lone\.png has no mask/);
  await expect(readdir(output)).rejects.toThrow();
});
