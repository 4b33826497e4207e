/**
 * Shows that no command changes a data set: runs each of them on a generated one and compares the hash of the whole tree
 * before and after. Needs "npm run build".
 */

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { generateScenes } from '../dist/demo/generate.js';
import { treeHash } from './tree-hash.mjs';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const SIZE = ['--learning_parameters.input_size', '64x64'];

const folder = await mkdtemp(join(tmpdir(), 'otx-untouched-'));
try {
  const data = join(folder, 'data');
  const [train, val] = [join(data, 'train'), join(data, 'val')];
  await generateScenes(data, { train: 4, val: 2, width: 80, height: 64 });
  // Files that a data set need not have are the first that a careless program would tidy away.
  await writeFile(join(train, 'masks', 'notes.txt'), 'drawn by hand\n');
  await writeFile(join(val, '.DS_Store'), '');

  const run = join(folder, 'run');
  const adapted = ['--use-otx-adapter', 'true'];
  const training = ['train', 'Lite-HRNet-s-mod2', '--train-data-roots', train, '--val-data-roots', val];
  const settings = [
    'params',
    ...SIZE,
    '--learning_parameters.num_iters=2',
    '--learning_parameters.batch_size=2',
  ];
  const scoring = ['eval', '--test-data-roots', val, '--load-weights'];
  const segmenting = ['predict', '--input', join(val, 'images'), '--load-weights'];
  const model = join(folder, 'export', 'model.onnx');
  const augmenting = [
    'augment',
    'Lite-HRNet-s-mod2',
    '--train-data-roots',
    train,
    '-o',
    join(folder, 'sheet.png'),
  ];
  const commands = {
    find: ['find'],
    augment: [...augmenting, 'params', ...SIZE],
    'augment (adapter)': [...augmenting, ...adapted, 'params', ...SIZE],
    train: [...training, '-o', run, ...settings],
    'train (adapter)': [...training, '-o', join(folder, 'adapted'), ...adapted, ...settings],
    'train (contrastive)': [
      ...training,
      ...['-o', join(folder, 'contrastive'), ...settings, '--learning_parameters.enable_supcon=True'],
    ],
    'train (unlabeled images)': [
      ...[...training, '--unlabeled-data-roots', join(val, 'images')],
      ...['-o', join(folder, 'semi-supervised'), ...settings],
    ],
    'train (images alone)': [
      ...['train', 'Lite-HRNet-s-mod2', '--train-data-roots', join(train, 'images')],
      ...['-o', join(folder, 'backbone'), ...settings],
    ],
    eval: [...scoring, run, '-o', join(folder, 'eval')],
    'eval (adapter)': [...scoring, run, '-o', join(folder, 'eval-adapted'), ...adapted],
    predict: [...segmenting, run, '-o', join(folder, 'predictions')],
    export: ['export', '--load-weights', run, '-o', join(folder, 'export')],
    'eval (onnx)': [...scoring, model, '-o', join(folder, 'eval-onnx')],
    'predict (onnx)': [...segmenting, model, '-o', join(folder, 'predictions-onnx')],
  };

  const before = await treeHash(data);
  console.log(`${before.slice(0, 16)}  before`);
  let changed = 0;
  for (const [name, args] of Object.entries(commands)) {
    await promisify(execFile)(process.execPath, [MAIN, ...args], { cwd: folder });
    const after = await treeHash(data);
    if (after !== before) changed++;
    console.log(`${after.slice(0, 16)}  after ${name}: ${after === before ? 'unchanged' : 'CHANGED'}`);
  }
  const total = Object.keys(commands).length;
  console.log(
    changed === 0 ? `the data set is unchanged after ${total} commands` : `${changed} of ${total} CHANGED it`,
  );
  process.exitCode = changed === 0 ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
