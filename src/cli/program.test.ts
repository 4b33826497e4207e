import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { otx } from './terminal.cases.js';

const start = process.cwd();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-program-'));
  process.chdir(folder);
  await writeFile('test.yaml', 'data: {train: {data-roots: x}}');
});
afterAll(async () => {
  process.chdir(start);
  await rm(folder, { recursive: true, force: true });
});

const data = ['--train-data-roots', 'a', '--val-data-roots', 'b'];
const train = ['train', 'Lite-HRNet-s-mod2', ...data];
/** What a training would do, as YAML. */
const config = async (...words: readonly string[]) => parse(await otx(...words));

describe('usage errors', () => {
  test.each<[string[], RegExp]>([
    // Errors of the API name what was typed.
    [[...train, '--train-type', 'none'], /parameter --train-type is "none"; allowed is one of Incremental, /],
    [
      [...train, 'params', '--algo_backend.train_type=none'],
      /parameter --algo_backend\.train_type is "none"/,
    ],
    [[...train, '--mem-cache-size', 'much'], /parameter --mem-cache-size is "much"/],
    [[...train, '--pretrained', '--load-weights', 'w'], /--pretrained and --load-weights w are both/],
    [
      [...train, '--pretrained', 'embedded', '--load-weights', 'w'],
      /--pretrained and --load-weights w are both/,
    ],
    [[...train, '--pretrained', 'maybe'], /expected one of auto, imagenet, embedded, none; true is imagenet/],
    [[...train, '--folds', '3'], /--val-data-roots .*b and --folds 3 both say what to validate on/],
    [['train', 'Lite-HRNet-s-mod2', '--train-data-roots', 'a', '--fold', '3'], /--fold 3 goes with --folds/],
    [[...train, '--train-type', 'Semisupervised'], /missing required option --unlabeled-data-roots/],
    [
      [...train, '--train-type', 'Selfsupervised'],
      /leave out --val-data-roots .*b, or choose another --train-type/,
    ],
    [
      [...train, '--unlabeled-file-list', 'list'],
      /of --unlabeled-file-list .* --unlabeled-data-roots, which is/,
    ],
    // Booleans in every form, and in two places.
    [[...train, '--use-otx-adapter', 'maybe'], /expected true \(1, yes, on\) or false/],
    [
      [...train, '--use-otx-adapter', 'False', 'params', '--algo_backend.use_otx_adapter', 'Yes'],
      /--use-otx-adapter false and --algo_backend\.use_otx_adapter true contradict each other/,
    ],
    [
      ['predict', '--input', 'x', 'params', '--algo_backend.use_otx_adapter=1'],
      /has no effect on otx predict/,
    ],
    [[...train, '--threads', '0'], /a number of threads from 1/],
    [[...train, '--data', 'none.yaml'], /none\.yaml: does not exist; expected the data\.yaml/],
    [['eval', '--data', 'test.yaml', '--load-weights', 'x'], /test\.yaml names no data\.test\.data-roots/],
    // Without weights and without a training to take them from.
    ...(['eval --test-data-roots x', 'predict --input x', 'export'] as const).map(
      (line): [string[], RegExp] => [
        line.split(' '),
        /missing --load-weights: there is no training in otx-work/,
      ],
    ),
    [
      ['suggest', '--input', 'x'],
      /missing --load-weights: .*; --cold-start chooses the first pictures without a model$/,
    ],
    [[...train, '--epochs', '3'], /settings come last, .*: params --learning_parameters\.num_iters …$/],
    [
      ['train', 'Lite-HRNet-18', 'a'],
      /too many arguments .*; a folder goes behind its flag, as in --train-data-roots <folder>; a path with spaces stands in quotes$/,
    ],
    // What OTX has and this has not.
    [
      [...train, '--train-ann-files', 'x'],
      /--train-ann-files of OTX is not here: annotation files belong to COCO/,
    ],
    [['export', '--workspace', 'w'], /--workspace w: is no workspace.*otx build --workspace w makes one/],
    [['build', 'SegNext-t', '--model', 'SegNext-s'], /mean the same; leave one of them out/],
    [['build', '--task', 'DETECTION'], /no templates for task "DETECTION"/],
    [['build', '--train-data-roots', 'nowhere'], /nowhere: does not exist; --train-data-roots expects/],
    [[...train, '--hpo-time-ratio', '3'], /--hpo-time-ratio goes with --enable-hpo/],
    [[...train, '--enable-hpo', '--hpo-time-ratio', '0.5'], /expected a number from 1/],
    [[...train, '--enable-hpo', '--seeds', '0'], /--enable-hpo and --seeds are both given/],
    [['tune', '--train-data-roots', 'x', '--search', 'momentum=1..2'], /"momentum" is no setting; expected/],
    [['tune', '--train-data-roots', 'x', '--search', 'batch_size=4..'], /batch_size=4\.\./],
    [['tune', '--train-data-roots', 'x', '--time-budget', '3m'], /unknown option '--time-budget'/],
    [['export', '--all', '--opset', '12'], /--all writes every format as it usually is/],
    [['export', '--no-verify', '--test-data-roots', 'd'], /--test-data-roots has no effect on --no-verify/],
    [['export', '--precision', 'fp32', '--half-precision'], /both given/],
    [['export', '--opset', 'x'], /--opset: "x" is no version/],
    [['benchmark', '--load-weights', 'w'], /missing required option --test-data-roots/],
    [['find', '--backbone', 'torchvision'], /no backbones of "torchvision"/],
  ])('otx %j', async (words, message) => {
    await expect(otx(...words)).rejects.toThrow(message);
  });
});

