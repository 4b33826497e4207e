import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDataset } from '../../src/data/index.js';
import { generateScenes } from '../../src/demo/generate.js';
import { otxHere } from './here.js';
import { otx } from './otx.js';

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-suggest-'));
  await generateScenes(at('data'), { train: 12, val: 4, width: 80, height: 64 });
  const words = [
    'train',
    at('data', 'val'),
    '--val-data-roots',
    at('data', 'val'),
    '--pretrained',
    'none',
    '--threads',
    '1',
    '-o',
    at('run'),
    'params',
  ];
  const params = [
    '--learning_parameters.num_workers=0',
    '--learning_parameters.input_size',
    '64x64',
    '--learning_parameters.num_iters',
    '1',
  ];
  expect((await otxHere([...words, ...params])).stderr).toBe('');
  // Pictures in subfolders, one of them twice, and a file that is none.
  const images = (await readdir(at('data', 'train', 'images'))).sort();
  await mkdir(at('photos', 'more'), { recursive: true });
  for (const [index, image] of images.entries()) {
    await copyFile(at('data', 'train', 'images', image), at('photos', index % 2 ? 'more' : '.', image));
  }
  await copyFile(at('data', 'train', 'images', images[0]!), at('photos', 'more', `again-${images[0]}`));
  await writeFile(at('photos', 'broken.png'), 'no picture');
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const suggest = (...words: string[]) =>
  otxHere(['suggest', '--load-weights', at('run'), '--threads', '1', ...words]);

test('pictures are chosen, with masks that are a data set, and no input is touched', async () => {
  const before = await readdir(at('photos'), { recursive: true });
  const { stdout, stderr, code } = await suggest('--input', at('photos'), '-n', '4', '-o', at('advice'));
  // What cannot be decoded is said at the end, after the others are done.
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/broken\.png/);
  expect(stdout).toMatch(/4 of 14 pictures to label next; 1 near duplicates? of others/);
  const list = JSON.parse(await readFile(at('advice', 'suggestions.json'), 'utf8')) as {
    pictures: { input: string; distance: number; mask: string }[];
    duplicates: number;
  };
  expect(list.duplicates).toBe(1);
  expect(new Set(list.pictures.map(({ input }) => input)).size).toBe(4);
  expect(stdout).toMatch(/4 labeled pictures in \S+val: pictures unlike these are chosen/);
  const distances = list.pictures.map(({ distance }) => distance);
  expect(distances.every(Number.isFinite)).toBe(true);
  expect(distances.every((distance) => distance > 0)).toBe(true);
  const rows = (await readFile(at('advice', 'suggestions.csv'), 'utf8')).trim().split('\n');
  expect(rows.length).toBe(5);
  const { samples, classes } = await openDataset(at('advice', 'proposals'));
  const { classes: known } = await openDataset(at('data', 'train'));
  expect(samples.length).toBe(4);
  expect(classes.map(({ name }) => name)).toEqual(known.map(({ name }) => name));
  expect(await readdir(at('photos'), { recursive: true })).toEqual(before);
  const again = await suggest('--input', at('photos'), '-n', '2', '-o', at('advice'));
  expect(again.stderr).toMatch(/has proposals already .* may have been corrected/);
}, 120_000);

test('before there is a model, pictures that stand for many are copied, without masks', async () => {
  const words = ['suggest', '--cold-start', '--threads', '1', '--input', at('photos'), '-n', '4'];
  const { stdout, stderr } = await otxHere([...words, '-o', at('first')]);
  expect(stderr).toMatch(/broken\.png/);
  expect(stdout).toMatch(/nothing is labeled yet/);
  expect(stdout).toMatch(/4 of 14 pictures to label next; 1 near duplicate/);
  const { pictures } = JSON.parse(await readFile(at('first', 'suggestions.json'), 'utf8')) as {
    pictures: { input: string; image: string }[];
  };
  const made = await readdir(at('first', 'proposals'));
  expect(made.filter((name) => !name.startsWith('.'))).toEqual(['images']);
  for (const { input, image } of pictures) expect(await readFile(image)).toEqual(await readFile(input));
  await otxHere([...words, '-o', at('first-again')]);
  expect(await readFile(at('first-again', 'suggestions.csv'), 'utf8')).toBe(
    await readFile(at('first', 'suggestions.csv'), 'utf8'),
  );
  const both = await otxHere([...words, '--load-weights', at('run'), '-o', at('both')]);
  expect(both.stderr).toMatch(/--cold-start is for the time before there are weights/);
  const byDoubt = await otxHere([...words, '--by', 'uncertainty', '-o', at('doubt')]);
  expect(byDoubt.stderr).toMatch(/the first pictures to label are chosen by coverage alone/);
}, 120_000);

