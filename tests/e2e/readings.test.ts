/** @file Data sets that can be read in several ways, through the command line. */
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';
import { otxHere } from './here.js';

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-readings-'));
  await generateScenes(at('data'), { train: 4, val: 2, width: 64, height: 48 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A data set like the generated one, changed. */
async function changed(name: string, change: (subset: string) => Promise<void>): Promise<string> {
  await cp(at('data'), at(name), { recursive: true });
  for (const subset of ['train', 'val']) await change(at(name, subset));
  return at(name);
}

const train = (data: string, output: string, ...more: string[]) =>
  otxHere([
    ...['train', 'Lite-HRNet-s-mod2', '--train-data-roots', join(data, 'train')],
    ...['--val-data-roots', join(data, 'val'), '-o', output, '--threads', '1', ...more],
    ...['params', '--learning_parameters.batch_size', '2', '--learning_parameters.num_iters', '1'],
    ...['--learning_parameters.num_workers=0', '--learning_parameters.input_size', '64x64'],
  ]);

/** Loss and scores, without times. */
async function figuresOf(output: string): Promise<string[]> {
  const [head, row] = (await readFile(join(output, 'results.csv'), 'utf8')).trimEnd().split('\n');
  const names = head!.split(',');
  return row!.split(',').filter((_, i) => !/seconds|per_second/.test(names[i]!));
}

test('two readings stop before the first step; --assume, a flag or in the configuration, chooses', async () => {
  const data = await changed('void', async (subset) => {
    const path = join(subset, 'dataset_meta.json');
    const meta = JSON.parse(await readFile(path, 'utf8')) as { label_map: Record<string, string> };
    await writeFile(path, JSON.stringify({ label_map: { ...meta.label_map, 0: 'void' } }));
  });
  const stopped = await train(data, at('stopped'));
  expect(stopped.code).toBe(1);
  for (const masks of [4, 2])
    expect(stopped.stderr).toMatch(new RegExp(`: its ${masks} masks can be read in 3 ways`));
  const names = [...stopped.stderr.matchAll(/--assume (\S+?): [^\n]*?\d+\.\d %/g)].map(([, name]) => name!);
  expect(names.length).toBeGreaterThanOrEqual(2);
  expect(names).toContain('first-is-ignored');
  await expect(readdir(at('stopped'))).rejects.toThrow('ENOENT');

  const flagged = await train(data, at('flagged'), '--assume', 'first-is-ignored');
  expect(flagged.stderr).toBe('');
  expect(flagged.stdout).toMatch(/255 +\(ignored\) +\d/);
  const again = await otxHere(['train', '--config', at('flagged', 'config.yaml'), '-o', at('again')]);
  expect(again.stderr).toBe('');
  expect(await figuresOf(at('again'))).toEqual(await figuresOf(at('flagged')));

  // What belongs to the model is read as its training data was.
  const scored = await otxHere([
    ...['eval', '--load-weights', at('flagged'), '--test-data-roots', join(data, 'val'), '-o', at('scored')],
  ]);
  expect(scored.stderr).toBe('');
  expect(scored.code).toBe(0);
});

test('--bands chooses what the network sees, in training and in what follows', async () => {
  const png = await changed('png', async (subset) => {
    for (const name of await readdir(join(subset, 'images'))) {
      const path = join(subset, 'images', name);
      await sharp(path)
        .png()
        .toFile(path.replace(/\.jpg$/, '.png'));
      await rm(path);
    }
  });
  await cp(png, at('swapped'), { recursive: true });
  for (const subset of ['train', 'val']) {
    for (const name of await readdir(at('swapped', subset, 'images'))) {
      const path = at('swapped', subset, 'images', name);
      await sharp(path)
        .recomb([
          [0, 0, 1],
          [0, 1, 0],
          [1, 0, 0],
        ])
        .toFile(`${path}.new`);
      await rename(`${path}.new`, path);
    }
  }
  expect((await train(png, at('bands'), '--bands', '3,2,1')).stderr).toBe('');
  expect((await train(at('swapped'), at('plain'))).stderr).toBe('');
  expect(await figuresOf(at('bands'))).toEqual(await figuresOf(at('plain')));
  const masksOf = async (run: string, input: string, ...more: string[]) => {
    const output = at(`${run}-masks${more.length}`);
    const words = ['predict', '--load-weights', at(run), '--input', input, '-o', output, ...more];
    expect((await otxHere(words)).stderr).toBe('');
    const [first] = (await readdir(join(output, 'masks'))).sort();
    return readFile(join(output, 'masks', first!));
  };
  const swapped = await masksOf('plain', at('swapped', 'val', 'images'));
  expect(await masksOf('bands', join(png, 'val', 'images'))).toEqual(swapped);
  expect(await masksOf('plain', join(png, 'val', 'images'), '--bands', '3,2,1')).toEqual(swapped);
  const scoreOf = async (data: string, ...more: string[]) => {
    const words = ['eval', '--load-weights', at('plain'), '--test-data-roots', data, '-o', at('scores')];
    return (await otxHere([...words, ...more])).stdout.match(/Performance\(score: \S+/)?.[0];
  };
  expect(await scoreOf(join(png, 'val'), '--bands', '3,2,1')).toBe(await scoreOf(at('swapped', 'val')));
  const refused = await train(png, at('refused'), '--bands', '5');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('it has 3 bands, and band 5 was chosen');
});

test('masks beside images are neither segmented nor learned from as photographs', async () => {
  const run = at('bands');
  const output = at('root-masks');
  const { code, stdout } = await otxHere([
    'predict',
    '--load-weights',
    run,
    '--input',
    at('png', 'val'),
    '-o',
    output,
  ]);
  expect(code).toBe(0);
  expect(stdout).toContain('2 of its 4 pictures are masks of others by their names and were passed over');
  expect(
    (await readdir(join(output, 'masks'), { recursive: true })).filter((name) => name.endsWith('.png')),
  ).toHaveLength(2);
  await mkdir(at('unlabeled'));
  await cp(at('png', 'val'), at('unlabeled', 'both'), { recursive: true });
  const semi = await train(at('png'), at('semi'), '--unlabeled-data-roots', at('unlabeled'));
  expect(semi.code).not.toBe(0);
  expect(semi.stderr).toMatch(/mask/);
});
