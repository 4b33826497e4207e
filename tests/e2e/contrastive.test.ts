import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';
import { loadCheckpoint } from '../../src/runs/checkpoint.js';
import { otxHere } from './here.js';
import { otx } from './otx.js';

const SMALL = [
  '--learning_parameters.num_workers=0',
  '--learning_parameters.input_size',
  '64x64',
  '--learning_parameters.batch_size',
  '2',
];

let folder: string;
let data: string;
let images: string;
let pretrained: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-contrastive-'));
  data = join(folder, 'data');
  images = join(folder, 'images');
  pretrained = join(folder, 'pretrained');
  await generateScenes(data, { train: 6, val: 2, width: 96, height: 80 });
  await cp(join(data, 'train', 'images'), images, { recursive: true });
  await writeFile(join(images, 'notes.txt'), 'not an image');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Epochs of three steps. */
const selfSupervised = (output: string, epochs = 4): string[] => [
  ...['train', 'Lite-HRNet-s-mod2', '--train-data-roots', images, '-o', output, '--checkpoint-interval', '1'],
  ...['params', ...SMALL, '--learning_parameters.num_iters', String(epochs)],
  ...['--learning_parameters.optimizer', 'sgd'],
];

const labeled = (output: string, ...more: string[]): string[] => [
  ...['train', 'Lite-HRNet-s-mod2', '--train-data-roots', join(data, 'train')],
  ...['--val-data-roots', join(data, 'val'), '-o', output, ...more],
];

const supcon = (output: string): string[] => [
  ...labeled(output, '--checkpoint-interval', '1', 'params', ...SMALL),
  ...['--learning_parameters.num_iters', '3', '--learning_parameters.enable_supcon=True'],
  ...['--learning_parameters.learning_rate_warmup_iters', '2'],
];