test('masks are those of otx predict, and every way to choose is its own', async () => {
  await rm(at('photos', 'broken.png'), { force: true });
  const lists: string[][] = [];
  for (const way of ['uncertainty', 'coverage']) {
    const { stderr } = await suggest('--input', at('photos'), '-n', '5', '--by', way, '-o', at(way));
    expect(stderr).toBe('');
    const { pictures } = JSON.parse(await readFile(at(way, 'suggestions.json'), 'utf8')) as {
      pictures: { input: string }[];
    };
    lists.push(pictures.map(({ input }) => input));
  }
  expect(lists[0]).not.toEqual(lists[1]);
  const words = [
    'predict',
    '--load-weights',
    at('run'),
    '--threads',
    '1',
    '--input',
    at('coverage', 'proposals', 'images'),
  ];
  expect((await otxHere([...words, '-o', at('predicted')])).stderr).toBe('');
  for (const mask of await readdir(at('coverage', 'proposals', 'masks'))) {
    expect(await readFile(at('coverage', 'proposals', 'masks', mask))).toEqual(
      await readFile(at('predicted', 'masks', mask)),
    );
  }
}, 120_000);

test('exported files advise as the run does, by its features or by colours', async () => {
  const labeled = ['--train-data-roots', at('data', 'val')];
  const chosenBy = async (name: string, weights: string, ...more: string[]) => {
    const words = [
      'suggest',
      '--load-weights',
      weights,
      '--threads',
      '1',
      '--input',
      at('photos'),
      '-n',
      '5',
    ];
    const { stdout, stderr } = await otxHere([...words, ...more, '-o', at(name)]);
    const list = JSON.parse(await readFile(at(name, 'suggestions.json'), 'utf8').catch(() => '{}')) as {
      pictures?: { input: string; entropy: number }[];
    };
    return { pictures: list.pictures ?? [], stdout, stderr };
  };
  await rm(at('photos', 'broken.png'), { force: true });
  const exported = async (name: string, ...words: string[]) => {
    const all = ['export', '--load-weights', at('run'), '--export-type', 'onnx', '--no-verify', ...words];
    expect((await otxHere([...all, '-o', at(name)])).stderr).toBe('');
    return at(name, 'model.onnx');
  };
  const own = await chosenBy('by-run', at('run'));
  const full = await chosenBy('by-features', await exported('with-features', '--dump-features'), ...labeled);
  expect(full.stderr).toBe('');
  expect(full.stdout).not.toMatch(/gives no features/);
  expect(full.pictures.map(({ input }) => input)).toEqual(own.pictures.map(({ input }) => input));
  const [first] = full.pictures;
  expect(first!.entropy).toBeCloseTo(own.pictures[0]!.entropy, 4);
  const bare = await chosenBy('by-colours', await exported('without-features'));
  expect(bare.stdout).toMatch(/gives no features: pictures are compared by the colours/);
  expect(bare.stdout).toMatch(/has learned from is not known/);
  expect(bare.pictures.length).toBe(5);
  await writeFile(at('hostile.onnx'), Buffer.from([8, 8, 0x3a, 4, 1, 2, 3, 4]));
  const hostile = await chosenBy('by-hostile', at('hostile.onnx'));
  expect(hostile.stderr).toMatch(/hostile\.onnx: not a usable model/);
  expect(hostile.pictures).toEqual([]);
}, 240_000);

test('what is labeled is no candidate, and labels that are gone are told', async () => {
  const words = ['suggest', '--load-weights', at('run'), '--threads', '1', '--input', at('data'), '-n', '20'];
  const { stdout } = await otxHere([...words, '-o', at('of-all')]);
  const { pictures } = JSON.parse(await readFile(at('of-all', 'suggestions.json'), 'utf8')) as {
    pictures: { input: string }[];
  };
  expect(pictures.filter(({ input }) => input.includes(join('val', 'images')))).toEqual([]);
  expect(stdout).not.toMatch(/not known/);
  const gone = await otxHere([...words, '--train-data-roots', at('nowhere'), '-o', at('of-gone')]);
  expect(gone.stderr).toMatch(/nowhere/);
  expect(gone.code).not.toBe(0);
}, 120_000);

test.each<[string[], RegExp]>([
  [['-n', '0'], /expected a whole number from 1/],
  [['--by', 'chance'], /argument 'chance' is invalid/],
  [['-o', 'photos/advice'], /lies in|is in|holds/],
])(
  '%j is refused',
  async (words, message) => {
    const all = ['--input', 'photos', ...words];
    const { code, stderr } = await otx(['suggest', '--load-weights', 'run', ...all], { cwd: folder });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
  },
  60_000,
);
