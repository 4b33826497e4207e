/** @file A workspace from its making to predictions, as scripts of OTX use one. */

import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';
import { otx } from './otx.js';

let folder: string;
const at = (...path: string[]) => join(folder, ...path);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-workspaces-'));
  await generateScenes(at('data'), { train: 4, val: 2, width: 64, height: 48 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const SETTINGS = [
  'params',
  '--learning_parameters.num_iters',
  '1',
  '--learning_parameters.input_size',
  '64x64',
];
const START = ['--pretrained', 'none', '--threads', '1'];

test('is built, trained in, scored in and taken from elsewhere', { timeout: 240_000 }, async () => {
  const built = await otx(
    [
      'build',
      '--train-data-roots',
      'data/train',
      '--val-data-roots',
      'data/val',
      '--test-data-roots',
      'data/val',
    ],
    { cwd: folder },
  );
  expect(built.stderr).toBe('');
  expect(built.stdout).toContain('workspace otx-workspace-SEGMENTATION, template Lite-HRNet-s-mod2 (Custom_');
  const workspace = at('otx-workspace-SEGMENTATION');
  const data = await readFile(join(workspace, 'data.yaml'), 'utf8');

  const trained = await otx(['train', ...START, ...SETTINGS], { cwd: workspace });
  expect(trained.code).toBe(0);
  const [run] = (await readdir(join(workspace, 'outputs'))).filter((name) => name.endsWith('_train'));
  expect(await realpath(join(workspace, 'outputs', 'latest_trained_model'))).toBe(
    await realpath(join(workspace, 'outputs', run!)),
  );

  const scored = await otx(['eval', '--threads', '1'], { cwd: workspace });
  expect(scored.stdout).toMatch(/^Performance\(score: /m);
  const predicted = await otx(
    ['predict', '-i', 'data/val/images', '--workspace', workspace, '--threads', '1'],
    { cwd: folder },
  );
  expect(predicted.code).toBe(0);
  expect(
    (await readdir(join(workspace, 'outputs'))).map((name) => name.replace(/^\d+_\d+_/, '')).sort(),
  ).toEqual(['eval', 'latest_trained_model', 'predict', 'train']);
  expect(await readFile(join(workspace, 'data.yaml'), 'utf8')).toBe(data);
});

test('is made by the training that names it; flags win over its files', { timeout: 240_000 }, async () => {
  const workspace = at('made');
  const words = ['train', 'SegNext-t', '--train-data-roots', 'data/train', '--val-data-roots', 'data/val'];
  const { code } = await otx([...words, '--workspace', workspace, ...START, ...SETTINGS], { cwd: folder });
  expect(code).toBe(0);
  expect(await readFile(join(workspace, 'template.yaml'), 'utf8')).toContain('name: SegNext-t');
  await writeFile(join(workspace, 'configuration.yaml'), 'seed: 9\nval_share: 0.5\n');
  await writeFile(join(workspace, 'data.yaml'), `data: {train: {data-roots: ${at('data', 'train')}}}\n`);
  const shown = await otx(['train', '--workspace', workspace, '--seed', '3', '--print-config'], {
    cwd: folder,
  });
  expect(shown.stdout).toMatch(/^seed: 3$/m);
  expect(shown.stdout).toMatch(/^val_share: 0\.5$/m);
  expect(shown.stdout).toContain(join(workspace, 'template.yaml'));
});

test('mistakes are one line', { timeout: 60_000 }, async () => {
  const none = await otx(['eval', '--workspace', 'nowhere'], { cwd: folder });
  expect(none.code).toBe(2);
  expect(none.stderr).toMatch(/^otx: error: --workspace nowhere: is no workspace.*\n$/);
  await writeFile(at('template.yaml'), 'nothing');
  await writeFile(at('data.yaml'), '[');
  const broken = await otx(['train'], { cwd: folder });
  expect(broken.code).toBe(2);
  expect(broken.stderr).toMatch(/^otx: error: data\.yaml: cannot be read as YAML.*\n$/);
  await rm(at('data.yaml'));
});
