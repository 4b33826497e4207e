import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../src/base/random.js';
import { openDataset, readMask } from '../../src/data/index.js';
import { generateScenes } from '../../src/demo/generate.js';
import { SCENE_CLASSES } from '../../src/demo/streets/scene.js';
import { untrainedCheckpoint } from '../../src/demo/untrained.js';
import { createEngine, type Engine } from '../../src/engine/engine.js';
import { evaluate, exportModel, predict } from '../../src/index.js';
import { openNetwork } from '../../src/inference/network.js';
import { openModel } from '../../src/inference/open-model.js';
import { loadTrainedModel } from '../../src/inference/trained-model.js';
import { otxHere } from './here.js';

const TEMPLATES = ['Lite-HRNet-s-mod2', 'SegNext-t'];
const CLASSES = SCENE_CLASSES.length;

let folder: string;
let data: string;
let engine: Engine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-sizes-'));
  data = join(folder, 'data', 'val');
  await generateScenes(join(folder, 'data'), { train: 1, val: 2, width: 80, height: 64 });
  const { classes } = await openDataset(data);
  for (const template of TEMPLATES) {
    const settings = { inputSize: '64x64' };
    await mkdir(join(folder, template));
    await writeFile(weightsOf(template), untrainedCheckpoint({ template, classes, seed: 1, settings }));
  }
  engine = await createEngine({ threads: 1 });
});
afterAll(async () => {
  await engine?.dispose();
  await rm(folder, { recursive: true, force: true });
});

const weightsOf = (template: string) => join(folder, template, 'weights.safetensors');

function softmax(logits: Float32Array): Float32Array {
  const area = logits.length / CLASSES;
  const result = new Float32Array(logits.length);
  for (let at = 0; at < area; at++) {
    const powers = Array.from({ length: CLASSES }, (_, k) => Math.exp(logits[k * area + at]!));
    const total = powers.reduce((sum, power) => sum + power, 0);
    powers.forEach((power, k) => {
      result[k * area + at] = power / total;
    });
  }
  return result;
}

describe.each(TEMPLATES)('%s', (template) => {
  // A rectangle either way, sides that are no multiples of anything, the smallest.
  test.each([
    [160, 64],
    [64, 160],
    [97, 51],
    [32, 32],
    [33, 130],
  ])('exported with an input of %i x %i, gives what the network itself gives', async (width, height) => {
    const weights = weightsOf(template);
    const inputSize = { width, height };
    const output = join(folder, template, `${width}x${height}`);
    const { model, inputShape } = await exportModel({ weights, output, inputSize });
    expect(inputShape).toEqual(['batch', 3, height, width]);

    const random = new Random(`${width}x${height}`);
    const image = Float32Array.from({ length: 3 * width * height }, () => random.range(-2, 2));
    const loaded = await engine.load(await readFile(model));
    const { output: found } = await loaded.run({
      input: { dtype: 'float32', shape: [1, 3, height, width], data: image },
    });
    await loaded.release();
    expect(found?.shape).toEqual([1, CLASSES, height, width]);

    const trained = await loadTrainedModel({ weights });
    const network = await openNetwork({ ...trained, inputSize, threads: 1 });
    const wanted = softmax(await network.forward(image));
    await network.dispose();
    const difference = wanted.reduce(
      (largest, value, at) => Math.max(largest, Math.abs(value - (found!.data as Float32Array)[at]!)),
      0,
    );
    expect(difference).toBeLessThan(1e-5);
    expect(Math.max(...wanted) - Math.min(...wanted)).toBeGreaterThan(0.01);
  });
});

