import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';
import { livelyCheckpoint, scenesIn } from '../../src/export/formats/lively.cases.js';
import { ModelProtoSchema } from '../../src/graph/onnx/onnx_pb.js';
import {
  createSegmenter,
  evaluate,
  exportModel,
  type JobEvent,
  OtxError,
  optimizeModel,
  train,
} from '../../src/index.js';
import { otxHere } from './here.js';

let folder: string;
let roots: { readonly trainData: string; readonly validationData: string };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-optimize-'));
  const data = join(folder, 'data');
  await generateScenes(data, { train: 12, val: 6, width: 96, height: 96 });
  roots = { trainData: join(data, 'train'), validationData: join(data, 'val') };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('SegNext-t, trained for seconds', { timeout: 240_000 }, () => {
  let run: string;
  let file: string;
  beforeAll(async () => {
    run = join(folder, 'run');
    await train({
      ...{ template: 'SegNext-t', ...roots, output: run, threads: 1, workers: 0, seed: 1 },
      ...{ inputSize: '64x64', batchSize: 4, epochs: 8, validationInterval: 8 },
    });
  }, 240_000);

  test('otx optimize writes a third of the size that scores as before, and says so', async () => {
    const output = join(folder, 'small');
    const { stdout, stderr, code } = await otxHere([
      ...['optimize', '--load-weights', run, '-o', output, '--threads', '1'],
      ...['--train-data-roots', roots.trainData, '--val-data-roots', roots.validationData],
    ]);
    expect([code, stderr]).toEqual([0, '']);
    file = join(output, 'ptq', 'model.onnx');
    expect(stdout).toContain(`written ${file}: `);
    expect(stdout).toContain(`written ${join(output, 'ptq', 'openvino.xml')}: the same for OpenVINO, `);
    expect(stdout).toMatch(/\d+ of \d+ convolutions in 8 bits; in floats: 0 depthwise/);
    expect(stdout).toMatch(
      /mean Dice 0\.\d{4} with background, [+-]\d\.\d\d points; \d+\.\d\d % of the pixels/,
    );
    const performance = JSON.parse(await readFile(join(output, 'ptq_performance.json'), 'utf8'));
    const { diceAverage } = await evaluate({ weights: file, testData: roots.validationData, threads: 1 });
    expect(performance['Dice Average']).toBeCloseTo(diceAverage, 6);
    expect(stdout).toContain(`Performance(score: ${performance['Dice Average']}, `);
    const rows = (await readFile(join(output, 'ptq_layers.csv'), 'utf8')).trim().split('\n');
    expect(rows[0]).toBe('layer,precision,reason,weights,noise');
    expect(rows.filter((row) => row.includes(',int8,')).length).toBeGreaterThan(50);
  });

  test('the file is opened like any other, and is the model within what is promised', async () => {
    const { model } = await exportModel({ weights: run, output: join(folder, 'float'), threads: 1 });
    const [small, exact] = await Promise.all([file, model].map((path) => stat(path)));
    expect(small!.size / exact!.size).toBeLessThan(0.35);
    const scoreOf = (weights: string) =>
      evaluate({ weights, testData: roots.validationData, threads: 1 }).then(({ metrics }) => metrics.mDice);
    expect((await scoreOf(file)) - (await scoreOf(run))).toBeGreaterThan(-0.005);
    expect(
      Math.abs((await scoreOf(file.replace('model.onnx', 'openvino.xml'))) - (await scoreOf(file))),
    ).toBeLessThan(0.01);
    const seenBy = async (weights: string) => {
      const segmenter = await createSegmenter({ weights, threads: 1 });
      const { labels } = await segmenter.segment(await firstImage());
      await segmenter.dispose();
      return labels;
    };
    const [found, expected] = [await seenBy(file), await seenBy(run)];
    const equal = found.filter((label, i) => label === expected[i]).length;
    expect(equal / expected.length).toBeGreaterThanOrEqual(0.98);
  });

  test('convolutions are standard nodes between rounded values', async () => {
    const { graph, opsetImport } = fromBinary(ModelProtoSchema, await readFile(file));
    expect(opsetImport.map(({ domain }) => domain)).toEqual(['']);
    const count = (type: string) => graph!.node.filter(({ opType }) => opType === type).length;
    expect(count('QuantizeLinear')).toBeGreaterThan(50);
    // Input, weights and bias of each.
    expect(count('DequantizeLinear')).toBeGreaterThan(2 * count('Conv'));
  });

  test('--method qat trains it a little more, once, and writes the same form', async () => {
    const output = join(folder, 'tuned');
    const words = [
      ...[
        'optimize',
        '--method',
        'qat',
        '--epochs',
        '1',
        '--load-weights',
        run,
        '-o',
        output,
        '--threads',
        '1',
      ],
      ...['--train-data-roots', roots.trainData, '--val-data-roots', roots.validationData],
    ];
    const first = await otxHere(words);
    expect([first.code, first.stderr]).toEqual([0, '']);
    const tuned = join(output, 'nncf', 'model.onnx');
    const training = join(output, 'nncf', 'training');
    expect(first.stdout).toContain(`fine-tuned in ${training}: `);
    const performance = JSON.parse(await readFile(join(output, 'nncf_performance.json'), 'utf8'));
    const { diceAverage } = await evaluate({ weights: tuned, testData: roots.validationData, threads: 1 });
    expect(performance['Dice Average']).toBeCloseTo(diceAverage, 6);
    const bytes = await readFile(tuned);
    const types = (model: Uint8Array) =>
      fromBinary(ModelProtoSchema, model).graph!.node.map(({ opType }) => opType);
    expect(types(bytes)).toEqual(types(await readFile(file)));
    const results = await readFile(join(training, 'results.csv'), 'utf8');
    expect(results.trim().split('\n')).toHaveLength(2);
    const again = await otxHere(words);
    expect([again.code, again.stderr]).toEqual([0, '']);
    expect(await readFile(tuned)).toEqual(bytes);
    expect(await readFile(join(training, 'results.csv'), 'utf8')).toBe(results);
    const other = await otxHere(words.map((word) => (word === '1' ? '2' : word)));
    expect(other.code).toBe(1);
    expect(other.stderr).toContain(
      `${training}: holds the fine-tuning of another model, or with other data or settings`,
    );
  });

  test('a fine-tuning that was interrupted goes on, with the same result', async () => {
    const options = { ...roots, weights: run, method: 'qat', epochs: 1, threads: 1 } as const;
    const controller = new AbortController();
    const steps: number[] = [];
    const output = join(folder, 'parts');
    const stopped = optimizeModel({
      ...{ ...options, output, signal: controller.signal },
      onEvent: (event) => {
        if (event.type !== 'progress' || event.task !== 'fine-tune') return;
        if (event.done === 1) controller.abort();
      },
    });
    await expect(stopped).rejects.toThrow(OtxError);
    const onEvent = (event: JobEvent) => {
      if (event.type === 'progress' && event.task === 'fine-tune') steps.push(event.done);
    };
    const { model } = await optimizeModel({ ...options, output, onEvent });
    expect(steps[0]).toBe(2);
    expect(await readFile(model)).toEqual(await readFile(join(folder, 'tuned', 'nncf', 'model.onnx')));
  });

  test('a quantised file, and an exported one, are refused with what to give instead', async () => {
    const options = { ...roots, output: join(folder, 'again') };
    await expect(optimizeModel({ ...options, weights: file })).rejects.toThrow(
      /is quantised already; .*the run or the checkpoint/,
    );
    const exported = join(folder, 'float', 'model.onnx');
    await expect(optimizeModel({ ...options, weights: exported })).rejects.toThrow(
      /is an exported file, .*the run or the checkpoint/,
    );
  });
});

