/** @file What the command line says where a file was expected and something else is found that would be read without end. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';
import { untrainedCheckpoint } from '../../src/demo/untrained.js';
import { exportModel } from '../../src/index.js';
import { otxHere } from './here.js';

const MAIN = fileURLToPath(new URL('../../bin/otx.js', import.meta.url));
const TEMPLATE = 'Lite-HRNet-s-mod2';

let folder: string;
const at = (...names: string[]) => join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-reading-'));
  await generateScenes(at('data'), { train: 2, val: 1, width: 64, height: 48 });
  const classes = ['background', 'a'].map((name, i) => ({ name, color: [i, i, i] as const }));
  const settings = { inputSize: '64x64' };
  const checkpoint = untrainedCheckpoint({ template: TEMPLATE, classes, seed: 1, settings });
  await writeFile(at('weights.safetensors'), checkpoint);
  await exportModel({ weights: at('weights.safetensors'), output: at('export') });
});
afterAll(() => rm(folder, { recursive: true }));

describe.skipIf(process.platform === 'win32')('pipes and devices are refused in one line', () => {
  const train = (...more: string[]) => [
    'train',
    TEMPLATE,
    '--train-data-roots',
    at('data', 'train'),
    ...more,
  ];
  const evaluate = () => ['eval', '--test-data-roots', at('data', 'val'), '--load-weights'];
  const cases: [what: string, endless: () => string, command: (path: string) => string[]][] = [
    ['weights of eval', () => at('pipe.pth'), (path) => [...evaluate(), path]],
    ['weights that are a device', () => '/dev/zero', (path) => [...evaluate(), path]],
    [
      'weights of export',
      () => at('pipe.safetensors'),
      (path) => ['export', '--load-weights', path, '-o', at('never')],
    ],
    [
      'weights of train',
      () => at('pipe.pt'),
      (path) => train('--val-data-roots', at('data', 'val'), '--load-weights', path, '-o', at('never')),
    ],
    ['a configuration', () => at('pipe.yaml'), (path) => ['train', '--config', path]],
    [
      'a template',
      () => at('template.yaml'),
      (path) => ['train', path, '--train-data-roots', at('data', 'train')],
    ],
    [
      'a list of images',
      () => at('list'),
      (path) =>
        train(
          '--val-data-roots',
          at('data', 'val'),
          '--unlabeled-data-roots',
          at('data', 'train', 'images'),
          '--unlabeled-file-list',
          path,
          '-o',
          at('never'),
        ),
    ],
    [
      'a picture',
      () => at('pipe.jpg'),
      (path) => ['predict', '--input', path, '--load-weights', at('weights.safetensors'), '-o', at('never')],
    ],
    [
      'an exported model',
      () => at('export', 'pipe.onnx'),
      (path) => [
        'predict',
        '--input',
        at('data', 'val', 'images'),
        '--load-weights',
        path,
        '-o',
        at('never'),
      ],
    ],
  ];
  test.each(cases)('%s', { timeout: 30_000 }, async (_, endless, command) => {
    const path = endless();
    if (path !== '/dev/zero') execFileSync('mkfifo', [path]);
    const { code, stderr } = await otxHere(command(path));
    expect(code).toBeGreaterThan(0);
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^otx: error: .* is not a file but a (pipe|device)/);
    expect(stderr).toContain(path);
  });

  /** A copy of a folder with a pipe under the name of one of its files. */
  async function copyWithPipe(source: string, copy: string, name: string): Promise<string> {
    await cp(at(source), at(copy), { recursive: true, filter: (path) => !path.includes('pipe') });
    await rm(at(copy, name));
    execFileSync('mkfifo', [at(copy, name)]);
    return at(copy, name);
  }

  test('the labels of a data set', { timeout: 30_000 }, async () => {
    const pipe = await copyWithPipe('data', 'moved', 'val/dataset_meta.json');
    const weights = ['--load-weights', at('weights.safetensors')];
    const { code, stderr } = await otxHere(['eval', ...weights, '--test-data-roots', at('moved', 'val')]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${pipe}: is not a file but a pipe`);
  });

  test('and not waited for where nothing is read of them', { timeout: 30_000 }, async () => {
    // An exported file names its classes itself.
    await copyWithPipe('export', 'labels', 'label_schema.json');
    const images = ['--input', at('data', 'val', 'images'), '-o', at('predicted')];
    const { code } = await otxHere(['predict', ...images, '--load-weights', at('labels', 'model.onnx')]);
    expect(code).toBe(0);
  });

  test('a limit on open files that is too low', { timeout: 30_000 }, () => {
    for (const limit of [20, 30, 40, 100]) {
      const command = `ulimit -n ${limit} && exec "$0" "$1" find`;
      const { status, stderr } = spawnSync('sh', ['-c', command, process.execPath, MAIN], {
        encoding: 'utf8',
      });
      expect(status).toBe(1);
      expect(stderr).toMatch(
        /^otx: error: [^\n]*\bfiles\b[^\n]*: raise the limit, e\.g\. with "ulimit -n 1024"\n$/,
      );
    }
  });
});