describe('a rectangle from the command line', () => {
  const output = () => join(folder, 'cli');

  test('is written as width x height, and read by eval and predict', async () => {
    const { code, stdout, stderr } = await otxHere([
      ...['export', '--load-weights', weightsOf('Lite-HRNet-s-mod2'), '-o', output()],
      ...['--input-size', '96x48'],
    ]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/input \[batch, 3, 48, 96\]/);
    const weights = join(output(), 'model.onnx');
    const predictor = await openModel({ weights, threads: 1 });
    expect(predictor.inputSize).toEqual({ width: 96, height: 48 });
    await predictor.dispose();

    const { metrics } = await evaluate({ weights, testData: data, threads: 1 });
    expect(metrics.perClass).toHaveLength(CLASSES);
    expect(metrics.aAcc).toBeGreaterThanOrEqual(0);
    const input = join(data, 'images');
    const { images } = await predict({ weights, input, output: join(folder, 'predicted'), threads: 1 });
    expect(images).toHaveLength(2);
  });

  test.each<[string[], RegExp]>([
    [['--input-size', '640'], /a size is width x height in pixels, such as 640x320/],
    [['--input-size', '640x31'], /input size is 640x31; width and height are whole numbers from 32 to 8192/],
    [['--input-size', '64x9000'], /64x9000/],
    [['--input-size', '64x64', '--export-type', 'pytorch'], /--input-size has no effect/],
    [['--input-size', '64x64', 'params', '--learning_parameters.input_size', '64x64'], /choose one of them/],
    [
      ['params', '--learning_parameters.input_size', '640x320'],
      /training is square; the --input-size of otx export/,
    ],
  ])('%j is refused', async (args, message) => {
    const { code, stderr } = await otxHere([
      ...['export', '--load-weights', weightsOf('Lite-HRNet-s-mod2'), '-o', join(folder, 'none'), ...args],
    ]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

describe('classes are matched by name', () => {
  test.each(['checkpoint', 'ONNX file'])('when %s and data set have them in another order', async (kind) => {
    const checkpoint = weightsOf('Lite-HRNet-s-mod2');
    const weights =
      kind === 'checkpoint'
        ? checkpoint
        : (await exportModel({ weights: checkpoint, output: join(folder, 'onnx') })).model;
    const straight = await evaluate({ weights, testData: data, threads: 1 });

    const { classes, samples } = await openDataset(data);
    const shuffled = join(folder, `shuffled ${kind}`);
    const [background, ...others] = classes;
    const order = [background!, ...others.reverse()];
    await copyWithClasses(
      samples,
      shuffled,
      order.map(({ name }) => classes.findIndex((c) => c.name === name)),
      order,
    );
    const notices: string[] = [];
    const other = await evaluate({
      weights,
      testData: shuffled,
      output: join(folder, `scores ${kind}`),
      threads: 1,
      onEvent: (event) => event.type === 'notice' && notices.push(event.message),
    });
    expect(notices.join()).toMatch(
      /classes are in another order than those of the model and were matched by name/,
    );
    expect(other.classes.map(({ name }) => name)).toEqual(order.map(({ name }) => name));
    other.classes.forEach(({ name }, index) => {
      const at = straight.classes.findIndex((known) => known.name === name);
      expect(other.metrics.perClass[index]).toEqual(straight.metrics.perClass[at]);
    });
    expect(other.diceAverage).toBeCloseTo(straight.diceAverage, 12);
    expect(JSON.parse(await readFile(other.files!.performance, 'utf8'))).toEqual({
      'Dice Average': other.diceAverage,
    });
  });

  test('a class that the data set lacks is said and not scored, one that the model lacks is an error', async () => {
    const weights = weightsOf('Lite-HRNet-s-mod2');
    const { classes, samples } = await openDataset(data);
    const straight = await evaluate({ weights, testData: data, threads: 1 });

    // The last class becomes one to be ignored.
    const fewer = join(folder, 'fewer');
    await copyWithClasses(samples, fewer, classes.map((_, i) => i).slice(0, -1), classes.slice(0, -1));
    const notices: string[] = [];
    const result = await evaluate({
      weights,
      testData: fewer,
      threads: 1,
      onEvent: (event) => event.type === 'notice' && notices.push(event.message),
    });
    const lost = classes.at(-1)!.name;
    expect(notices.join()).toContain(`does not have the class ${lost} of the model`);
    expect(result.metrics.perClass).toHaveLength(CLASSES - 1);
    result.metrics.perClass.forEach(({ pixels, acc }, index) => {
      expect(pixels).toBe(straight.metrics.perClass[index]!.pixels);
      expect(acc).toBe(straight.metrics.perClass[index]!.acc);
    });

    const unicorn = [...classes.slice(0, -1), { name: 'unicorn' }];
    await copyWithClasses(
      samples,
      join(folder, 'more'),
      classes.map((_, i) => i),
      unicorn,
    );
    await expect(evaluate({ weights, testData: join(folder, 'more'), threads: 1 })).rejects.toMatchObject({
      code: 'dataset',
      message: expect.stringMatching(/include unicorn, which the model does not have/),
    });
  });
});

/** The data set with value v of its masks standing for what was class `from[v]`; other classes become 255. */
async function copyWithClasses(
  samples: readonly { readonly maskPath: string; readonly imagePath: string }[],
  root: string,
  from: readonly number[],
  classes: readonly { readonly name: string }[],
): Promise<void> {
  await mkdir(join(root, 'images'), { recursive: true });
  await mkdir(join(root, 'masks'), { recursive: true });
  const meta = { labels: classes.map(({ name }) => name) };
  await writeFile(join(root, 'dataset_meta.json'), JSON.stringify(meta));
  const { decodeMask } = await openDataset(data);
  for (const { imagePath, maskPath } of samples) {
    await cp(imagePath, join(root, 'images', basename(imagePath)));
    const { data: labels, width, height } = await readMask(maskPath, decodeMask);
    const values = labels.map((label) => (from.includes(label) ? from.indexOf(label) : 255));
    await sharp(values, { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toFile(join(root, 'masks', basename(maskPath)));
  }
}
