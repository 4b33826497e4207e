/**
 * @file What a user has stays as it is, whatever the output path. Every command is run with every kind of path, and the whole
 * tree of the user is hashed before and after.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFile,
  cp,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MANIFEST_FILE } from '../../src/base/outputs/manifest.js';
import { generateScenes } from '../../src/demo/generate.js';
import { EVALUATION_FILES } from '../../src/inference/evaluation-files.js';
import { otxHere } from './here.js';
import { otx } from './otx.js';

const SIZE = ['--learning_parameters.input_size', '64x64'];
const SHORT = ['num_iters=1', 'batch_size=2', 'num_workers=0'].map((word) => `--learning_parameters.${word}`);
const TEMPLATE = 'Lite-HRNet-s-mod2';

let folder: string;
/** What all cases start from: `data/train`, `data/val` and `photos`. */
let pattern: string;
/** A finished run, its exports, and a run that was stopped. */
let models: string;
let treeHash: (root: string, only?: ReadonlySet<string>) => Promise<string>;
/** The user's own files in a case. */
let mine: string;

beforeAll(async () => {
  ({ treeHash } = await import(fileURLToPath(new URL('../../scripts/tree-hash.mjs', import.meta.url))));
  folder = await mkdtemp(join(tmpdir(), 'otx-untouched-'));
  pattern = join(folder, 'pattern');
  models = join(folder, 'models');
  const data = join(pattern, 'data');
  await generateScenes(data, { train: 4, val: 2, width: 80, height: 64 });
  // Files that a data set need not have are the first that a careless program would tidy away.
  await writeFile(join(data, 'train', 'masks', 'notes.txt'), 'drawn by hand\n');
  await writeFile(join(data, 'val', '.DS_Store'), '');
  await mkdir(join(pattern, 'photos'));
  const images = await readdir(join(data, 'train', 'images'));
  for (const name of images.slice(0, 2)) {
    await copyFile(join(data, 'train', 'images', name), join(pattern, 'photos', name));
  }
  mine = join(folder, 'mine');
  await cp(pattern, mine, { recursive: true });
  const run = join(models, 'run');
  await must(commands.train!(run));
  await must(['export', '--load-weights', run, '-o', join(models, 'onnx')]);
  await must(['export', '--load-weights', run, '-o', join(models, 'pytorch'), '--export-type', 'pytorch']);
  await rm(mine, { recursive: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => cp(pattern, mine, { recursive: true, preserveTimestamps: true }));
afterEach(() => rm(mine, { recursive: true, force: true }));

async function must(args: readonly string[]): Promise<string> {
  const { stdout, error } = await otxHere(args);
  expect(error).toBeUndefined();
  return stdout;
}

const at = (...path: string[]) => join(mine, ...path);
const roots = () => ['--train-data-roots', at('data', 'train'), '--val-data-roots', at('data', 'val')];
const weights = () => ['--load-weights', join(models, 'run')];

/** Every way of writing something, given `-o`; without it where that has a default. */
const commands: Record<string, (output?: string) => string[]> = {
  train: (o) => ['train', TEMPLATE, ...roots(), ...to(o), 'params', ...SIZE, ...SHORT],
  'train (images alone)': (o) => [
    ...['train', TEMPLATE, '--train-data-roots', at('photos'), ...to(o), 'params', ...SIZE, ...SHORT],
  ],
  'train (unlabeled images)': (o) => [
    ...['train', TEMPLATE, ...roots(), '--unlabeled-data-roots', at('photos')],
    ...[...to(o), 'params', ...SIZE, ...SHORT],
  ],
  augment: (o) => [
    ...['augment', TEMPLATE, '--train-data-roots', at('data', 'train'), ...to(o), 'params', ...SIZE],
  ],
  eval: (o) => ['eval', '--test-data-roots', at('data', 'val'), ...weights(), ...to(o)],
  'eval (onnx)': (o) => [
    ...['eval', '--test-data-roots', at('data', 'val')],
    ...['--load-weights', join(models, 'onnx', 'model.onnx'), ...to(o)],
  ],
  predict: (o) => ['predict', '--input', at('photos'), ...weights(), ...to(o)],
  'predict (one image)': (o) => [
    'predict',
    '--input',
    at('photos', 'scene-0001.jpg'),
    ...weights(),
    ...to(o),
  ],
  export: (o) => ['export', ...weights(), ...to(o)],
  'export (pytorch)': (o) => ['export', ...weights(), '--export-type', 'pytorch', ...to(o)],
};
const to = (output: string | undefined) => (output === undefined ? [] : ['-o', output]);

/** Runs a command that has to refuse before anything is written, and before long work. */
async function refuses(args: readonly string[], message: RegExp, code = 'output'): Promise<void> {
  const before = await treeHash(mine);
  const { stdout: printed, error } = await otxHere(args);
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  expect(printed).not.toMatch(/^ *(epoch|class|\d+ images?) /m);
  expect(await treeHash(mine)).toBe(before);
}

/** Runs a command that may write beside what there is. */
async function leavesAlone(args: readonly string[]): Promise<{ printed: string; added: string[] }> {
  const before = await contents(mine);
  const printed = await must(args);
  const after = await contents(mine);
  for (const [name, content] of before) expect([name, after.get(name)]).toEqual([name, content]);
  return { printed, added: [...after.keys()].filter((name) => !before.has(name)) };
}

/** Of every file and link below a folder, what it is. */
async function contents(root: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const { mode, mtimeMs } = await lstat(path);
    const content = entry.isFile() ? (await readFile(path)).toString('base64') : String(mode);
    // The record is kept by the program, and grows.
    if (!entry.isDirectory() && entry.name !== MANIFEST_FILE)
      found.set(relative(root, path), `${mtimeMs} ${content}`);
  }
  return found;
}

describe.each(Object.keys(commands))('otx %s', (command) => {
  const run = (output?: string) => commands[command]!(output);

  test('leaves everything alone with an output elsewhere, twice', async () => {
    const out = join(folder, 'elsewhere', command);
    const before = await treeHash(mine);
    await must(run(out));
    expect((await readdir(out)).length).toBeGreaterThan(1);
    if (!command.startsWith('train')) await must(run(out));
    expect(await treeHash(mine)).toBe(before);
  });

  test.each([
    ['among the images', 'data/train/images'],
    ['below the images', 'data/train/images/out/deep'],
    ['in a data set', 'data/val/new'],
    ['that is a data set', 'data/val'],
    ['by way of a link', 'link/out'],
    ['that is a link', 'link'],
    ['by way of two dots', 'photos/../data/train/masks/out'],
  ])('refuses an output %s', async (_, path) => {
    await symlink(at('data', 'train', 'images'), at('link'));
    await refuses(run(`${mine}/${path}`), /(lies inside|looks like) .*; choose (an|another) output folder/);
  });

  test('refuses an output that is a file, or below one', async () => {
    const photo = at('photos', 'scene-0001.jpg');
    if (command !== 'augment') await refuses(run(photo), /scene-0001\.jpg/);
    await refuses(run(join(photo, 'out')), /scene-0001\.jpg/);
  });
});

describe('a current folder in a data set is no place for default outputs', () => {
  test.each(['train', 'eval', 'export'])('otx %s', async (command) => {
    const before = await treeHash(mine);
    const { code, stderr } = await otx(commands[command]!(), { cwd: at('data', 'val') });
    expect(stderr).toMatch(
      /^otx: error: .*otx-workspace.*: lies inside .*; choose an output folder elsewhere\n$/,
    );
    expect(code).toBe(1);
    expect(await treeHash(mine)).toBe(before);
  });
});

/** Files that a command would put under its output. */
const files: [string, string][] = [
  ...['config.yaml', 'environment.json', 'results.csv', 'models/label_schema.json'].map(
    (name): [string, string] => ['train', name],
  ),
  ['train', 'models/last.safetensors'],
  ['train', 'models/weights.safetensors'],
  ['train (images alone)', 'results.csv'],
  ['train (images alone)', '../detcon_mask/scene-0001.png'],
  ['train (unlabeled images)', 'config.yaml'],
  ['augment', 'augmentation.png'],
  ['eval', 'performance.json'],
  ...Object.values(EVALUATION_FILES).map((name): [string, string] => ['eval (onnx)', name]),
  ['predict', 'masks/scene-0001.png'],
  ['predict', 'overlays/scene-0002.png'],
  ['predict (one image)', 'masks/scene-0001.png'],
  ['export', 'model.onnx'],
  ['export', 'label_schema.json'],
  ['export (pytorch)', 'weights.pth'],
  ['export (pytorch)', 'label_schema.json'],
  ...Object.keys(commands).map((command): [string, string] => [command, MANIFEST_FILE]),
];

describe.each(files)('otx %s with something of the user’s under the name %s', (command, name) => {
  const isMask = name.startsWith('..');
  const refusal = new RegExp(
    `${name.replace('../', '').replaceAll('.', '\\.')}.*(choose another|--resume-from)`,
  );
  const isThorough = [
    'models/label_schema.json',
    'performance.json',
    'masks/scene-0001.png',
    'model.onnx',
  ].includes(name);
  const things: [string, (path: string) => unknown][] = [
    ['a file', (path) => copyFile(at('photos', 'scene-0002.jpg'), path)],
    ['a hard link to a photograph', (path) => link(at('photos', 'scene-0002.jpg'), path)],
    ['a link to a photograph', (path) => symlink(at('photos', 'scene-0002.jpg'), path)],
    ['a link to nothing', (path) => symlink(at('nothing'), path)],
    ['a folder', (path) => mkdir(path)],
    ['a pipe', (path) => execFileSync('mkfifo', [path])],
  ];
  test.each(isThorough ? things : things.slice(0, 1))('%s stays', async (_, make) => {
    const path = at('out', name);
    await mkdir(dirname(path), { recursive: true });
    if (isMask) await mkdir(at('out'), { recursive: true });
    await make(path);
    if (isMask) {
      // Which masks are needed is known when the folders are there already: they are gone again, but have left a time.
      const before = await contents(mine);
      expect((await otxHere(commands[command]!(at('out')))).error).toMatchObject({
        code: 'output',
        message: expect.stringMatching(refusal),
      });
      expect(await contents(mine)).toEqual(before);
    } else {
      await refuses(commands[command]!(at('out')), refusal);
    }
  });
});

describe('a folder of outputs that is a link', () => {
  test.each([
    ['predict', 'masks'],
    ['predict (one image)', 'overlays'],
    ['train', 'models'],
    ['train', 'teacher'],
  ])('otx %s, %s', async (command, name) => {
    await mkdir(at('out'));
    await symlink(at('photos'), at('out', name));
    await refuses(commands[command]!(at('out')), /is a link, through which outputs would land elsewhere/);
  });
});

describe('what a command reads is not written over', () => {
  const predict = (input: string, output: string) => [
    'predict',
    '--input',
    input,
    ...weights(),
    '-o',
    output,
  ];

  test('a picture where its own mask would go', async () => {
    await mkdir(at('masks'));
    await copyFile(at('data', 'val', 'masks', 'scene-0001.png'), at('masks', 'a.png'));
    const here = relative(process.cwd(), mine);
    await refuses(predict(join(here, 'masks', 'a.png'), here), /the image to segment/);
    await refuses(predict(join(here, 'masks'), here), /the images to segment/);
    await refuses(predict(at('masks', '..', 'masks', 'a.png'), mine), /the image to segment/);
  });

  test('pictures that are links to earlier outputs', async () => {
    await must(predict(at('photos'), at('out')));
    await mkdir(at('again'));
    await symlink(at('out', 'masks', 'scene-0001.png'), at('again', 'scene-0001.png'));
    await refuses(
      predict(at('again'), at('out')),
      /scene-0001\.png: would be written over, but is the same file as/,
    );
    await rm(at('again', 'scene-0001.png'));
    await link(at('out', 'overlays', 'scene-0001.png'), at('again', 'scene-0001.png'));
    await refuses(predict(at('again'), at('out')), /would be written over|lies inside|outputs go there/);
  });

  test('weights in the folder of the export', async () => {
    await cp(join(models, 'pytorch'), at('exported'), { recursive: true });
    const args = ['export', TEMPLATE, '--load-weights', at('exported', 'weights.pth'), '-o', at('exported')];
    await refuses(
      [...args, '--export-type', 'pytorch'],
      /weights\.pth: would be written over, but is the same file as the weights/,
    );
    await refuses(args, /label_schema\.json: would be written over/);
  });

  test('the configuration in the folder of the training', async () => {
    await mkdir(at('out'));
    await copyFile(join(models, 'run', 'config.yaml'), at('out', 'config.yaml'));
    await refuses(['train', '--config', at('out', 'config.yaml'), '-o', at('out')], /config\.yaml/);
  });

  test('a model beside which the predictions are put', async () => {
    await cp(join(models, 'onnx'), at('exported'), { recursive: true });
    const model = at('exported', 'model.onnx');
    await leavesAlone(['predict', '--input', at('photos'), '--load-weights', model, '-o', at('exported')]);
  });
});

describe('the folder of another run', () => {
  test('is refused by a training, and gets other outputs beside what it has', async () => {
    await cp(join(models, 'run'), at('run'), { recursive: true, preserveTimestamps: true });
    await writeFile(at('run', 'notes.txt'), 'mine');
    await refuses(commands.train!(at('run')), /holds an earlier run/);
    for (const command of ['eval', 'predict', 'export']) {
      const { added } = await leavesAlone(commands[command]!(at('run')));
      expect(added.length).toBeGreaterThan(0);
    }
    await refuses(commands.export!(at('run', 'models')), /label_schema\.json: was not written by otx/);
  });
});

test('what was written before is replaced, what the user has made of it is not', async () => {
  for (const [command, name] of [
    ['predict', 'masks/scene-0001.png'],
    ['eval', 'performance.json'],
    ['eval (onnx)', 'eval_worst.png'],
    ['export', 'model.onnx'],
    ['augment', 'augmentation.png'],
  ] as const) {
    const args = commands[command]!(at(command));
    await must(args);
    await must(args);
    await writeFile(at(command, name), 'edited');
    await refuses(args, /was not written by otx, or has been changed since/);
  }
});

test('images whose names differ in their ending or in case only have outputs of their own', async () => {
  const photo = at('photos', 'scene-0001.jpg');
  const names = ['a.jpg', 'a.jpeg', 'a.jpeg.jpg', 'A.jpg'];
  await mkdir(at('same'));
  for (const name of names) await copyFile(photo, at('same', name));
  await leavesAlone(['predict', '--input', at('same'), ...weights(), '-o', at('out')]);
  for (const kind of ['masks', 'overlays']) {
    const written = await readdir(at('out', kind));
    expect(written).toHaveLength(names.length);
    expect(new Set(written.map((name) => name.toLowerCase())).size).toBe(names.length);
  }
});

test('a training reports beside the pictures of the user, and goes on', async () => {
  const own = [
    'labels.png',
    'results.png',
    'confusion_matrix.png',
    'val_batch_0.png',
    'train_batch_0.jpg',
    'notes.txt',
  ];
  await mkdir(at('out', 'models'), { recursive: true });
  for (const name of [...own, 'models/mine.pth', 'events.out.tfevents.1.mine'])
    await writeFile(at('out', name), 'mine');
  const { printed, added } = await leavesAlone(commands.train!(at('out')));
  for (const name of own.slice(0, -1))
    expect(printed).toContain(`${name} is missing or old, training goes on`);
  expect(added).toEqual(expect.arrayContaining(['out/results.csv', 'out/models/last.safetensors']));
});

describe('a resumed training', () => {
  let stopped: string;
  beforeAll(async () => {
    stopped = join(folder, 'stopped');
    await cp(pattern, mine, { recursive: true });
    const args = commands.train!(stopped).map((word) =>
      word === SHORT[0] ? '--learning_parameters.num_iters=2' : word,
    );
    const { code } = await otx(args, {
      onOutput: (soFar, send) => {
        if (/^epoch 1\/2 {2}loss/m.test(soFar)) send('SIGINT');
      },
    });
    expect(code).toBe(130);
    await rm(mine, { recursive: true });
  });
  beforeEach(() => cp(stopped, at('run'), { recursive: true }));
  const resume = (run = at('run')) => ['train', '--resume-from', run, ...roots()];

  test('refuses to go on over a table or weights of the user’s', async () => {
    for (const name of ['results.csv', 'models/weights.safetensors']) {
      await rename(at('run', name), at('kept'));
      await writeFile(at('run', name), 'mine');
      await refuses(resume(), new RegExp(`${name}: was not written by otx`));
      await rename(at('kept'), at('run', name));
    }
  });

  test('refuses a run that has been moved into the data', async () => {
    await rename(at('run'), at('data', 'train', 'run'));
    await refuses(resume(at('data', 'train', 'run')), /train\/run: lies inside the training data/);
  });

  test('leaves pictures of the user’s alone, without a record as well', async () => {
    await rm(at('run', MANIFEST_FILE));
    for (const name of ['results.png', 'notes.txt']) await writeFile(at('run', name), 'mine');
    expect(await must(resume())).toContain('results.png is missing or old, training goes on');
    for (const name of ['results.png', 'notes.txt'])
      expect(await readFile(at('run', name), 'utf8')).toBe('mine');
  });
});

describe('a command that fails', () => {
  test.each(['eval', 'predict', 'export', 'augment', 'train'])('otx %s leaves no folder', async (command) => {
    for (const path of ['data/val/images', 'data/train/images', 'photos']) {
      await writeFile(at(path, 'scene-0001.jpg'), 'no image');
    }
    // Images beside a broken one are segmented.
    await writeFile(at('photos', 'scene-0002.jpg'), 'no image');
    const isBroken = (word: string) => command === 'export' && word === join(models, 'run');
    const out = join(folder, 'failed', 'out');
    const args = commands[command]!(out).map((word) => (isBroken(word) ? at('photos') : word));
    const codes: Record<string, string> = { predict: 'image', export: 'checkpoint' };
    await refuses(args, /scene-0001\.jpg|no weights/, codes[command] ?? 'dataset');
    expect(await readdir(folder)).not.toContain('failed');
  });
});

test('what a killed command was writing is swept by the next one', async () => {
  const script = fileURLToPath(new URL('../../dist/base/temporary-name.js', import.meta.url));
  const name = execFileSync(
    process.execPath,
    ['-e', `import(${JSON.stringify(script)}).then((m) => console.log(m.temporaryName('scene-0001.png')))`],
    { encoding: 'utf8' },
  ).trim();
  await mkdir(at('out', 'masks'), { recursive: true });
  for (const folder of ['.', 'masks']) await writeFile(at('out', folder, name), 'half');
  await writeFile(at('out', 'masks', '.scene-0001.png.tmp'), 'mine');
  await must(commands.predict!(at('out')));
  expect((await readdir(at('out'))).sort()).toEqual([MANIFEST_FILE, 'log.txt', 'masks', 'overlays']);
  expect((await readdir(at('out', 'masks'))).sort()).toEqual([
    '.scene-0001.png.tmp',
    'scene-0001.png',
    'scene-0002.png',
  ]);
});
