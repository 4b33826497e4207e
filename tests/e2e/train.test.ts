import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MANIFEST_FILE } from '../../src/base/outputs/manifest.js';
import { readPngHead } from '../../src/data/masks/png.js';
import { generateScenes } from '../../src/demo/generate.js';
import { readIndexMask } from '../../src/drawing/index-mask.js';
import { EVALUATION_FILES } from '../../src/inference/evaluation-files.js';
import { loadCheckpoint } from '../../src/runs/checkpoint.js';
import { otxHere } from './here.js';
import { otx } from './otx.js';

const SMALL = [
  ...['--learning_parameters.input_size', '64x64', '--learning_parameters.batch_size=2'],
  '--learning_parameters.enable_early_stopping=False',
];

let folder: string;
let data: string;
let run: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-e2e-'));
  data = join(folder, 'data');
  run = join(folder, 'run');
  await generateScenes(data, { train: 5, val: 2, width: 80, height: 64 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function trainArguments(output: string, ...params: string[]): string[] {
  const roots = ['--train-data-roots', join(data, 'train'), '--val-data-roots', join(data, 'val')];
  // One training starts threads that load images; what they do is the same without.
  const own = output === run ? SMALL : [...SMALL, '--learning_parameters.num_workers=0'];
  return ['train', 'lite-hrnet-S-mod2', ...roots, '-o', output, '--seed', '7', 'params', ...own, ...params];
}

const lastOf = (output: string) => join(output, 'models', 'last.safetensors');

/** Hash of the newest weights and moments. */
async function hashOf(output: string): Promise<string> {
  const hash = createHash('sha256');
  for (const [key, { data }] of (await loadCheckpoint(lastOf(output))).tensors) {
    hash.update(key).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

describe('otx train', () => {
  test('trains, tells what it does in plain lines, and leaves a run folder', async () => {
    const { code, stdout, stderr } = await otx(trainArguments(run, '--learning_parameters.num_iters', '2'));
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/5 images\n +class +name +pixels/);
    expect(stdout).toMatch(
      /training Lite-HRNet-s-mod2 \(82\d,\d+ parameters\), train type Incremental:\n2 epochs of 2 steps, batch 2, crop 64, validation 68/,
    );
    expect(stdout).toMatch(/epoch 1\/2 {2}loss \d\.\d+ {2}mDice 0\.\d+ .* best\n/);
    expect(stdout).toMatch(/Performance\(score: 0\.\d+, dashboard: \(1 metric groups\)\)/);
    expect(stdout).not.toContain('\r');
    expect((await readdir(join(run, 'models'))).sort()).toEqual([
      'label_schema.json',
      'last.safetensors',
      'weights.safetensors',
    ]);
    const history = (await readFile(join(run, 'results.csv'), 'utf8')).trim().split('\n');
    expect(history).toHaveLength(3);
    expect(history[0]).toMatch(/^epoch,loss,learning_rate,mDice,.*Dice\.background,/);
  });

  test('the checkpoint says what it is', async () => {
    const { info, tensors } = await loadCheckpoint(run);
    expect(info.template.name).toBe('Lite-HRNet-s-mod2');
    expect(info.hyperParameters.learning_parameters).toMatchObject({
      batch_size: 2,
      num_iters: 2,
      input_size: '64x64',
    });
    expect(info.progress).toMatchObject({ seed: 7 });
    expect(info.metrics?.mDice).toBe(info.progress.best?.mDice);
    expect(tensors.get('backbone.stem.conv1.bn.num_batches_tracked')).toEqual({
      dtype: 'I64',
      shape: [],
      data: BigInt64Array.of(BigInt(info.progress.step)),
    });
    expect([...tensors.keys()].some((key) => key.startsWith('optimizer.'))).toBe(false);
    const last = (await loadCheckpoint(lastOf(run))).tensors;
    expect(last.has('optimizer.exp_avg.decode_head.conv_seg.weight')).toBe(true);
    expect(last.has('optimizer.exp_avg_sq.decode_head.conv_seg.weight')).toBe(true);
  });

  test('the same seed gives bit-identical weights with any number of workers, another seed does not', async () => {
    const train = async (name: string, ...params: string[]) => {
      const args = trainArguments(join(folder, name), '--learning_parameters.num_iters', '2', ...params);
      expect((await otxHere(args)).code).toBe(0);
      return hashOf(join(folder, name));
    };
    const first = await hashOf(run);
    expect(await train('workers')).toBe(first);

    const args = trainArguments(join(folder, 'seed'), '--learning_parameters.num_iters', '2');
    args[args.indexOf('--seed') + 1] = '8';
    expect((await otxHere(args)).code).toBe(0);
    expect(await hashOf(join(folder, 'seed'))).not.toBe(first);
  });

  test('SGD with momentum trains, and goes on bit by bit with its own state after an interruption', async () => {
    const sgd = ['--learning_parameters.optimizer', 'SGD', '--learning_parameters.learning_rate=0.05'];
    const begin = (name: string, options?: Parameters<typeof otx>[1]) =>
      otx(trainArguments(join(folder, name), ...sgd, '--learning_parameters.num_iters', '3'), options);
    expect((await begin('sgd')).code).toBe(0);
    const whole = lastOf(join(folder, 'sgd'));
    const { tensors } = await loadCheckpoint(whole);
    const optimizer = [...tensors.keys()].filter((key) => key.startsWith('optimizer.'));
    expect(optimizer.length).toBeGreaterThan(100);
    expect(optimizer.every((key) => key.startsWith('optimizer.momentum_buffer.'))).toBe(true);
    const velocity = tensors.get('optimizer.momentum_buffer.decode_head.conv_seg.weight')!
      .data as Float32Array;
    expect(velocity.some((value) => value !== 0)).toBe(true);

    const { code } = await begin('sgd-cut', {
      onOutput: (text, send) => {
        if (/epoch +1\/3 {2}loss/.test(text)) send('SIGINT');
      },
    });
    expect(code).toBe(130);
    expect((await otxHere(['train', '--resume-from', join(folder, 'sgd-cut')])).code).toBe(0);
    expect(await hashOf(join(folder, 'sgd-cut'))).toBe(await hashOf(join(folder, 'sgd')));
  });

  test('keeps copies of the images where it is told to, and trains on them', async () => {
    const cache = join(folder, 'cache');
    const train = async (name: string, scheme: string) => {
      const args = trainArguments(join(folder, name), '--learning_parameters.num_iters', '2');
      args.push('--algo_backend.storage_cache_scheme', scheme);
      expect((await otx(args, { env: { OTX_CACHE: cache } })).code).toBe(0);
      return hashOf(join(folder, name));
    };
    // Copies with the same pixels give the same weights.
    expect(await train('stored', 'as-is')).toBe(await hashOf(run));
    expect(await readdir(join(cache, 'images'))).toHaveLength(5);
    const lossy = await train('lossy', 'JPEG/75');
    expect(lossy).not.toBe(await hashOf(run));
    expect(await readdir(join(cache, 'images'))).toHaveLength(10);
    expect(await train('lossy-again', 'JPEG/75')).toBe(lossy);
  });

  test('starts from given weights, and reduces a batch that is larger than the data set', async () => {
    const args = trainArguments(join(folder, 'more'), '--learning_parameters.num_iters', '1');
    args[args.indexOf('--learning_parameters.batch_size=2')] = '--learning_parameters.batch_size=100';
    args.splice(args.indexOf('params'), 0, '--load-weights', run);
    const { code, stdout } = await otxHere(args);
    expect(code).toBe(0);
    expect(stdout).toContain('note: batch size reduced from 100 to 5, the number of training images');
    expect(stdout).toMatch(/note: loaded (\d+) of \1 tensors from /);
  });

  test('weights of a run with other classes keep the rows of shared ones, and new classes are shown more often', async () => {
    const meta = JSON.parse(await readFile(join(data, 'train', 'dataset_meta.json'), 'utf8'));
    const fewer = join(folder, 'fewer');
    for (const subset of ['train', 'val']) {
      await cp(join(data, subset), join(fewer, subset), { recursive: true });
      const label_map = { ...meta.label_map, 5: 'balloon' };
      await writeFile(join(fewer, subset, 'dataset_meta.json'), JSON.stringify({ ...meta, label_map }));
    }
    const args = trainArguments(join(folder, 'incremental'), '--learning_parameters.num_iters', '1');
    args[args.indexOf('--train-data-roots') + 1] = join(fewer, 'train');
    args[args.indexOf('--val-data-roots') + 1] = join(fewer, 'val');
    args.splice(args.indexOf('params'), 0, '--load-weights', run);
    const { code, stdout, stderr } = await otxHere(args);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const old = meta.label_map[5];
    const kept = Object.values(meta.label_map).filter((name) => name !== old);
    expect(stdout).toContain(
      `; classes kept by name: ${kept.join(', ')}; classes that start fresh: balloon; classes dropped: ${old}\n`,
    );
    expect(stdout).toMatch(/class-incremental training: \d images show new classes, \d only known ones/);
    expect(stdout).toMatch(/mean Dice of the given weights: 0\.\d+/);
  });

  test('an earlier run is not overwritten', async () => {
    const before = await hashOf(run);
    const { code, stderr } = await otxHere(trainArguments(run, '--learning_parameters.num_iters', '1'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^otx: error: .*holds an earlier run .*choose another folder or remove it\n$/);
    expect(await hashOf(run)).toBe(before);
  });

  // The codes of other signals are those of tests of signals.
  test('SIGTERM finishes the step, saves, says how to go on and ends with status 143', async () => {
    const output = join(folder, 'SIGTERM');
    const { code, stdout, stderr } = await otx(
      trainArguments(
        output,
        ...['--learning_parameters.num_iters', '100000', '--learning_parameters.validation_interval', '1'],
      ),
      {
        onOutput: (text, send) => {
          if (/epoch +1\/100000 {2}loss/.test(text)) send('SIGTERM');
        },
      },
    );
    const last = join(output, 'models', 'last.safetensors');
    expect(code).toBe(143);
    expect(stderr).toContain(`saved ${last}; go on with: otx train --resume-from ${output}`);
    expect(stdout).toMatch(/\n {2}resume +otx train --resume-from .*\n {2}score +otx eval /);
    const { info, tensors } = await loadCheckpoint(last);
    const steps = tensors.get('backbone.stem.conv1.bn.num_batches_tracked')?.data[0];
    expect(steps).toBe(BigInt(info.progress.step));
    expect(stderr).toContain(`stopped after ${steps} steps`);
  });
});

describe('what was trained', () => {
  test('is found without being named, and every command says what can be done next', async () => {
    const cwd = join(folder, 'elsewhere');
    const latest = join('otx-workspace', 'outputs', '20260101_000000_train');
    await cp(join(run, 'models'), join(cwd, latest, 'models'), { recursive: true });
    const input = join(data, 'val', 'images');
    const { code, stdout, stderr } = await otx(['predict', '-i', input], { cwd });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain(`note: no --load-weights given; taking the latest training, ${latest}\n`);
    const [, output] = /overlays in (otx-workspace\S+_predict)/.exec(stdout)!;
    expect(await readdir(join(cwd, output!, 'masks'))).toHaveLength(2);
    expect(stdout).toContain(`\n  export  otx export --load-weights ${latest}\n`);
    // Under npx the same line begins with it.
    const exported = await otx(['export'], { cwd, env: { npm_command: 'exec' } });
    expect(exported.stdout).toMatch(
      /\n {2}segment {2}npx otx predict --input <image or folder> --load-weights \S+_export/,
    );
  });

  test('otx eval repeats the score of the checkpoint and writes performance.json', async () => {
    const output = join(folder, 'eval');
    const { code, stdout } = await otxHere([
      'eval',
      ...['--test-data-roots', join(data, 'val'), '--load-weights', run, '-o', output],
    ]);
    expect(code).toBe(0);
    const written = JSON.parse(await readFile(join(output, 'performance.json'), 'utf8'));
    expect(Object.keys(written)).toEqual(['Dice Average']);
    expect(stdout).toContain(`Performance(score: ${written['Dice Average']}, dashboard: (1 metric groups))`);
    const { info } = await loadCheckpoint(run);
    expect(stdout).toContain(`mean Dice ${info.metrics?.mDice?.toFixed(4)} with background`);
  });

  test('otx eval writes tables and pictures of what went wrong', async () => {
    const output = join(folder, 'tables');
    const { code, stdout } = await otxHere([
      'eval',
      ...['--test-data-roots', join(data, 'val'), '--load-weights', run, '-o', output],
    ]);
    expect(code).toBe(0);
    const names = Object.values(EVALUATION_FILES);
    expect((await readdir(output)).sort()).toEqual([MANIFEST_FILE, ...names, 'log.txt'].sort());
    expect(stdout).toContain(`\nwritten into ${output}: ${names.join(', ')}\n`);
    expect(stdout).toContain(`\n  look     ${join(output, 'eval_worst.png')}\n`);
    const table = async (name: string) =>
      (await readFile(join(output, name), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => line.split(','));

    const { info } = await loadCheckpoint(run);
    const [, ...perClass] = await table('eval_classes.csv');
    const [head, ...confusion] = await table('eval_confusion.csv');
    expect(perClass.map(([name]) => name)).toEqual(head!.slice(1));
    for (const [index, [, dice, iou, recall, precision, pixels]] of perClass.entries()) {
      const expected = info.metrics!.perClass[index]!;
      const right = Number(confusion[index]![index + 1]);
      const predicted = confusion.reduce((sum, row) => sum + Number(row[index + 1]), 0);
      const cells: [string, number | null][] = [
        [dice!, expected.dice],
        [iou!, expected.iou],
        [recall!, expected.acc],
        [precision!, right / predicted],
      ];
      for (const [cell, value] of cells) {
        if (value === null || Number.isNaN(value)) expect(cell).toBe('');
        else expect(Number(cell)).toBeCloseTo(value, 5);
      }
      expect(Number(pixels)).toBe(expected.pixels);
    }

    const [, ...images] = await table('eval_images.csv');
    expect(images.map(([name]) => name)).toEqual(['scene-0001', 'scene-0002']);
    const [lowest] = images
      .map(([name, dice]) => ({ name, dice: Number(dice) }))
      .sort((a, b) => a.dice - b.dice);
    expect(stdout).toContain(`\nlowest mean Dice: ${lowest!.name} ${lowest!.dice.toFixed(4)}, `);
    for (const picture of ['eval_confusion.png', 'eval_worst.png']) {
      const { width, height } = await sharp(join(output, picture)).metadata();
      expect(Math.min(width!, height!)).toBeGreaterThan(300);
    }
  });

  test.each(['dynamic', 'static'])(
    'otx export with %s batch gives a file that segments alike',
    async (batch) => {
      const output = join(folder, batch);
      const flags = batch === 'static' ? ['--static-batch'] : [];
      const exported = await otxHere([
        'export',
        'Lite-HRNet-s-mod2',
        '--load-weights',
        run,
        '-o',
        output,
        ...flags,
      ]);
      expect(exported.code).toBe(0);
      expect(exported.stdout).toContain(`input [${batch === 'static' ? 1 : 'batch'}, 3, 68, 68]`);
      expect((await readdir(output)).sort()).toEqual([
        MANIFEST_FILE,
        'label_schema.json',
        'log.txt',
        'model.onnx',
      ]);

      const predict = (weights: string, to: string) =>
        otxHere([
          'predict',
          '--input',
          join(data, 'val', 'images'),
          '--load-weights',
          weights,
          '-o',
          join(output, to),
        ]);
      expect((await predict(run, 'trained')).code).toBe(0);
      expect((await predict(join(output, 'model.onnx'), 'exported')).code).toBe(0);
      const masks = await readdir(join(output, 'trained', 'masks'));
      expect(masks).toHaveLength(2);
      let same = 0;
      let total = 0;
      for (const mask of masks) {
        const [a, b] = await Promise.all(
          ['trained', 'exported'].map((kind) => readIndexMask(join(output, kind, 'masks', mask))),
        );
        total += a!.length;
        same += a!.filter((label, pixel) => label === b![pixel]).length;
      }
      expect(total).toBe(2 * 80 * 64);
      expect(same / total).toBeGreaterThanOrEqual(0.9999);
    },
  );

  test('otx predict writes an index mask that shows colours and a colour overlay of the size of the image', async () => {
    const images = await readdir(join(data, 'val', 'images'));
    const output = join(folder, 'predict');
    const input = join(data, 'val', 'images', images[0]!);
    expect((await otxHere(['predict', '--input', input, '--load-weights', run, '-o', output])).code).toBe(0);
    const name = images[0]!.replace(/\.\w+$/, '.png');
    const mask = join(output, 'masks', name);
    expect(await sharp(mask).metadata()).toMatchObject({ width: 80, height: 64 });
    const { classes } = (await loadCheckpoint(run)).info;
    expect(readPngHead(await readFile(mask))?.palette).toEqual(classes.map(({ color }) => color));
    const indices = await readIndexMask(mask);
    const shown = await sharp(mask).toColourspace('srgb').raw().toBuffer();
    expect(shown).toEqual(Buffer.from([...indices].flatMap((index) => classes[index]!.color)));
    expect(await sharp(join(output, 'overlays', name)).metadata()).toMatchObject({
      width: 80,
      height: 64,
      channels: 3,
    });
  });

  test('a confidence threshold makes uncertain pixels background, in checkpoints and ONNX files alike', async () => {
    const input = join(data, 'val', 'images');
    const output = join(folder, 'threshold');
    const maskOf = async (name: string, weights: string, ...params: string[]) => {
      const to = join(output, name);
      const words = ['predict', '--input', input, '--load-weights', weights, '-o', to];
      const { code, stderr } = await otxHere([...words, ...(params.length > 0 ? ['params', ...params] : [])]);
      expect(stderr).toBe('');
      expect(code).toBe(0);
      const [mask] = await readdir(join(to, 'masks'));
      return readIndexMask(join(to, 'masks', mask!));
    };
    const onnx = join(folder, 'dynamic', 'model.onnx');
    const plain = await maskOf('plain', run);
    const background = (labels: Uint8Array) => labels.filter((label) => label === 0).length;
    expect(background(plain)).toBeLessThan(plain.length);

    // With five classes the best one always has a fifth.
    expect(await maskOf('low', run, '--postprocessing.confidence_threshold', '0.1')).toEqual(plain);
    const cautious = await maskOf('cautious', run, '--postprocessing.confidence_threshold=0.5');
    expect(background(cautious)).toBeGreaterThan(background(plain));
    expect(cautious.every((label, pixel) => label === 0 || label === plain[pixel])).toBe(true);
    const exported = await maskOf('exported', onnx, '--postprocessing.confidence_threshold=0.5');
    expect(exported.filter((label, pixel) => label !== cautious[pixel]).length).toBeLessThan(3);
    const whole = ['--postprocessing.confidence_threshold', '1'];
    expect(background(await maskOf('none', run, ...whole))).toBe(plain.length);

    const { stdout } = await otxHere([
      ...['eval', '--test-data-roots', join(data, 'val'), '--load-weights', run],
      ...['-o', join(output, 'eval'), 'params', ...whole],
    ]);
    expect(stdout).toContain('Performance(score: 0, dashboard: (1 metric groups))');
  });

  test('otx predict never writes into a data set', async () => {
    const masks = join(data, 'val', 'masks');
    const before = await Promise.all(
      (await readdir(masks)).map((name) => readFile(join(masks, name), 'base64')),
    );
    const roots = ['--input', join(data, 'val', 'images'), '-o', join(data, 'val')];
    const { code, stderr } = await otxHere(['predict', ...roots, '--load-weights', run]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/looks like a data set .*choose another output folder/);
    expect(
      await Promise.all((await readdir(masks)).map((name) => readFile(join(masks, name), 'base64'))),
    ).toEqual(before);
  });
});