test('no words are a question for help, which ends with commands to start with', async () => {
  const help = await otx();
  expect(help).toMatch(/^Usage: otx/);
  expect(help).toMatch(
    /\n {2}(npx )?otx find\n {2}(npx )?otx train .*\n {2}(npx )?otx predict --input PHOTOS\n/,
  );
});

test('backbones are listed with what trains them, templates beside them on request', async () => {
  const table = await otx('find', '--backbone', 'otx');
  expect(table).toMatch(/lite-hrnet-18 +\| 1,054,032 +\| Lite-HRNet-18, Lite-HRNet-18-mod2 +\| litehrnet18_/);
  expect(table).not.toMatch(/^TASK/m);
  expect(await otx('find', '--backbone', 'otx', '--template')).toMatch(/^TASK/m);
});

describe('the words of OTX', () => {
  test.each([
    ['--use-otx-adapter', true],
    ['--use-otx-adapter True', true],
    ['--use_otx_adapter=YES', true],
    ['--use-otx-adapter 0', false],
    ['--use-otx-adapter Off', false],
    ['params --algo_backend.use_otx_adapter True', true],
    ['params --algo_backend.use_otx_adapter=no', false],
    ['params --algo_backend.use_otx_adapter', true],
    ['--use-otx-adapter False params --algo_backend.use_otx_adapter False', false],
  ])('%s', async (words, value) => {
    const file = join(folder, 'opposite.yaml');
    await writeFile(file, `use_otx_adapter: ${value ? 'Off' : '1'}\n`);
    const shown = await config(...train, '--config', file, '--print-config', ...words.split(' '));
    expect(shown.use_otx_adapter).toBe(value);
  });

  test('booleans in a file have any form, the adapter among the parameters too', async () => {
    const file = join(folder, 'booleans.yaml');
    await writeFile(
      file,
      'pretrained: Yes\nhyper_parameters:\n  algo_backend: { use_otx_adapter: on }\n' +
        '  learning_parameters: { enable_early_stopping: FALSE, auto_num_workers: 1 }\n',
    );
    const shown = await config(...train, '--config', file, '--print-config');
    expect(shown).toMatchObject({
      pretrained: 'imagenet',
      use_otx_adapter: true,
      hyper_parameters: { learning_parameters: { enable_early_stopping: false, auto_num_workers: true } },
    });
    await writeFile(
      file,
      'use_otx_adapter: no\nhyper_parameters: { algo_backend: { use_otx_adapter: yes } }\n',
    );
    await expect(otx(...train, '--config', file, '--print-config')).rejects.toThrow(
      /booleans\.yaml: useOtxAdapter false and hyper_parameters\.algo_backend\.use_otx_adapter true contradict/,
    );
    await writeFile(file, 'hyper_parameters: { learning_parameters: { batch_size: 0 } }\n');
    await expect(otx(...train, '--config', file, '--print-config')).rejects.toThrow(
      /booleans\.yaml: parameter hyper_parameters\.learning_parameters\.batch_size is 0/,
    );
  });

  test.each([
    ['', 'auto'],
    ['--pretrained', 'imagenet'],
    ['--pretrained True', 'imagenet'],
    ['--pretrained auto', 'auto'],
    ['--pretrained=EMBEDDED', 'embedded'],
    ['--pretrained none', 'none'],
    ['--pretrained off', 'none'],
    ['--no-pretrained', 'none'],
    ['--load-weights w', 'none'],
    ['--pretrained auto --load-weights w', 'none'],
  ])('the start of %j', async (words, start) => {
    const shown = await config(...train, '--print-config', ...words.split(' ').filter(Boolean));
    expect(shown.pretrained).toBe(start);
  });

  test('--data names the folders, and flags win over it', async () => {
    const file = join(folder, 'data.yaml');
    await writeFile(
      file,
      'data: {train: {data-roots: x}, val: {data-roots: y}, unlabeled: {data-roots: null, file-list: null}}',
    );
    const words = ['train', 'SegNext-t', '--data', file, '--print-config'];
    expect(await config(...words)).toMatchObject({ train_data_roots: 'x', val_data_roots: 'y' });
    expect(await config(...words, '--val-data-roots', 'z')).toMatchObject({
      train_data_roots: 'x',
      val_data_roots: 'z',
    });
  });

  test('threads are those of the configuration; GPUs and determinism change nothing', async () => {
    const words = [...train, '--threads', '3', '--gpus', '0,1', '--deterministic', '--print-config'];
    const shown = await otx(...words);
    expect(parse(shown).threads).toBe(3);
    // Nothing but YAML, which --config takes again.
    const file = join(folder, 'printed.yaml');
    await writeFile(file, shown);
    expect(await otx('train', '--config', file, '--print-config')).toBe(await readFile(file, 'utf8'));
  });
});

