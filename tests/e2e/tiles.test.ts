/** @file Large images in windows, from training to an exported file, through the command line. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateScene, generateScenes } from '../../src/demo/generate.js';
import { readIndexMask } from '../../src/drawing/index-mask.js';
import { loadCheckpoint } from '../../src/runs/checkpoint.js';
import { otxHere } from './here.js';
import { otx } from './otx.js';

let folder: string;
let data: string;
let run: string;
let large: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-tiles-'));
  [data, run, large] = [join(folder, 'data'), join(folder, 'run'), join(folder, 'large.tif')];
  await generateScenes(data, { train: 4, val: 2, width: 160, height: 128 });
  const { image } = generateScene('large', 400, 300);
  await sharp(image, { raw: { width: 400, height: 300, channels: 3 } })
    .tiff({ tile: true, tileWidth: 64, tileHeight: 64 })
    .toFile(large);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const predicted = async (name: string, ...words: string[]) => {
  const output = join(folder, name);
  const outcome = await otxHere(['predict', '-i', large, '-o', output, ...words]);
  expect(outcome.stderr).toBe('');
  return { stdout: outcome.stdout, mask: await readIndexMask(join(output, 'masks', 'large.png')) };
};

test('a training with windows keeps them, and eval, predict and an exported file look at images alike', async () => {
  const trained = await otxHere([
    ...[
      'train',
      'Lite-HRNet-s-mod2',
      '--train-data-roots',
      join(data, 'train'),
      '-o',
      run,
      '--tile',
      '64x48',
    ],
    ...['--val-data-roots', join(data, 'val'), '--no-pretrained', 'params'],
    ...[
      '--learning_parameters.num_workers=0',
      '--learning_parameters.input_size',
      '64x64',
      '--learning_parameters.num_iters',
      '2',
    ],
    ...['--learning_parameters.batch_size', '2', '--learning_parameters.augmentation', 'plain'],
  ]);
  expect(trained.stderr).toBe('');
  expect(await readFile(join(run, 'config.yaml'), 'utf8')).toMatch(/tile_size: 64x48/);
  const { info } = await loadCheckpoint(join(run, 'models', 'weights.safetensors'));
  expect(info.data?.imageSize).toEqual({ width: 64, height: 48 });

  const evaluated = await otx(['eval', '--load-weights', run, '--test-data-roots', join(data, 'val')], {
    cwd: folder,
  });
  expect(evaluated.stdout).toContain('2 of 2 images are looked at in windows of 64x48 pixels');
  // Validation during the training has looked at them in the same way.
  const score = /mean Dice (\d\.\d+) with background/.exec(evaluated.stdout)?.[1];
  expect(Number(score)).toBeCloseTo(info.metrics!.mDice!, 3);

  const windows = await predicted('windows', '--load-weights', run);
  expect(windows.stdout).toContain(
    'the image of 400x300 is looked at in windows of 64x48 pixels, which overlap by 25 %',
  );
  expect(windows.mask).toHaveLength(400 * 300);
  const whole = await predicted('whole', '--load-weights', run, '--tile', 'off');
  expect(whole.stdout).not.toContain('windows');
  const other = await predicted('other', '--load-weights', run, '--tile', '128', '--overlap', '0.5');
  expect(other.stdout).toContain('windows of 128x128 pixels, which overlap by 50 %');

  const exported = await otxHere(['export', '--load-weights', run, '-o', join(folder, 'exported')]);
  expect(exported.stderr).toBe('');
  const fromFile = await predicted('file', '--load-weights', join(folder, 'exported', 'model.onnx'));
  expect(fromFile.stdout).toContain('windows of 64x48 pixels');
  const equal = fromFile.mask.filter((label, i) => label === windows.mask[i]).length;
  expect(equal / windows.mask.length).toBeGreaterThan(0.999);
});

test('what cannot be a window is refused with what can be', async () => {
  const { code, stderr } = await otx(['predict', '-i', large, '--load-weights', run, '--tile', '8'], {
    cwd: folder,
  });
  expect(code).toBe(2);
  expect(stderr).toContain('auto, off, or a size in pixels from 32 to 16384 such as 512 or 640x480');
});
