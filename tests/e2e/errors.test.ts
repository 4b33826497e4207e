import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';
import { otxHere } from './here.js';
import { type Outcome, otx } from './otx.js';

let folder: string;
let good: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-errors-'));
  good = join(folder, 'good');
  await generateScenes(good, { train: 2, val: 1, width: 64, height: 64 });
  await writeFile(join(folder, 'file'), 'this is a text file');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Every failure is one line on stderr, without a stack. */
function expectOneLine({ code, stderr, stdout }: Outcome, expectedCode: number, message: RegExp): void {
  expect(stderr).toMatch(/^otx: error: [^\n]+\n$/);
  expect(stderr).toMatch(message);
  expect(`${stdout}${stderr}`).not.toMatch(/\n +at |node:internal/);
  expect(code).toBe(expectedCode);
}

const trainOn = (train: string, output = join(folder, 'out')) =>
  otxHere([
    'train',
    'Lite-HRNet-s-mod2',
    '--train-data-roots',
    train,
    '--val-data-roots',
    join(good, 'val'),
    '-o',
    output,
  ]);

/** A copy of the good training set for breaking. */
async function copy(name: string): Promise<{ root: string; image: string; mask: string }> {
  const root = join(folder, name);
  await cp(join(good, 'train'), root, { recursive: true });
  const [image] = await readdir(join(root, 'images'));
  const [mask] = await readdir(join(root, 'masks'));
  return { root, image: join(root, 'images', image!), mask: join(root, 'masks', mask!) };
}

describe('data sets', () => {
  test('wrong folder', async () => {
    expectOneLine(await trainOn(join(folder, 'nowhere')), 1, /nowhere/);
  });

  test('empty folder', async () => {
    await mkdir(join(folder, 'empty'));
    expectOneLine(await trainOn(join(folder, 'empty')), 1, /empty/);
  });

  test('mask value without a class', async () => {
    const { root, mask } = await copy('value9');
    const classes = JSON.parse(await readFile(join(root, 'dataset_meta.json'), 'utf8'));
    expect(Object.keys(classes.label_map).length).toBeLessThan(10);
    const raw = { width: 64, height: 64, channels: 1 as const };
    await sharp(Buffer.alloc(64 * 64, 9), { raw })
      .toColourspace('b-w')
      .png()
      .toFile(`${mask}.tmp`);
    await cp(`${mask}.tmp`, mask);
    await rm(`${mask}.tmp`);
    const outcome = await trainOn(root);
    expectOneLine(outcome, 1, /\b9\b/);
    expect(outcome.stderr).toContain(mask);
  });

  test('missing mask', async () => {
    const { root, image, mask } = await copy('nomask');
    await rm(mask);
    const outcome = await trainOn(root);
    expectOneLine(outcome, 1, /mask/);
    expect(outcome.stderr).toContain(image);
  });

  test('truncated image', async () => {
    const { root, image } = await copy('truncated');
    const bytes = await readFile(image);
    await writeFile(image, bytes.subarray(0, bytes.length * 0.6));
    const outcome = await trainOn(root);
    expectOneLine(outcome, 1, /truncated|premature|damaged/i);
    expect(outcome.stderr).toContain(image);
  });

  test('image that is a text file', async () => {
    const { root, image } = await copy('text');
    await writeFile(image, 'this is a text file');
    const outcome = await trainOn(root);
    expectOneLine(outcome, 1, /image/);
    expect(outcome.stderr).toContain(image);
  });

  test('validation data with other classes', async () => {
    const { root } = await copy('classes');
    const path = join(root, 'dataset_meta.json');
    const meta = JSON.parse(await readFile(path, 'utf8'));
    meta.label_map['1'] = 'unicorn';
    await writeFile(path, JSON.stringify(meta));
    expectOneLine(await trainOn(root), 1, /its classes .*unicorn/);
  });
});

describe('output', () => {
  test.each(['file/run', 'file'])('%s, below or at a file, is refused before training', async (name) => {
    const outcome = await trainOn(join(good, 'train'), join(folder, name));
    expectOneLine(outcome, 1, /cannot be made/);
    expect(outcome.stdout).not.toMatch(/^epoch /m);
  });

  test('a file system that takes no files is refused before training', async () => {
    expectOneLine(await trainOn(join(good, 'train'), '/proc/otx-run'), 1, /\/proc\/otx-run/);
  });
});

