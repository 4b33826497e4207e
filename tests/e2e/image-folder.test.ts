import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';
import { otxHere } from './here.js';

const IMAGES = 6;

let folder: string;
/** Images directly and in a sub-folder, with equal names. */
let images: string;
let scenes: string;
let whole: string;
let before: string;
let treeHash: (root: string) => Promise<string>;
beforeAll(async () => {
  ({ treeHash } = await import(fileURLToPath(new URL('../../scripts/tree-hash.mjs', import.meta.url))));
  folder = await mkdtemp(join(tmpdir(), 'otx-self-'));
  images = join(folder, 'photos', 'images');
  scenes = join(folder, 'scenes');
  whole = join(folder, 'runs', 'whole');
  await generateScenes(scenes, { train: IMAGES, val: 2, width: 96, height: 80 });
  const source = join(scenes, 'train', 'images');
  await mkdir(join(images, 'more'), { recursive: true });
  for (const [i, name] of (await readdir(source)).sort().entries()) {
    await copyFile(
      join(source, name),
      i % 2 === 0 ? join(images, `${i}.png`) : join(images, 'more', `${i - 1}.png`),
    );
  }
  await writeFile(join(images, 'notes.txt'), 'taken in May\n');
  before = await treeHash(images);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** One epoch of three steps. */
const trainArguments = (output: string): string[] => [
  ...['train', 'Lite-HRNet-s-mod2', '--train-data-roots', images, '-o', output],
  ...['params', '--learning_parameters.batch_size', '2', '--learning_parameters.num_iters', '1'],
  ...['--learning_parameters.num_workers=0', '--learning_parameters.input_size', '64x64'],
];

describe('otx train on a folder of images', () => {
  test('finds those in sub-folders too, keeps their masks apart, shows them, and changes nothing in it', async () => {
    const { code, stdout, stderr } = await otxHere(trainArguments(whole));
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Selfsupervised/);
    expect(stdout).toMatch(/detcon_mask: 6 made, 0 used again/);
    expect(stdout).toMatch(/epoch 1\/1 .*positive_similarity .*negative_similarity/);
    expect(stdout).toContain('Performance(score: -1, dashboard: (0 metric groups))');

    const masks = join(folder, 'runs', 'detcon_mask');
    expect(
      (await readdir(masks, { recursive: true })).filter((name) => name.endsWith('.png')).sort(),
    ).toEqual([
      ...['0.png', '2.png', '4.png'],
      ...['0.png', '2.png', '4.png'].map((name) => join('more', name)),
    ]);
    const files = await readdir(whole, { recursive: true });
    for (const name of [
      'results.png',
      'results.csv',
      'config.yaml',
      'pseudo_masks.jpg',
      'views_0.jpg',
      'views_2.jpg',
    ]) {
      expect(files).toContain(name);
    }
    expect(await treeHash(images)).toBe(before);
    const [head] = (await readFile(join(whole, 'results.csv'), 'utf8')).split('\n');
    expect(head).toMatch(/,positive_similarity,negative_similarity$/);
  });
});

describe('otx train on a folder of images refuses in one line', () => {
  test.each<[string, () => Promise<string[]>, number, RegExp]>([
    [
      'a damaged image',
      async () => {
        const broken = join(folder, 'broken');
        await mkdir(broken);
        await copyFile(join(images, '0.png'), join(broken, 'a.png'));
        await writeFile(join(broken, 'b.png'), (await readFile(join(images, '2.png'))).subarray(0, 2000));
        return ['train', 'Lite-HRNet-s-mod2', '--train-data-roots', broken, '-o', join(folder, 'runs', 'x1')];
      },
      1,
      /b\.png cannot be read as an image/,
    ],
    [
      'a single image',
      async () => {
        const single = join(folder, 'single');
        await mkdir(single);
        await copyFile(join(images, '0.png'), join(single, 'a.png'));
        return ['train', 'Lite-HRNet-s-mod2', '--train-data-roots', single, '-o', join(folder, 'runs', 'x2')];
      },
      1,
      /single image \(a\.png\)/,
    ],
    [
      'a data set with masks',
      async () => [
        ...['train', 'Lite-HRNet-s-mod2', '--train-type', 'Selfsupervised', '--train-data-roots'],
        ...[join(scenes, 'train'), '-o', join(folder, 'runs', 'x3')],
      ],
      1,
      /is a data set with masks/,
    ],
    [
      'a run folder among the images',
      async () => [
        ...['train', 'Lite-HRNet-s-mod2', '--train-data-roots', images, '-o', join(images, 'run')],
      ],
      1,
      /run: lies inside the images to learn from/,
    ],
    [
      'a run folder among the images, by way of a link',
      async () => {
        const link = join(folder, 'link');
        await symlink(images, link);
        return ['train', 'Lite-HRNet-s-mod2', '--train-data-roots', link, '-o', join(images, 'run')];
      },
      1,
      /run: lies inside the images to learn from/,
    ],
    [
      'images where the masks would go',
      async () => {
        const own = join(folder, 'own', 'detcon_mask');
        await cp(images, own, { recursive: true });
        return ['train', 'Lite-HRNet-s-mod2', '--train-data-roots', own, '-o', join(folder, 'own', 'run')];
      },
      1,
      /detcon_mask: lies inside the images to learn from/,
    ],
    [
      'a run folder among unlabeled images',
      async () => [
        ...['train', 'Lite-HRNet-s-mod2', '--train-data-roots', join(scenes, 'train'), '--val-data-roots'],
        ...[join(scenes, 'val'), '--unlabeled-data-roots', images, '-o', join(images, 'run')],
      ],
      1,
      /run: lies inside the unlabeled images/,
    ],
    [
      'to score a backbone',
      async () => [...['eval', '--test-data-roots', join(scenes, 'val'), '--load-weights', whole]],
      1,
      /no segmentation head/,
    ],
  ])('%s', async (_, args, code, message) => {
    const outcome = await otxHere(await args());
    expect(outcome.stderr).toMatch(/^otx: error: [^\n]+\n$/);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.code).toBe(code);
    expect(await treeHash(images)).toBe(before);
  });
});
