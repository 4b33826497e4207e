/** @file A segmentation network that another tool exported, trained, gone on with, scored and exported again. */
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';
import { createSegmenter, evaluate, exportModel, importNetwork, predict, train } from '../../src/index.js';
import { describe } from '../../src/nn/index.js';
import { loadCheckpoint } from '../../src/runs/checkpoint.js';
import { info, node, onnxFile, tensor, weight } from '../graph/onnx-files.js';
import { otxHere } from './here.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-import-network-'));
  await generateScenes(join(folder, 'data'), { train: 8, val: 2, width: 96, height: 80 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const at = (...parts: string[]) => join(folder, ...parts);

/** Seven classes at a quarter of the size, enlarged, and the most probable of them. */
const exported = (outputs = ['classes']): Uint8Array =>
  onnxFile({
    inputs: [info('image', ['n', 3, 'h', 'w'])],
    outputs,
    nodes: [
      node('ReduceMean', ['image'], ['brightness'], { axes: [1, 2, 3], keepdims: 0 }),
      node('Conv', ['image', 'stem.weight'], ['c1'], { strides: [2, 2], pads: [1, 1, 1, 1] }),
      // As exporters write it for training; in evaluation it goes by its running statistics all the same.
      node(
        'BatchNormalization',
        ['c1', 'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var'],
        ['n1', 'bn.new_mean', 'bn.new_var'],
        { training_mode: 1 },
      ),
      node('Relu', ['n1'], ['r1']),
      node('MaxPool', ['r1'], ['p1'], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
      node('Conv', ['p1', 'head.weight', 'head.bias'], ['scores']),
      node('Resize', ['scores', '', 'scales'], ['large'], { mode: 'linear' }),
      node('Softmax', ['large'], ['probable'], { axis: 1 }),
      node('ArgMax', ['probable'], ['classes'], { axis: 1, keepdims: 0 }),
    ],
    weights: [
      weight('stem.weight', [16, 3, 3, 3], -0.3, 0.3),
      ...[weight('bn.weight', [16], 0.8, 1.2), weight('bn.bias', [16], -0.2, 0.2)],
      ...[weight('bn.running_mean', [16], -0.2, 0.2), weight('bn.running_var', [16], 0.5, 1.5)],
      ...[weight('head.weight', [7, 16, 1, 1]), weight('head.bias', [7])],
      tensor('scales', [1, 1, 4, 4]),
    ],
    opset: 17,
  });

const model = () => importNetwork(exported());
const settings = {
  ...{ inputSize: '64x64', batchSize: 4, epochs: 2, pretrained: false, threads: 1, reports: false },
  ...({ template: 'Lite-HRNet-s-mod2', recipe: 'otx' } as const),
};

test('it is trained from its weights, goes on, and is scored and exported like any other', {
  timeout: 120_000,
}, async () => {
  const data = { trainData: at('data', 'train'), validationData: at('data', 'val') };
  const run = at('run');
  const { weights, classes } = await train({ ...settings, ...data, output: run, model: model() });
  await train({ resumeFrom: run, epochs: 3, model: model() });
  const { tensors } = await loadCheckpoint(at('run', 'models', 'last.safetensors'));
  const shapeOf = (key: string) => tensors.get(key)?.shape;
  expect(shapeOf('head.weight')).toEqual([classes.length, 16, 1, 1]);
  expect(shapeOf('bn.running_mean')).toEqual([16]);
  const moved = (key: string, before: readonly number[]) =>
    [...(tensors.get(key)!.data as Float32Array)].map((value, i) => Math.abs(value - before[i]!));
  const { rawData } = weight('stem.weight', [16, 3, 3, 3], -0.3, 0.3);
  const changes = moved('stem.weight', [...new Float32Array(rawData.slice().buffer)]);
  expect(Math.max(...changes)).toBeGreaterThan(0);
  expect(Math.max(...changes)).toBeLessThan(0.05);

  const testData = at('data', 'val');
  const own = await evaluate({ weights, model: model(), testData });
  const { model: file } = await exportModel({ weights, model: model(), output: at('export') });
  const again = await evaluate({ weights: file, testData });
  expect(again.metrics.mDice).toBeCloseTo(own.metrics.mDice, 4);
  // The file lies beside the weights; without it they are of no use.
  expect((await evaluate({ weights, testData })).metrics).toEqual(own.metrics);
  await train({ resumeFrom: run, epochs: 4 });
  await copyFile(weights, at('alone.safetensors'));
  await expect(evaluate({ weights: at('alone.safetensors'), testData })).rejects.toThrow(
    /network of a program's own; give that network as model/,
  );
  await predict({ weights, model: model(), input: at('data', 'val', 'images'), output: at('masks') });
  const segmenter = await createSegmenter({ weights: file });
  await segmenter.dispose();
});

test('with unlabeled images it has a teacher', { timeout: 120_000 }, async () => {
  const { weights } = await train({
    ...{ ...settings, epochs: 1, output: at('semi'), model: model() },
    ...{ trainData: at('data', 'train'), validationData: at('data', 'val') },
    unlabeledData: at('data', 'val', 'images'),
    trainType: 'Semisupervised',
  });
  expect((await loadCheckpoint(weights)).tensors.has('stem.weight')).toBe(true);
});

test('the command line trains it, goes on, scores and exports', { timeout: 180_000 }, async () => {
  await writeFile(at('theirs.onnx'), exported());
  const [data, run] = [at('data'), at('typed')];
  const settings = [
    'params',
    '--learning_parameters.num_workers=0',
    '--learning_parameters.input_size',
    '64x64',
    '--learning_parameters.num_iters',
  ];
  const trained = await otxHere([
    ...['train', '--train-data-roots', join(data, 'train'), '--val-data-roots', join(data, 'val'), '-o', run],
    ...['--model', at('theirs.onnx'), '--recipe', 'otx', ...settings, '1'],
  ]);
  expect(trained.code, trained.stderr).toBe(0);
  const gone = await otxHere([
    'train',
    '--resume-from',
    run,
    'params',
    '--learning_parameters.num_iters',
    '2',
  ]);
  expect(gone.code, gone.stderr).toBe(0);
  const scored = await otxHere([
    'eval',
    '--test-data-roots',
    join(data, 'val'),
    '--load-weights',
    run,
    '-o',
    at('s'),
  ]);
  expect(scored.code, scored.stderr).toBe(0);
  const written = await otxHere(['export', '--load-weights', run, '-o', at('typed-export')]);
  expect(written.code, written.stderr).toBe(0);
  // Only the run has the network of such weights.
  const torch = await otxHere(['export', '--load-weights', run, '-o', at('pth'), '--export-type', 'pytorch']);
  expect(torch.stdout).toContain(`otx predict --input <image or folder> --load-weights ${run}\n`);
  expect(torch.stdout).not.toMatch(/otx (eval|predict).*weights\.pth/);
  const train = ['--train-data-roots', join(data, 'train')];
  const lacking = await otxHere([
    'train',
    ...train,
    '--val-data-roots',
    join(data, 'val'),
    '--load-weights',
    run,
  ]);
  expect(lacking.stderr).toMatch(/was trained with a network of its own; give that as --model too/);
  const folds = ['--folds', '2', '--recipe', 'otx', '-o', at('folds'), ...settings, '1'];
  const crossed = await otxHere(['cv', ...train, '--model', at('theirs.onnx'), ...folds]);
  expect(crossed.code, crossed.stderr).toBe(0);
  expect((await loadCheckpoint(at('folds', 'runs', 'fold-2'))).tensors.has('stem.weight')).toBe(true);
  await writeFile(at('broken.onnx'), 'no model');
  const broken = await otxHere([
    'train',
    '--train-data-roots',
    join(data, 'train'),
    '--model',
    at('broken.onnx'),
  ]);
  expect([broken.code, broken.stderr.trim()]).toEqual([
    1,
    `otx: error: ${at('broken.onnx')}: the ONNX model is refused: it is not an ONNX file, or damaged`,
  ]);
});

test('what the flags say of the network stays with its run', { timeout: 180_000 }, async () => {
  const bytes = exported(['brightness', 'classes']);
  await writeFile(at('two.onnx'), bytes);
  const roots = ['--train-data-roots', at('data', 'train'), '--val-data-roots', at('data', 'val')];
  const params = [
    '--recipe',
    'otx',
    'params',
    '--learning_parameters.num_workers=0',
    '--learning_parameters.input_size',
    '64x64',
  ];
  const trained = (...words: string[]) =>
    otxHere(['train', ...roots, ...words, ...params, '--learning_parameters.num_iters', '1']);
  const first = await trained('--model', at('two.onnx'), '-o', at('first-output'));
  expect(first.stderr).toMatch(/expected a convolution/);
  const flags = ['--model-output', 'classes', '--model-normalisation', '0..1'];
  const told = await trained('--model', at('two.onnx'), ...flags, '-o', at('told'));
  expect(told.code, told.stderr).toBe(0);
  const gone = await otxHere([
    'train',
    '--resume-from',
    at('told'),
    'params',
    '--learning_parameters.num_iters',
    '2',
  ]);
  expect(gone.code, gone.stderr).toBe(0);
  // As a program that says the same, and not as one that says something else.
  const [weights, testData] = [at('told'), at('data', 'val')];
  const scoreOf = async (mean: number, deviation: number) => {
    const normalization = { mean: [mean, mean, mean], deviation: [deviation, deviation, deviation] };
    const model = importNetwork(bytes, { output: 'classes', normalization });
    return (await evaluate({ weights, model, testData })).metrics;
  };
  const own = (await evaluate({ weights, testData })).metrics;
  expect(own).toEqual(await scoreOf(0, 255));
  expect(own).not.toEqual(await scoreOf(0, 1));
  for (const [words, line] of [
    [['--model-output', 'x'], /--model-output is about the file of --model, which is missing/],
    [
      ['--model', at('two.onnx'), '--model-output', 'x'],
      /has no output "x"; its outputs are brightness, classes/,
    ],
    [
      ['--model', at('two.onnx'), '--model-normalisation', '1,2/3,4'],
      /--model-normalisation is 1,2\/3,4; expected/,
    ],
  ] as const) {
    const refused = await trained(...words, '-o', at('refused'));
    expect(refused.code).not.toBe(0);
    expect(refused.stderr.trim()).not.toContain('\n');
    expect(refused.stderr).toMatch(line);
  }
});

test('scores that are the sum of two convolutions get classes in both', () => {
  const bytes = onnxFile({
    inputs: [info('image', [2, 3, 8, 8])],
    outputs: ['y'],
    nodes: [
      node('Conv', ['image', 'a', 'bias'], ['p']),
      node('Conv', ['image', 'b'], ['q']),
      node('Add', ['p', 'q'], ['y']),
    ],
    weights: [weight('a', [7, 3, 1, 1]), weight('bias', [7]), weight('b', [7, 3, 1, 1])],
  });
  const { variables, outputShape } = describe(importNetwork(bytes)({ numClasses: 4 }), [2, 3, 8, 8]);
  expect(variables.map(({ key, shape }) => [key, shape[0]])).toEqual([
    ['a', 4],
    ['bias', 4],
    ['b', 4],
  ]);
  expect(outputShape).toEqual([2, 4, 8, 8]);
});

test('what is no segmentation network is refused in one line', () => {
  const build = (parts: Parameters<typeof onnxFile>[0], output?: string) => () =>
    importNetwork(onnxFile(parts), { output })({ numClasses: 3 });
  const classifier = {
    inputs: [info('image', [1, 3, 8, 8])],
    outputs: ['y'],
    nodes: [node('Flatten', ['image'], ['f']), node('Gemm', ['f', 'w'], ['y'])],
    weights: [weight('w', [192, 10])],
  };
  expect(build(classifier)).toThrow(
    /^the scores of the ONNX model come from "the Gemm" \(Gemm\), expected a convolution/,
  );
  expect(build(classifier, 'z')).toThrow('the ONNX model has no output "z"; its outputs are y');
  const two = { ...classifier, inputs: [info('image', [1, 3, 8, 8]), info('other', [1])] };
  expect(build(two)).toThrow('the ONNX model has 2 inputs (image, other), expected one of images');
  const made = (nodes: Parameters<typeof onnxFile>[0]['nodes'], output = 'y') =>
    build({ ...classifier, outputs: [output], nodes, weights: [weight('w', [5, 3, 1, 1])] });
  expect(made([node('Identity', ['a'], ['y']), node('Identity', ['y'], ['a'])])).toThrow('from themselves');
  expect(made([node('Add', ['y', 'y'], ['y'])])).toThrow('from themselves');
  // Of sums of sums each convolution is looked at once, however often it is added, and however deep.
  const sums = Array.from({ length: 20_000 }, (_, i) => node('Add', [`a${i}`, `a${i}`], [`a${i + 1}`]));
  const tower = [...sums, node('Add', ['a20000', 'x'], ['y'])];
  expect(made([node('Conv', ['image', 'w'], ['a0']), ...tower])).toThrow('come from no node');
  expect(() => importNetwork(new Uint8Array(4))).toThrow('it is not an ONNX file, or damaged');
});