/** Hash of all tensors of the newest checkpoint, and what the history says apart from times. */
async function outcomeOf(output: string) {
  const { tensors, info } = await loadCheckpoint(join(output, 'models', 'last.safetensors'));
  const hash = createHash('sha256');
  for (const [key, { data }] of tensors) {
    hash.update(key).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  const { seconds: _, ...state } = info.resume!.state;
  return { hash: hash.digest('hex'), state };
}

/** Kills a training as soon as its newest checkpoint holds some steps. */
async function killAfterSteps(args: readonly string[], output: string, updates: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const { code } = await otx(args, {
    onStart: (send) => {
      timer = setInterval(async () => {
        const last = join(output, 'models', 'last.safetensors');
        const checkpoint = await loadCheckpoint(last).catch(() => undefined);
        if (checkpoint && checkpoint.info.progress.step >= updates) send('SIGKILL');
      }, 15);
    },
  });
  clearInterval(timer);
  expect(code).toBeNull();
}

describe('self-supervised training', () => {
  test('a folder of images without masks selects it; it leaves a backbone, pseudo masks and figures', async () => {
    const { code, stdout, stderr } = await otxHere(selfSupervised(pretrained));
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('train type Selfsupervised');
    expect(stdout).toMatch(/pseudo masks in .*detcon_mask: 6 made, 0 used again/);
    expect(stdout).toMatch(
      /epoch 1\/4 {2}loss \d\.\d+ {2}positive_similarity -?0\.\d+ {2}negative_similarity -?0\.\d+/,
    );
    expect(stdout).toMatch(/Performance\(score: -1, /);
    expect(stdout).toMatch(/otx train Lite-HRNet-s-mod2 .* --load-weights .*pretrained/);
    expect((await readdir(join(folder, 'detcon_mask'))).filter((name) => name.endsWith('.png'))).toHaveLength(
      6,
    );
    // Only read: nothing was added to what the user gave.
    expect(await readdir(images)).toHaveLength(7);

    const { tensors, info } = await loadCheckpoint(pretrained);
    expect(tensors.size).toBe(1006);
    expect([...tensors.keys()].every((key) => key.startsWith('backbone.'))).toBe(true);
    expect(info.hyperParameters.algo_backend!.train_type).toBe('Selfsupervised');
    expect(info.progress).toMatchObject({ epoch: 4, step: 12, seed: 5, best: null });
    expect(info.hyperParameters.learning_parameters).toMatchObject({
      optimizer: 'sgd',
      learning_rate: 0.001,
      learning_rate_warmup_iters: 0,
      learning_rate_schedule: 'constant',
      enable_early_stopping: false,
    });
    const last = (await loadCheckpoint(join(pretrained, 'models', 'last.safetensors'))).tensors;
    for (const name of [
      'state.detconb.target_backbone.stem.conv1.conv.weight',
      'state.detconb.target_projector.mlp.0.weight',
      'state.detconb.head.predictor.mlp.3.bias',
      'optimizer.momentum_buffer.backbone.stem.conv1.conv.weight',
    ])
      expect(last.has(name)).toBe(true);
    const [head] = (await readFile(join(pretrained, 'results.csv'), 'utf8')).split('\n');
    expect(head).toMatch(/positive_similarity,negative_similarity/);
  });

  test('the next run uses the masks again and makes what is missing', async () => {
    const masks = join(folder, 'detcon_mask');
    const [gone, kept] = (await readdir(masks)).filter((name) => name.endsWith('.png'));
    const before = await stat(join(masks, kept!));
    await rm(join(masks, gone!));
    const { stdout } = await otxHere(selfSupervised(join(folder, 'again'), 1));
    expect(stdout).toMatch(/1 made, 5 used again/);
    expect((await stat(join(masks, kept!))).mtimeMs).toBe(before.mtimeMs);
  });

  test('killed and resumed it is the same bit by bit', async () => {
    const output = join(folder, 'killed');
    await killAfterSteps(selfSupervised(output), output, 2);
    const { code, stderr } = await otxHere(['train', '--resume-from', output]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(await outcomeOf(output)).toEqual(await outcomeOf(pretrained));
  });

  test('supervised training starts from its backbone, and says what it found', async () => {
    const output = join(folder, 'fine-tuned');
    const settings = ['params', ...SMALL, '--learning_parameters.num_iters', '1'];
    const { code, stdout } = await otxHere(labeled(output, '--load-weights', pretrained, ...settings));
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /loaded 865 of 902 tensors from .*pretrained\n.*37 missing, keep their initial values: decode_head\./,
    );
    expect(stdout).toMatch(/Performance\(score: 0\.\d+/);
  });

  test.each([
    ['eval', (run: string) => ['eval', '--test-data-roots', join(data, 'val'), '--load-weights', run]],
    ['export', (run: string) => ['export', '--load-weights', run]],
  ])('%s says that a backbone alone cannot segment', async (_, args) => {
    const { code, stderr } = await otxHere([...args(pretrained), '-o', join(folder, 'none')]);
    expect(stderr).toMatch(
      /holds a backbone from self-supervised training and no segmentation head.*--load-weights/,
    );
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(code).not.toBe(0);
  });
});

describe('supervised contrastive training', () => {
  let whole: string;
  beforeAll(async () => {
    whole = join(folder, 'supcon');
  });

  test('trains both heads, compares views in every fifth step, and leaves a model that segments', async () => {
    const { code, stdout, stderr } = await otxHere(supcon(whole));
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const [head, ...rows] = (await readFile(join(whole, 'results.csv'), 'utf8')).trim().split('\n');
    const column = head!.split(',').indexOf('contrastive_loss');
    // Three steps in an epoch: the fifth of the training is in the second one.
    expect(rows.map((row) => row.split(',')[column] !== '')).toEqual([false, true, false]);
    expect(stdout).toMatch(/epoch 2\/3 .*segmentation_loss \d.*contrastive_loss \d/);
    const { tensors } = await loadCheckpoint(whole);
    expect(tensors.size).toBe(1050);
    expect([...tensors.keys()].some((key) => key.includes('detconb'))).toBe(false);
    const scored = await otxHere([
      'eval',
      '--test-data-roots',
      join(data, 'val'),
      '--load-weights',
      whole,
      '-o',
      join(folder, 'score'),
    ]);
    expect(scored.stdout).toMatch(/Performance\(score: /);
  });

  test('killed before a pair and resumed it is the same bit by bit', async () => {
    const output = join(folder, 'supcon-killed');
    await otx(supcon(output), {
      onOutput: (text, send) => {
        if (text.includes('epoch 1/3  loss')) send('SIGKILL');
      },
    });
    expect((await otxHere(['train', '--resume-from', output])).code).toBe(0);
    expect(await outcomeOf(output)).toEqual(await outcomeOf(whole));
  });

  test('positives of a class and whole images train, are kept, and go on bit by bit', async () => {
    const settings = ['--learning_parameters.supcon_positives', 'class'];
    const args = (output: string) => [
      ...supcon(output),
      ...settings,
      ...['--learning_parameters.supcon_single_view', 'whole'],
    ];
    const [whole, killed] = [join(folder, 'supcon-class'), join(folder, 'supcon-class-killed')];
    expect((await otxHere(args(whole))).code).toBe(0);
    const { info } = await loadCheckpoint(whole);
    expect(info.hyperParameters.learning_parameters).toMatchObject({
      supcon_positives: 'class',
      supcon_single_view: 'whole',
    });
    await killAfterSteps(args(killed), killed, 4);
    expect((await otxHere(['train', '--resume-from', killed])).code).toBe(0);
    expect(await outcomeOf(killed)).toEqual(await outcomeOf(whole));
  });

  test('starts from a backbone of self-supervised training', async () => {
    const args = supcon(join(folder, 'supcon-from'));
    args[args.indexOf('--learning_parameters.num_iters') + 1] = '1';
    const { code, stdout } = await otxHere([
      ...args.slice(0, 8),
      '--load-weights',
      pretrained,
      ...args.slice(8),
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/loaded 865 of \d+ tensors/);
  });
});

describe('otx train refuses in one line', () => {
  test.each<[string, () => string[], RegExp]>([
    [
      'validation data for self-supervised training',
      () => labeled(join(folder, 'no'), '--train-type', 'Selfsupervised'),
      /self-supervised training does not validate: leave out --val-data-roots/,
    ],
    [
      'a data set with masks for self-supervised training',
      () => [
        'train',
        'Lite-HRNet-s-mod2',
        '--train-data-roots',
        join(data, 'train'),
        '--train-type',
        'selfsupervised',
      ],
      /is a data set with masks/,
    ],
    [
      'SupCon without masks',
      () => [...selfSupervised(join(folder, 'no')), '--learning_parameters.enable_supcon', 'true'],
      /enable_supcon goes with --train-type Incremental, not Selfsupervised/,
    ],
    [
      'positives of a class without SupCon',
      () => labeled(join(folder, 'no'), 'params', '--learning_parameters.supcon_positives', 'class'),
      /supcon_positives: it goes with .*enable_supcon, which is off; leave it out/,
    ],
    [
      'an unknown train type',
      () => labeled(join(folder, 'no'), '--train-type', 'Supervised'),
      /--train-type is "Supervised"; allowed is one of Incremental/,
    ],
  ])('%s', async (_, args, message) => {
    const { code, stderr } = await otxHere(args());
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^otx: error: [^\n]+\n$/);
    expect(code).not.toBe(0);
  });
});
