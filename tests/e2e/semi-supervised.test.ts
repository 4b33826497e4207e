import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';
import { loadCheckpoint } from '../../src/runs/checkpoint.js';
import { otxHere } from './here.js';
import { otx } from './otx.js';
import { outcomeOf } from './runs.js';

let folder: string;
let data: string;
let unlabeled: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-semi-'));
  data = join(folder, 'data');
  unlabeled = join(folder, 'unlabeled');
  await generateScenes(data, { train: 5, val: 2, width: 80, height: 64 });
  await generateScenes(join(folder, 'more'), { train: 7, val: 1, width: 80, height: 64 });
  await mkdir(unlabeled);
  await rename(join(folder, 'more/train/images'), join(unlabeled, 'photographs'));
  await rename(join(folder, 'more/val/images'), join(unlabeled, 'others'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Four epochs of two steps, the first three of which see labels alone. */
function trainArguments(template: string, output: string, ...more: string[]): string[] {
  return [
    ...['train', template, '--train-data-roots', join(data, 'train'), '--val-data-roots', join(data, 'val')],
    ...['-o', output, '--checkpoint-interval', '1', ...more, 'params'],
    ...['--learning_parameters.input_size', '64x64', '--learning_parameters.batch_size', '2'],
    ...['--learning_parameters.unlabeled_batch_size', '3', '--learning_parameters.num_iters', '4'],
    ...['--learning_parameters.learning_rate_warmup_iters', '2'],
  ];
}

const semi = (template: string, output: string, ...more: string[]): string[] =>
  trainArguments(template, output, '--unlabeled-data-roots', unlabeled, ...more);

async function namesIn(output: string, file: string): Promise<string[]> {
  return [...(await loadCheckpoint(join(output, 'models', file))).tensors.keys()];
}

async function table(output: string): Promise<Record<string, string>[]> {
  const [head, ...rows] = (await readFile(join(output, 'results.csv'), 'utf8')).trim().split('\n');
  const names = head!.split(',');
  return rows.map((row) => Object.fromEntries(row.split(',').map((cell, i) => [names[i]!, cell])));
}

test('--unlabeled-data-roots selects a mean teacher, and the run folder shows what it does', async () => {
  const output = join(folder, 'Lite-HRNet-s-mod2-whole');
  const { code, stdout, stderr } = await otxHere(semi('Lite-HRNet-s-mod2', output));
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toContain(`unlabeled images ${unlabeled}: 8`);
  expect(await readFile(join(output, 'config.yaml'), 'utf8')).toMatch(/train_type: Semisupervised/);

  const [first, ...later] = await table(output);
  expect(first).toMatchObject({ unsupervised_loss: '', kept: '', entropy_threshold: '' });
  for (const epoch of later) {
    expect(Number(epoch!.unsupervised_loss)).toBeGreaterThan(0);
    expect(Number(epoch!.kept)).toBeGreaterThan(0.75);
    expect(Number(epoch!.kept)).toBeLessThan(0.85);
    expect(Number(epoch!.entropy_threshold)).toBeGreaterThan(0);
  }
  for (const epoch of [first, ...later]) {
    expect(Number(epoch!.teacher_mDice)).toBeGreaterThan(0);
    expect(Number(epoch!.mDice)).toBeGreaterThan(0);
  }
  expect(await readdir(join(output, 'teacher'))).toEqual(['epoch_002.jpg', 'epoch_003.jpg', 'epoch_004.jpg']);
  const sheet = await sharp(join(output, 'teacher/epoch_003.jpg')).metadata();
  expect(sheet.width).toBe(5 * 8 + 4 * 320);

  const student = await namesIn(output, 'weights.safetensors');
  expect(student.filter((name) => /teacher|proto|optimizer/.test(name))).toEqual([]);
  const all = await namesIn(output, 'last.safetensors');
  for (const name of student) expect(all).toContain(`state.teacher.${name}`);
  const score = ['eval', '--test-data-roots', join(data, 'val'), '-o', join(folder, 'score')];
  const scored = await otxHere([...score, '--load-weights', output]);
  expect(scored.code).toBe(0);
});

/** The same with two strong views; the labels of a teacher that has learned little are rarely sure. */
const unimatch = (output: string): string[] => [
  ...semi('Lite-HRNet-s-mod2', output, '--semi', 'unimatch'),
  ...[
    '--learning_parameters.pseudo_label_threshold',
    '0.15',
    '--learning_parameters.balanced_thresholds',
    'true',
  ],
  ...['--learning_parameters.unsupervised_ramp_iters', '2'],
];

test('--semi unimatch learns from what the teacher is sure of, and goes on bit by bit when it was killed', async () => {
  const [whole, killed] = [join(folder, 'unimatch-whole'), join(folder, 'unimatch-killed')];
  const { code, stderr } = await otxHere(unimatch(whole));
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(await readFile(join(whole, 'config.yaml'), 'utf8')).toMatch(
    /semi_method: unimatch(.|\n)*unsupervised_weight: 1\n/,
  );
  const [first, ...later] = await table(whole);
  expect(first).toMatchObject({ unsupervised_loss: '', kept: '', confidence: '', lowest_threshold: '' });
  for (const epoch of later) {
    expect(Number(epoch!.unsupervised_loss)).toBeGreaterThan(0);
    expect(Number(epoch!.kept)).toBeGreaterThan(0);
    expect(Number(epoch!.kept)).toBeLessThanOrEqual(1);
    expect(Number(epoch!.confidence)).toBeGreaterThan(0.1);
    expect(Number(epoch!.lowest_threshold)).toBeLessThanOrEqual(0.15);
    expect(Number(epoch!.teacher_mDice)).toBeGreaterThan(0);
  }
  expect(await readdir(join(whole, 'teacher'))).toEqual(['epoch_002.jpg', 'epoch_003.jpg', 'epoch_004.jpg']);
  const student = await namesIn(whole, 'weights.safetensors');
  expect(student.filter((name) => /teacher|confidence|optimizer/.test(name))).toEqual([]);
  const all = await namesIn(whole, 'last.safetensors');
  for (const name of [...student.map((own) => `teacher.${own}`), 'class_confidence'])
    expect(all).toContain(`state.${name}`);

  const stopped = await otx(unimatch(killed), {
    onOutput: (text, send) => {
      if (text.includes('epoch 3/4')) send('SIGKILL');
    },
  });
  expect(stopped.code).toBeNull();
  const resumed = await otxHere(['train', '--resume-from', killed]);
  expect(resumed.stderr).toBe('');
  expect(resumed.code).toBe(0);
  expect(await outcomeOf(killed)).toEqual(await outcomeOf(whole));
});

describe('a semi-supervised training that was killed', () => {
  test.each(['Lite-HRNet-s-mod2', 'SegNext-t'])(
    'is the same bit by bit when it is resumed, teacher and prototypes too: %s',
    async (template) => {
      const [whole, killed] = [join(folder, `${template}-whole`), join(folder, `${template}-killed`)];
      // The other was trained above.
      if (template === 'SegNext-t') expect((await otxHere(semi(template, whole))).code).toBe(0);
      const { code } = await otx(semi(template, killed), {
        onOutput: (text, send) => {
          if (text.includes('epoch 3/4')) send('SIGKILL');
        },
      });
      expect(code).toBeNull();
      if (template !== 'SegNext-t') await expectRefusalOfOtherImages(killed);
      const resumed = await otxHere(['train', '--resume-from', killed]);
      expect(resumed.stderr).toBe('');
      expect(resumed.code).toBe(0);
      expect(await outcomeOf(killed)).toEqual(await outcomeOf(whole));
      if (template === 'SegNext-t')
        expect(await namesIn(killed, 'last.safetensors')).toContain('state.proto_net.prototypes');
    },
  );
});

/** It does not go on with other unlabeled images, and can go on with its own afterwards. */
async function expectRefusalOfOtherImages(run: string): Promise<void> {
  const { code, stderr } = await otxHere([
    ...['train', '--resume-from', run, '--unlabeled-data-roots', join(unlabeled, 'photographs')],
  ]);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/^otx: error: [^\n]*it has 7 images; there were 8[^\n]*\n$/);
}

describe('the kind of training', () => {
  const refusal = async (args: string[], message: RegExp) => {
    const { code, stderr } = await otxHere(args);
    expect(stderr).toMatch(/^otx: error: /);
    expect(stderr).toMatch(message);
    expect(code).toBeGreaterThan(0);
  };
  const printed = async (...more: string[]): Promise<string> => {
    const args = trainArguments('Lite-HRNet-s-mod2', join(folder, 'printed'), '--print-config', ...more);
    return (await otxHere(args)).stdout;
  };

  test('follows from the unlabeled images, unless it is named', async () => {
    expect(await printed('--unlabeled-data-roots', unlabeled)).toMatch(/train_type: Semisupervised/);
    expect(await printed('--unlabeled-data-roots', join(unlabeled, 'others'))).toMatch(
      /train_type: Incremental/,
    );
    const named = await printed('--unlabeled-data-roots', unlabeled, '--train-type', 'incremental');
    expect(named).toMatch(/train_type: Incremental/);
  });

  test('that is semi-supervised needs unlabeled images, and a list of them needs a folder', async () => {
    const output = join(folder, 'refused');
    await refusal(
      trainArguments('Lite-HRNet-s-mod2', output, '--train-type', 'Semisupervised'),
      /missing required option --unlabeled-data-roots/,
    );
    await refusal(
      trainArguments('Lite-HRNet-s-mod2', output, '--semi', 'unimatch'),
      /--semi: a training of the kind Incremental learns from none; .* --unlabeled-data-roots/,
    );
    const list = join(folder, 'list.txt');
    await writeFile(list, 'photographs/nothing.jpg\n');
    await refusal(
      trainArguments('Lite-HRNet-s-mod2', output, '--unlabeled-file-list', list),
      /list\.txt of --unlabeled-file-list names images relative to --unlabeled-data-roots/,
    );
    await refusal(
      semi('Lite-HRNet-s-mod2', output, '--unlabeled-file-list', list),
      /nothing\.jpg \(line 1\)/,
    );
    await refusal(
      trainArguments('Lite-HRNet-s-mod2', output, '--unlabeled-data-roots', join(folder, 'gone')),
      /gone does not exist; expected a folder of images/,
    );
  });
});
