import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../src/base/random.js';
import { generateScenes } from '../../src/demo/generate.js';
import { evaluate, exportModel, type TrainEvent, train } from '../../src/index.js';
import { openNetwork } from '../../src/inference/network.js';
import { loadTrainedModel } from '../../src/inference/trained-model.js';
import { readRunConfig } from '../../src/runs/run-config.js';
import { outcomeOf } from './runs.js';

let folder: string;
let run: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-segnext-'));
  run = join(folder, 'run');
  await generateScenes(join(folder, 'data'), { train: 4, val: 3, width: 80, height: 64 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const trainingIn = (output: string) => ({
  template: 'custom_semantic_segmentation_segnext_T',
  recipe: 'otx' as const,
  trainData: join(folder, 'data', 'train'),
  validationData: join(folder, 'data', 'val'),
  output,
  threads: 1,
  inputSize: '64x64',
  batchSize: 2,
  epochs: 2,
  workers: 0,
});
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Buffer.from(buffer, byteOffset, byteLength);

describe('SegNext-t', () => {
  test('trains with AdamW and polynomial decay', { timeout: 120_000 }, async () => {
    const steps: { loss: number; learningRate: number }[] = [];
    const { metrics } = await train({
      ...trainingIn(run),
      onEvent: (event: TrainEvent) => event.type === 'step' && steps.push(event),
    });
    expect(steps).toHaveLength(4);
    // From a millionth of the polynomial's value, a twentieth more of it with every step.
    const poly = (step: number) => (8e-5 - 1e-6) * (1 - step / 4) ** 0.9 + 1e-6;
    steps.forEach(({ loss, learningRate }, step) => {
      expect(loss).toBeGreaterThan(0);
      expect(learningRate / (poly(step) * (1 - (1 - step / 20) * (1 - 1e-6)))).toBeCloseTo(1, 6);
    });
    expect(metrics!.mDice).toBeGreaterThan(0);
    expect(
      (await readRunConfig(join(run, 'config.yaml'))).hyper_parameters?.learning_parameters,
    ).toMatchObject({
      optimizer: 'adamw',
      learning_rate_schedule: 'poly',
    });
  });

  test.each([
    ['in an epoch', (event: TrainEvent) => event.type === 'step' && event.epoch === 2 && event.step === 1, 3],
    [
      'behind its last step',
      (event: TrainEvent) => event.type === 'progress' && event.task === 'validate',
      2,
    ],
  ])('goes on bit by bit after an interruption %s', { timeout: 120_000 }, async (name, when, steps) => {
    const output = join(folder, name);
    const stop = new AbortController();
    const onEvent = (event: TrainEvent) => {
      if (when(event)) stop.abort();
    };
    const interrupted = train({ ...trainingIn(output), onEvent, signal: stop.signal });
    await expect(interrupted).rejects.toThrow(`stopped after ${steps} steps`);
    await train({ resumeFrom: output });
    expect(await outcomeOf(output)).toEqual(await outcomeOf(run));
  });

  test('gives the same bits in every evaluation, also with weights that went to PyTorch and back', {
    timeout: 120_000,
  }, async () => {
    const random = new Random('image');
    const image = Float32Array.from({ length: 3 * 68 * 68 }, () => random.normal());
    const torch = await exportModel({ weights: run, output: join(folder, 'torch'), type: 'pytorch' });
    const { inputSize } = trainingIn(run);
    const results: Float32Array[] = [];
    for (const weights of [run, run, torch.model]) {
      const size = weights === run ? {} : { template: 'SegNext-t', inputSize };
      const predictor = await openNetwork({ ...(await loadTrainedModel({ weights, ...size })), threads: 1 });
      results.push(await predictor.forward(image));
      await predictor.dispose();
    }
    expect(bytesOf(results[1]!).equals(bytesOf(results[0]!))).toBe(true);
    expect(bytesOf(results[2]!).equals(bytesOf(results[0]!))).toBe(true);
    expect(new Set(results[0]!).size).toBeGreaterThan(1000);
  });

  test('scores the same as an ONNX file', { timeout: 120_000 }, async () => {
    const { model } = await exportModel({ weights: run, output: join(folder, 'onnx') });
    expect((await readFile(model)).length).toBeGreaterThan(16e6);
    const testData = join(folder, 'data', 'val');
    const [there, here] = [
      await evaluate({ weights: run, testData, threads: 1 }),
      await evaluate({ weights: model, testData, threads: 1 }),
    ];
    expect(here.metrics.aAcc).toBeCloseTo(there.metrics.aAcc, 3);
    expect(here.metrics.mDice).toBeCloseTo(there.metrics.mDice, 3);
  });
});