test('a folder in the place of a template is the training data, of the default template', async () => {
  const shown = await config('train', folder, '--print-config', '--recipe', 'otx');
  expect(shown).toMatchObject({ template: 'Lite-HRNet-s-mod2', train_data_roots: folder, recipe: 'otx' });
  await expect(otx('train', folder, '--train-data-roots', 'a', '--print-config')).rejects.toThrow(
    /is a folder and no template, and --train-data-roots a names the data as well; leave one of them out/,
  );
  await expect(otx('train', join(folder, 'nowhere'), '--print-config')).rejects.toThrow(
    /nowhere: there is no such folder; expected a folder with training data .*, or the name of a template/,
  );
  await expect(otx('train', 'nowhere', '--print-config')).rejects.toThrow(
    /unknown template "nowhere"; the nearest names are .*; nor is there a folder of this name/,
  );
  const archive = join(folder, 'data.zip');
  await writeFile(archive, 'PK');
  await expect(otx('train', archive, '--print-config')).rejects.toThrow(
    /data\.zip: is a file, and no template/,
  );
  expect(await otx('train', folder, 'params', '--help')).toContain('--learning_parameters.num_iters');
});

describe('self-supervised training', () => {
  const words = ['train', 'Lite-HRNet-s-mod2', '--train-data-roots', 'a', '--train-type', 'Selfsupervised'];
  const settings = async (...more: string[]) =>
    (await config(...words, '--print-config', ...more)).hyper_parameters.learning_parameters;

  test('from random weights has a recipe that learns from them', async () => {
    expect(await settings('--pretrained', 'none')).toMatchObject({ optimizer: 'adam', learning_rate: 0.001 });
    const shown = await otx(...words, '--pretrained', 'none', '--print-config');
    expect(shown).toMatch(/^# recipe auto: by what the training starts from, and by its images\./);
    expect(shown).toMatch(/num_iters: from random numbers 250 \(10 images of 100x100\)/);
  });

  test("from ImageNet, and where it is named, has the reference's", async () => {
    const reference = { optimizer: 'sgd', num_iters: 10 };
    expect(await settings('--pretrained')).toMatchObject(reference);
    expect(await settings('--recipe', 'otx', '--load-weights', 'w')).toMatchObject(reference);
    expect(
      await settings('params', '--learning_parameters.optimizer=sgd', '--learning_parameters.num_iters=10'),
    ).toMatchObject(reference);
  });
});