/** Any validation image. */
async function firstImage(): Promise<string> {
  const images = join(roots.validationData, 'images');
  return join(images, (await readdir(images)).sort()[0]!);
}

describe('Lite-HRNet-s', { timeout: 240_000 }, () => {
  let weights: string;
  beforeAll(async () => {
    weights = join(folder, 'lively.safetensors');
    const scenes = await scenesIn(join(folder, 'scenes'), { width: 96, height: 72 });
    await livelyCheckpoint(weights, 'Lite-HRNet-s-mod2', scenes, { inputSize: '64x64' });
  }, 120_000);
  const optimize = (output: string, more: { readonly maxDrop: number; readonly depthwise?: boolean }) =>
    optimizeModel({
      weights,
      ...roots,
      output: join(folder, output),
      threads: 1,
      statSubsetSize: 3,
      ...more,
    });

  test('keeps its depthwise convolutions, and is the same file each time', async () => {
    const first = await optimize('a', { maxDrop: 100 });
    const reasons = new Set(first.layers.map(({ reason }) => reason));
    expect(reasons).toEqual(new Set([undefined, 'depthwise']));
    expect(first.bytes.optimized / first.bytes.trained).toBeLessThan(0.37);
    const second = await optimize('b', { maxDrop: 100 });
    expect(await readFile(second.model)).toEqual(await readFile(first.model));
    const { layers } = await optimize('every', { maxDrop: 100, depthwise: true });
    expect(layers.map(({ precision }) => precision)).toEqual(first.layers.map(() => 'int8'));
  });

  test('keeps more of them where nothing may be lost, those first that rounding disturbs most', async () => {
    const { mDice, layers } = await optimize('exact', { maxDrop: 0 });
    expect(mDice.optimized).toBeGreaterThanOrEqual(mDice.trained);
    const noiseOf = (wanted: string | undefined) =>
      layers.flatMap(({ reason, noise }) => (reason === wanted && noise !== undefined ? [noise] : []));
    const kept = noiseOf('sensitive');
    expect(Math.min(Number.POSITIVE_INFINITY, ...kept)).toBeGreaterThanOrEqual(
      Math.max(0, ...noiseOf(undefined)),
    );
  });

  test('options out of range are told', async () => {
    await expect(optimize('c', { maxDrop: -1 })).rejects.toThrow(
      /maxDrop is -1; expected a number from 0 to 100/,
    );
  });
});
