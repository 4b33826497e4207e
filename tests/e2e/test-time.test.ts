/** @file Several views of an image and several models at once, through the command line. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDataset } from '../../src/data/index.js';
import { generateScenes } from '../../src/demo/generate.js';
import { untrainedCheckpoint } from '../../src/demo/untrained.js';
import { readIndexMask } from '../../src/drawing/index-mask.js';
import { otx } from './otx.js';

let folder: string;
let data: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-test-time-'));
  data = join(folder, 'data', 'val');
  await generateScenes(join(folder, 'data'), { train: 1, val: 2, width: 90, height: 70 });
  const { classes } = await openDataset(data);
  const write = (name: string, seed: number, inputSize: string, known = classes) =>
    writeFile(
      at(name),
      untrainedCheckpoint({ template: 'Lite-HRNet-s-mod2', classes: known, seed, settings: { inputSize } }),
    );
  await write('a.safetensors', 1, '64x64');
  await write('b.safetensors', 2, '64x64', [...classes].reverse());
  await write('other.safetensors', 2, '64x64', classes.slice(1));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const succeeded = async (...words: string[]) => {
  const { code, stdout, stderr } = await otx(words, { cwd: folder });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};
const predicted = async (name: string, ...words: string[]) => {
  const stdout = await succeeded('predict', '-i', join(data, 'images'), '-o', at(name), ...words);
  const masks = join(at(name), 'masks');
  const [first] = (await readdir(masks)).sort();
  return { stdout, mask: await readIndexMask(join(masks, first!)) };
};
const scored = async (...words: string[]) => {
  const stdout = await succeeded('eval', '--test-data-roots', data, '-o', at('scores'), ...words);
  return { stdout, score: /mean Dice (\S+) with background/.exec(stdout)?.[1] };
};

test('eval and predict average views and models', async () => {
  const plain = await predicted('plain', '--load-weights', 'a.safetensors', '--tta', 'off');
  expect(plain.stdout).not.toContain('mean probability');

  const views = await predicted('views', '--load-weights', 'a.safetensors', '--tta', 'flip,scales');
  expect(views.stdout).toContain('classes are found by the mean probability over 6 views of an image');
  expect(views.mask).toHaveLength(plain.mask.length);
  expect(views.mask).not.toEqual(plain.mask);

  const models = ['--load-weights', 'a.safetensors', '--load-weights', 'b.safetensors'];
  const both = await predicted('both', ...models, '--tta', 'flip', '--tile', '48');
  expect(both.stdout).toContain('over 2 models and 2 views of each image, which takes 4 times the work');
  expect(both.stdout).toContain('in windows of 48x48 pixels');
  expect(both.stdout).toContain(
    'otx eval --test-data-roots <folder> --load-weights a.safetensors --load-weights b.safetensors',
  );
  expect(both.stdout).not.toContain('otx export');

  const one = await scored('--load-weights', 'a.safetensors');
  const mean = await scored(...models);
  expect(mean.stdout).toContain('over 2 models, which takes 2 times the work');
  expect(mean.score).toMatch(/^\d\.\d{4}$/);
  expect(mean.score).not.toBe(one.score);
});

test('what cannot be averaged is refused', async () => {
  const refused = async (...words: string[]) => {
    const { code, stderr } = await otx(['predict', '-i', join(data, 'images'), '-o', at('no'), ...words], {
      cwd: folder,
    });
    expect(code).toBe(2);
    return stderr;
  };
  expect(await refused('--load-weights', 'a.safetensors', '--load-weights', 'other.safetensors')).toContain(
    'other.safetensors cannot be averaged with a.safetensors: it lacks "background"',
  );
  expect(await refused('--load-weights', 'a.safetensors', '--tta', 'rotate')).toContain(
    '--tta is "rotate"; expected off, flip, scales, or flip,scales for both',
  );
  expect(await refused('--load-weights', 'a.safetensors', '--load-weights', '')).toContain(
    '--load-weights is empty',
  );
  await succeeded('export', '--load-weights', 'a.safetensors', '-o', at('exported'));
  const file = join('exported', 'model.onnx');
  expect(await refused('--load-weights', file, '--tta', 'scales')).toContain(
    'an exported file takes images of one size alone, and so no --tta scales; flip is what it can',
  );
  const flipped = await predicted('file', '--load-weights', file, '--tta', 'flip');
  const checkpoint = await predicted('checkpoint', '--load-weights', 'a.safetensors', '--tta', 'flip');
  const same = flipped.mask.filter((label, i) => label === checkpoint.mask[i]).length;
  expect(same / flipped.mask.length).toBeGreaterThan(0.99);
});
