/** @file `--use-otx-adapter` from the command line, on rings: their holes are filled. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { otxHere } from './here.js';

const SIDE = 64;
const RING = (32 * 32 - 16 * 16) / SIDE ** 2;
const FILLED = (32 * 32) / SIDE ** 2;

let folder: string;
let data: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-adapter-'));
  data = join(folder, 'data');
  await mkdir(join(data, 'images'), { recursive: true });
  await mkdir(join(data, 'masks'));
  await writeFile(join(data, 'dataset_meta.json'), '{"label_map": {"0": "background", "1": "ring"}}');
  const mask = Buffer.from(
    Array.from({ length: SIDE * SIDE }, (_, i) => {
      const far = Math.max(Math.abs((i % SIDE) - 31.5), Math.abs(Math.floor(i / SIDE) - 31.5));
      return far < 16 && far > 8 ? 1 : 0;
    }),
  );
  const raw = { width: SIDE, height: SIDE, channels: 1 as const };
  for (const name of ['a', 'b']) {
    await sharp(mask, { raw })
      .toColourspace('b-w')
      .png()
      .toFile(join(data, 'masks', `${name}.png`));
    await sharp(mask, { raw })
      .linear(200, 20)
      .png()
      .toFile(join(data, 'images', `${name}.png`));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const SMALL = [
  '--learning_parameters.num_workers=0',
  '--learning_parameters.input_size',
  '64x64',
  '--learning_parameters.batch_size',
  '2',
];
const train = (output: string, ...flags: string[]) =>
  otxHere([
    ...['train', 'Lite-HRNet-s-mod2', '--train-data-roots', data, '--val-data-roots', data, '-o', output],
    ...[...flags, 'params', ...SMALL, '--learning_parameters.num_iters', '1'],
  ]);

it('training and scoring read masks as they are unless told otherwise, and a run remembers it', async () => {
  const output = join(folder, 'run');
  const trained = await train(output, '--use-otx-adapter', 'true');
  expect(trained.stderr).toBe('');
  expect(trained.stdout).toMatch(new RegExp(`ring +${percent(FILLED)}`));
  expect(trained.stdout).toContain('note: use_otx_adapter is on');
  expect(await readFile(join(output, 'config.yaml'), 'utf8')).toContain('use_otx_adapter: true');

  const score = async (...flags: string[]) =>
    (
      await otxHere([
        'eval',
        '--test-data-roots',
        data,
        '--load-weights',
        output,
        '-o',
        join(folder, 'eval'),
        ...flags,
      ])
    ).stdout;
  const plain = await score();
  expect(plain).toMatch(new RegExp(`ring +${percent(RING)}`));
  expect(plain).not.toContain('use_otx_adapter');
  const adapted = await score('--use-otx-adapter', 'true');
  expect(adapted).toMatch(new RegExp(`ring +${percent(FILLED)}`));
});

it('takes the setting from a configuration file, which a flag overrides', async () => {
  const config = join(folder, 'config.yaml');
  await writeFile(config, 'use_otx_adapter: true\n');
  const shown = async (...flags: string[]) =>
    (await otxHere(['train', 'Lite-HRNet-s-mod2', '--config', config, '--print-config', ...flags])).stdout;
  expect(await shown()).toContain('use_otx_adapter: true');
  expect(await shown('--use-otx-adapter', 'false')).toContain('use_otx_adapter: false');
});

it('accepts true and false only', async () => {
  const { code, stderr } = await train(join(folder, 'other'), '--use-otx-adapter', 'maybe');
  expect(code).toBe(2);
  expect(stderr).toContain('expected true (1, yes, on) or false');
});
