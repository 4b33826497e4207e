/** @file Names and files that mean harm, through every command: nothing of them steers the terminal, a picture or the process. */
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';
import { exportModel, predict, type TrainOptions, train } from '../../src/index.js';
import { otxHere } from './here.js';
import type { Outcome } from './otx.js';

const NAMES = ['background', '__proto__', 'constructor', 'toString', 'hasOwnProperty', '<b>&"車'];
const TEMPLATE = 'Lite-HRNet-s-mod2';
const TINY = { inputSize: '64x64', epochs: 1, batchSize: 2, workers: 0 } as const;
const ESCAPES = '\u001b[2J\u0007\u202e';
const DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><circle r="9"/></svg>';

let folder: string;
let good: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-hostile-'));
  good = join(folder, 'good');
  await generateScenes(good, { train: 2, val: 1, width: 64, height: 64 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The scenes under other names, or with other files. */
async function dataset(name: string): Promise<{ train: string; val: string }> {
  const root = join(folder, name);
  await cp(good, root, { recursive: true });
  return { train: join(root, 'train'), val: join(root, 'val') };
}

async function rewriteMeta(root: string, names: readonly string[]): Promise<void> {
  const path = join(root, 'dataset_meta.json');
  const meta = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...meta, label_map: Object.fromEntries(names.entries()) }));
}

/** An error on stderr, with a list below it or without, in which nothing steers a terminal. */
function expectCleanError({ code, stdout, stderr }: Outcome, message: string): void {
  expect(stderr).toMatch(/^otx: error: [^\n]+\n( {2}[^\n]+\n)*$/);
  expect(stderr).toContain(message);
  expect(stdout + stderr).not.toMatch(/[^\n\P{C}]/u);
  expect(code).toBe(1);
}

describe('classes that are called like members of every object', () => {
  let weights: string;
  let photo: string;

  test('are trained, twice in one process, with all pictures', async () => {
    const { train: trainData, val } = await dataset('members');
    for (const root of [trainData, val]) await rewriteMeta(root, NAMES);
    photo = join(val, 'images', (await readdir(join(val, 'images')))[0]!);
    const before = Reflect.ownKeys(Object.prototype);
    for (const run of ['one', 'two']) {
      const notices: string[] = [];
      const options: TrainOptions = {
        template: TEMPLATE,
        trainData,
        validationData: val,
        output: join(folder, `members-${run}`),
        ...TINY,
        onEvent: (event) => {
          if (event.type === 'notice') notices.push(event.message);
        },
      };
      const result = await train(options);
      expect(result.classes.map(({ name }) => name)).toEqual(NAMES);
      expect(notices.filter((notice) => notice.includes('training goes on'))).toEqual([]);
      expect(await readdir(options.output)).toEqual(
        expect.arrayContaining(['results.png', 'labels.png', 'confusion_matrix.png', 'val_batch_0.png']),
      );
      weights = result.weights;
    }
    expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
  });

  test('are exported and predicted, from the checkpoint and from both exports', async () => {
    for (const type of ['onnx', 'pytorch'] as const) {
      const output = join(folder, `members-${type}`);
      const { model } = await exportModel({ weights, output, type });
      const { classes } = await predict({
        weights: model,
        template: TEMPLATE,
        inputSize: type === 'onnx' ? undefined : '64x64',
        input: photo,
        output: join(output, 'predictions'),
      });
      expect(classes.map(({ name }) => name)).toEqual(NAMES);
    }
  });
});

test('a class name that would steer the terminal is refused with its escapes written out', async () => {
  const { train, val } = await dataset('escapes');
  await rewriteMeta(train, ['background', `${ESCAPES}road`]);
  const outcome = await otxHere(['train', TEMPLATE, '--train-data-roots', train, '--val-data-roots', val]);
  expectCleanError(outcome, `${train}/dataset_meta.json: the class name "\\u001b[2J\\u0007\\u202eroad"`);
});

test.skipIf(platform() === 'win32')(
  'names of files that would steer the terminal are written out',
  async () => {
    const { train, val } = await dataset('files');
    const images = join(train, 'images');
    const [first] = await readdir(images);
    await rename(join(images, first!), join(images, `${ESCAPES}\nepoch 1.jpg`));
    const outcome = await otxHere(['train', TEMPLATE, '--train-data-roots', train, '--val-data-roots', val]);
    expectCleanError(outcome, '\\u001b[2J\\u0007\\u202e');
  },
);

test.each([`train ${ESCAPES}`, `find --${ESCAPES}`, `${ESCAPES}`, `train x params --${ESCAPES} 1`])(
  'words of a command line are written out: %j',
  async (words) => {
    const { code, stdout, stderr } = await otxHere(words.split(' '));
    expect(stdout + stderr).not.toMatch(/[^\n\P{C}]/u);
    expect(stderr).toMatch(/^otx: error: [^\n]+\n$/);
    expect(code).toBeGreaterThan(0);
  },
);

describe('a drawing under the name of a photograph is not decoded', () => {
  const said =
    'cannot be read as an image (it is a drawing (SVG or XML), not JPEG, PNG, WebP, TIFF, GIF or AVIF)';
  let data: { train: string; val: string };
  let image: string;
  beforeAll(async () => {
    data = await dataset('drawing');
    for (const root of [data.train, data.val]) {
      const images = join(root, 'images');
      const [first] = await readdir(images);
      image = join(images, first!);
      await writeFile(image, DRAWING);
    }
    await mkdir(join(folder, 'photographs'));
    await writeFile(join(folder, 'photographs', 'photo.jpg'), DRAWING);
  });

  test.each<[string, () => string[]]>([
    [
      'train',
      () => ['train', TEMPLATE, '--train-data-roots', data.train, '--val-data-roots', join(good, 'val')],
    ],
    [
      'validation',
      () => ['train', TEMPLATE, '--train-data-roots', join(good, 'train'), '--val-data-roots', data.val],
    ],
    [
      'unlabeled images',
      () => [
        ...[
          'train',
          TEMPLATE,
          '--train-data-roots',
          join(good, 'train'),
          '--val-data-roots',
          join(good, 'val'),
        ],
        ...['--unlabeled-data-roots', join(folder, 'photographs')],
      ],
    ],
    [
      'self-supervised training',
      () => ['train', TEMPLATE, '--train-data-roots', join(folder, 'photographs')],
    ],
    ['augment', () => ['augment', TEMPLATE, '--train-data-roots', data.train]],
  ])('by %s', async (_, words) => {
    expectCleanError(await otxHere([...words(), '-o', join(folder, 'out')]), said);
  });

  test('by eval and predict', async () => {
    const weights = join(folder, 'members-two');
    const evaluated = await otxHere(['eval', '--test-data-roots', data.val, '--load-weights', weights]);
    expectCleanError(evaluated, said);
    const out = join(folder, 'out');
    const predicted = await otxHere(['predict', '--input', image, '--load-weights', weights, '-o', out]);
    expectCleanError(predicted, said);
  });
});
