import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  errorOf,
  indexMask,
  noise,
  rgbPng,
  soundDataset,
  temporaryFolder,
  writeFiles,
} from '../../data/datasets/fixtures.cases.js';
import type { CompleteConfig } from '../options/train-options.js';
import { openLabeledPair, PROPOSED_META_FILE, SPLIT_FILES } from './labeled-data.js';

async function open(train: string, more: Partial<CompleteConfig> = {}, isResumed = false) {
  const output = more.output ?? join(await temporaryFolder(), 'run');
  const config = { train_data_roots: train, output, seed: 1, ...more } as CompleteConfig;
  const pair = await openLabeledPair(config, {}, isResumed, undefined);
  const idsOf = ({ samples }: { samples: readonly { id: string }[] }) => samples.map(({ id }) => id);
  return { ...pair, output, train: idsOf(pair.trainSet), val: idsOf(pair.validationSet) };
}

/** Two images to learn from and one to validate on, by the names of their folders. */
async function withSubsets(): Promise<string> {
  const root = await temporaryFolder();
  for (const [seed, name] of [
    'train/images/a',
    'train/images/b',
    'valid/images/c',
    'test/images/d',
  ].entries()) {
    await writeFiles(root, {
      [`${name}.png`]: await rgbPng(noise(8, 8, seed), 8, 8),
      [`${name.replace('images', 'masks')}.png`]: indexMask(new Array(64).fill(seed % 3), 8, 8),
    });
  }
  for (const part of ['train', 'valid', 'test']) {
    await writeFiles(root, { [`${part}/dataset_meta.json`]: { labels: ['background', 'car', 'tree'] } });
  }
  return root;
}

describe('without validation data of its own', () => {
  it('takes the subset of that name', async () => {
    const { train, val, notices, files } = await open(await withSubsets());
    expect([train, val]).toEqual([['a', 'b'], ['c']]);
    expect(notices).toEqual([expect.stringMatching(/^validation data: the subset valid of /)]);
    expect(files).toEqual({});
  });

  it('divides where there is none, and goes on with the lists of the run', async () => {
    const root = await soundDataset(10, 16, 16);
    const { train, val, files, notices, output } = await open(root);
    expect(val).toHaveLength(2);
    expect([...train, ...val].sort()).toEqual([...'abcdefghij']);
    expect(files).toEqual({
      [SPLIT_FILES.train]: train.map((id) => `${id}\n`).join(''),
      [SPLIT_FILES.validation]: val.map((id) => `${id}\n`).join(''),
    });
    expect(notices[0]).toMatch(/validation data: 2 of the 10 images of .*, chosen with seed 1/);
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(output, name)), { recursive: true });
      await writeFile(join(output, name), text);
    }
    const resumed = await open(root, { output, seed: 99 }, true);
    expect([resumed.train, resumed.val, resumed.files]).toEqual([train, val, {}]);
    expect((await open(root, { val_share: 0.5 })).val).toHaveLength(5);
    const folds = await Promise.all([1, 2, 3].map((fold) => open(root, { folds: 3, fold })));
    expect(folds.flatMap((each) => each.val).sort()).toEqual([...'abcdefghij']);
    expect(folds[1]!.notices[0]).toMatch(/part 2 of 3/);
  });

  it('divides what is to be learned from when asked to, whatever other subsets there are', async () => {
    const { train, val } = await open(await withSubsets(), { val_share: 0.5 });
    expect([...train, ...val].sort()).toEqual(['a', 'b']);
  });

  it('takes lists, one of which may be missing, but not the same image twice', async () => {
    const root = await soundDataset(4, 16, 16);
    const folder = await temporaryFolder();
    await writeFiles(folder, { 'few.txt': 'a\nb\n', 'other.txt': 'c.png\n', 'all.txt': 'a\nb\nc\nd\n' });
    const list = (name: string) => join(folder, name);
    expect(await open(root, { train_list: list('few.txt') })).toMatchObject({
      train: ['a', 'b'],
      val: ['c', 'd'],
    });
    expect(await open(root, { val_list: list('few.txt') })).toMatchObject({
      train: ['c', 'd'],
      val: ['a', 'b'],
    });
    const both = { train_list: list('few.txt'), val_list: list('other.txt') };
    expect(await open(root, both)).toMatchObject({ train: ['a', 'b'], val: ['c'] });
    const same = { train_list: list('few.txt'), val_list: list('few.txt') };
    expect((await errorOf(open(root, same))).message).toMatch(
      /both list a, b; scores on images that were learned/,
    );
    expect((await errorOf(open(root, { val_list: list('all.txt') }))).message).toMatch(/lists all 4 images/);
  });
});

describe('with validation data', () => {
  it('may be the same folder, where that has a subset for each', async () => {
    const root = await withSubsets();
    const { train, val, notices } = await open(root, { val_data_roots: root });
    expect([train, val, notices]).toEqual([['a', 'b'], ['c'], []]);
    expect((await open(root, { val_data_roots: join(root, 'test') })).val).toEqual(['d']);
  });
});

it('proposes a meta file where masks have none, and says where they have', async () => {
  const root = await temporaryFolder();
  for (const name of ['a', 'b']) {
    await writeFiles(root, {
      [`images/${name}.png`]: await rgbPng(noise(8, 8, name.charCodeAt(0)), 8, 8),
      [`masks/${name}.png`]: indexMask([...new Array(60).fill(0), 1, 1, 2, 2], 8, 8),
    });
  }
  const { files } = await open(root, { val_share: 0.5, write_meta: true });
  expect(JSON.parse(files[PROPOSED_META_FILE]!)).toEqual({
    label_map: { '0': 'background', '1': 'class 1', '2': 'class 2' },
  });
  const declared = await open(await soundDataset(4, 16, 16), { write_meta: true });
  expect(declared.notices.at(-1)).toMatch(/no meta file to propose/);
});

it('what the masks of the validation data leave open is read as the training data was', async () => {
  const set = async (...values: number[]) => {
    const root = await soundDataset(1, 4, 1);
    await writeFiles(root, {
      'dataset_meta.json': { labels: ['void', 'car', 'tree'] },
      'masks/a.png': indexMask(values, 4, 1),
    });
    return root;
  };
  // Value 3 is there only where the labels begin with 1: the other readings fit values up to 2 as well.
  const train = await set(0, 1, 2, 3);
  const { validationSet } = await open(train, { val_data_roots: await set(0, 1, 2, 2) });
  expect(validationSet.classes.map(({ name }) => name)).toEqual(['background', 'void', 'car', 'tree']);
  await expect(open(await set(0, 1, 2, 2), { val_data_roots: train })).rejects.toThrow(
    /can be read in 3 ways/,
  );
});
