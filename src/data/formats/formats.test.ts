import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder, writeFiles } from '../datasets/fixtures.cases.js';
import { openDataset } from '../datasets/open-dataset.js';
import { verifyDataset } from '../datasets/verify.js';
import { acquirePool, type DataPool } from '../loaders/pool.js';
import { type Generated, generate, NAMES, type Part } from './cases/generated.cases.js';
import { CASES, type WrittenCase } from './cases/written.cases.js';
import { FORMATS } from './formats.js';
import { locate } from './locate.js';
import { readLabels } from './read-labels.js';

const PARTS: readonly Part[] = ['train', 'val'];

let generated: Generated;
let withoutIgnored: Generated;
/** Held, so that the threads are there for all cases. */
let pool: DataPool;
beforeAll(async () => {
  pool = acquirePool(1);
  generated = await generate(true);
  withoutIgnored = await generate(false);
});

afterAll(() => pool.release());

async function written(each: WrittenCase): Promise<{ root: string; truth: Generated }> {
  const root = await temporaryFolder();
  const truth = each.hasIgnored ? generated : withoutIgnored;
  await each.write(truth, root);
  return { root, truth };
}

/** Where a part is, and what it is opened for. */
const placeOf = ({ subsets }: WrittenCase, root: string, part: Part) =>
  subsets.length > 0 ? root : join(root, part);

describe.each(CASES)('$title', (each) => {
  it('is found by its content, with its subsets, also in a folder in a folder', async () => {
    const { root } = await written(each);
    const outer = await temporaryFolder();
    await each.write(each.hasIgnored ? generated : withoutIgnored, join(outer, 'unpacked'));
    for (const place of [root, outer]) {
      const { folder, format } = await locate(
        placeOf(each, place === root ? root : join(outer, 'unpacked'), 'train'),
      );
      expect(format.name).toBe(each.format);
      expect(await format.subsets(folder)).toEqual(each.subsets.length > 0 ? [...each.subsets].sort() : ['']);
    }
    if (each.subsets.length > 0) expect((await locate(outer)).format.name).toBe(each.format);
  });

  it('gives the classes and the labels of each part', async () => {
    const { root, truth } = await written(each);
    const { only } = each;
    for (const [at, part] of PARTS.entries()) {
      const dataset = await openDataset(placeOf(each, root, part), { role: each.roles?.[at] ?? part });
      if (!only) expect(dataset.classes.map(({ name }) => name)).toEqual(each.classes ?? NAMES);
      expect(dataset.samples.map(({ id }) => id.split('/').at(-1))).toEqual(truth[part].map(({ id }) => id));
      for (const [i, sample] of dataset.samples.entries()) {
        const { width, height, ...picture } = truth[part][i]!;
        const labels = only ? picture.labels.map((label) => only[label] ?? label) : picture.labels;
        const read = await readLabels(sample, dataset.decodeMask);
        expect(read).toEqual({ data: labels, width, height });
      }
      // By way of the data threads, too, to which annotations go as plain data.
      const { report } = await verifyDataset(dataset, { workers: 1, isForTraining: true });
      const all = truth[part].flatMap(({ labels }) => [...labels]);
      if (only) continue;
      const count = (value: number) => all.filter((label) => label === value).length;
      expect(report.classes.map(({ pixels }) => pixels)).toEqual([count(0), count(1), count(2)]);
    }
  });

  it('is read under its name, and not under that of another format', async () => {
    const { root } = await written(each);
    const place = placeOf(each, root, 'train');
    expect((await locate(place, each.format)).format.name).toBe(each.format);
    const other = FORMATS.find(({ name }) => name === (each.format === 'voc' ? 'css' : 'voc'))!;
    await expect(locate(place, other.name)).rejects.toThrow(/is not a data set of the format/);
  });
});

it('every format has a case', () => {
  const covered = new Set(CASES.map(({ format }) => format));
  expect(FORMATS.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual([]);
});

it('says what it looked for where nothing fits, and which formats there are', async () => {
  const root = await temporaryFolder();
  await writeFiles(root, { 'a/readme.md': 'x', 'b/notes.md': 'y' });
  await expect(locate(root)).rejects.toThrow(/is not a data set: .*\(found a, b\); looked for\n {2}css: /);
  await expect(locate(root, 'pascal')).rejects.toMatchObject({ code: 'usage' });
});