describe('templates and weights', () => {
  test('unknown template, with the nearest names', async () => {
    const outcome = await otxHere([
      'train',
      'lite-hrnet-s',
      '--train-data-roots',
      good,
      '--val-data-roots',
      good,
    ]);
    expectOneLine(outcome, 1, /unknown template "lite-hrnet-s"; the nearest names are Lite-HRNet-s-mod2/);
  });

  test.each(['eval', 'predict', 'export'])('otx %s without usable weights', async (operation) => {
    const flags = {
      eval: ['--test-data-roots', join(good, 'val')],
      predict: ['--input', join(good, 'val', 'images')],
      export: [],
    }[operation] as string[];
    const args = [operation, ...flags, '-o', join(folder, operation), '--load-weights'];
    expectOneLine(
      await otxHere([...args, join(folder, 'none.safetensors')]),
      1,
      /none\.safetensors: no such checkpoint/,
    );
    expectOneLine(await otxHere([...args, join(folder, 'file')]), 1, /file: not a usable PyTorch file/);
    expectOneLine(await otxHere([...args, good]), 1, /no weights in this folder/);
  });

  test('a text file named .onnx', async () => {
    const path = join(folder, 'model.onnx');
    await writeFile(path, 'this is a text file');
    const label = { _id: '0', name: 'car', color: { red: 1, green: 2, blue: 3 } };
    await writeFile(join(folder, 'label_schema.json'), JSON.stringify({ all_labels: { 0: label } }));
    const args = ['--test-data-roots', join(good, 'val'), '-o', join(folder, 'eval')];
    expectOneLine(await otxHere(['eval', ...args, '--load-weights', path]), 1, /ONNX/);
  });
});

describe('usage', () => {
  const data = ['--train-data-roots', 'a', '--val-data-roots', 'b'];
  const train = ['train', 'Lite-HRNet-s-mod2', ...data];
  test.concurrent.each<[string[], RegExp]>([
    [['trian'], /unknown command 'trian' \(Did you mean train\?\)/],
    [['train', ...data, '--recipe', 'best'], /expected one of auto, otx/],
    [['train', 'Lite-HRNet-s-mod2'], /--train-data-roots/],
    [[...train, '--sed', '1'], /unknown option '--sed' \(Did you mean --seed\?\)/],
    [[...train, '--seed', '-1'], /expected an integer from 0 to 4294967295/],
    [[...train, '-o'], /argument missing/],
    [[...train, '-o', ''], /--output is empty/],
    [[...train, '--load-weights='], /--load-weights is empty/],
    [[...train, 'extra'], /too many arguments/],
    [
      [...train, 'params', '--learning_parameters.batch_size', '0'],
      /batch_size is "0"; allowed is an integer from 1 to 512/,
    ],
    [[...train, 'params', '--learning_parameters.input_size=100x100'], /a multiple of 32/],
    [
      [...train, 'params', '--learning_parameters.batchsize=4'],
      /did you mean learning_parameters\.batch_size\?/,
    ],
    [[...train, 'params', '--learning_parameters.batch_size'], /needs a value/],
    [[...train, 'params', '8'], /expected --<group>\.<name> value/],
    [['find', '--task', 'DETECTION'], /no templates for task "DETECTION"/],
    [['export', '--load-weights', 'x', '--export-type', 'caffe'], /--export-type: unsupported .*"caffe"/],
    [
      ['export', '--load-weights', 'x', 'params', '--learning_parameters.num_iters', '3'],
      /has no effect on otx export/,
    ],
    [['eval', '--load-weights', 'x'], /--test-data-roots/],
    [['predict', '--load-weights', 'y'], /--input/],
    [[...train, '--train-type', 'none'], /parameter --train-type is "none"; allowed is one of Incremental, /],
    [['build', '--train-ann-files', 'x'], /--train-ann-files of OTX is not here: /],
  ])('otx %j', async (args, message) => {
    expectOneLine(await otx(args, { cwd: folder }), 2, message);
  });

  test('OTX_DEBUG=1 adds the stack', async () => {
    const { stderr } = await otx(['train', 'x', ...data], { env: { OTX_DEBUG: '1' } });
    expect(stderr).toMatch(/^otx: error: unknown template.*\nOtxError: .*\n +at /);
  });
});

describe('what is no failure', () => {
  test.each<[string[], RegExp]>([
    [['--version'], /^\d+\.\d+\.\d+\n$/],
    [['--help'], /Usage: otx/],
    [
      [],
      /Usage: otx(.*\n)+ {2}(npx )?otx find\n {2}(npx )?otx train .*\n {2}(npx )?otx predict --input PHOTOS\n/,
    ],
    [['find'], /^TASK +\| ID +\| NAME +\| BASE PATH\n(.*\n)+.*Lite-HRNet-18-mod2 /],
    [['find', '--task', 'segmentation', '-v'], /Lite-HRNet-s-mod2 .*828,894 +\| 0\.683 G/],
    [['train', 'Lite-HRNet-s-mod2', 'params', '--help'], /--learning_parameters\.input_size <size>/],
  ])('otx %j', async (args, text) => {
    const { code, stdout, stderr } = await otxHere(args);
    expect(stderr).toBe('');
    expect(stdout).toMatch(text);
    expect(code).toBe(0);
  });
});
