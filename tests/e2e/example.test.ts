import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';
import { createSegmenter, type LabeledImages, train } from '../../src/index.js';
import { loadCheckpoint } from '../../src/runs/checkpoint.js';
import { otxHere } from './here.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-example-'));
  await generateScenes(join(folder, 'data'), { train: 8, val: 2, width: 96, height: 80 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const at = (...parts: string[]) => join(folder, ...parts);

/** What a program prints, line by line. */
async function runExample(load: () => Promise<unknown>, ...words: string[]): Promise<string[]> {
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  const { argv } = process;
  process.argv = [...argv.slice(0, 2), ...words];
  try {
    await load();
  } finally {
    process.argv = argv;
    log.mockRestore();
  }
  return lines;
}

test('the example trains, exports and predicts', async () => {
  const lines = await runExample(
    () => import('../../examples/train-and-predict.js'),
    ...[at('data'), at('run'), '1'],
  );
  expect(lines[0]).toMatch(/^epoch 1: loss \d\.\d{3}, mean Dice 0\.\d{3}$/);
  expect(lines.at(-1)).toBe(`2 overlays in ${at('run', 'overlays')}`);
  expect(await readdir(at('run', 'overlays'))).toHaveLength(2);
});

test('a program of at most 30 lines learns from memory, stops itself, scores, segments and exports', async () => {
  const lines = await runExample(() => import('../../examples/in-memory.js'), at('memory'));
  const program = await readFile(new URL('../../examples/in-memory.ts', import.meta.url), 'utf8');
  expect(program.trimEnd().split('\n').length).toBeLessThanOrEqual(30);
  const [, score, share] = /^callback: mean Dice (0\.\d\d|1\.00), curtain (\d+) %, .*model\.onnx$/.exec(
    lines.at(-1)!,
  )!;
  expect(Number(score)).toBeGreaterThan(0.75);
  expect(Number(share)).toBeGreaterThan(10);
  // What people look at was switched off; what is needed to go on is there.
  const kept = (await readdir(at('memory'))).filter((name) => !name.startsWith('.')).sort();
  expect(kept).toEqual(['config.yaml', 'environment.json', 'export', 'models']);
  await expect(train({ resumeFrom: at('memory') })).rejects.toThrow(
    /began with images in memory as trainData; only the program that has it can go on/,
  );
});

test('a run on images in memory goes on where it was, with the same images alone', async () => {
  const size = { width: 48, height: 40 };
  const area = size.width * size.height;
  const set = (count: number, seed: number): LabeledImages => ({
    classes: ['background', 'dark'],
    images: Array.from({ length: count }, (_, n) => {
      const data = Uint8Array.from({ length: area }, (_, i) => (i * (n + seed) * 7 + (i >> 4) * 13) % 256);
      const mask = data.map((value) => Number(value < 90));
      return { image: { data, ...size, channels: 1 as const }, mask: { data: mask, ...size } };
    }),
  });
  const data = { trainData: set(6, 1), validationData: set(2, 50) };
  const settings = {
    ...{ template: 'Lite-HRNet-s-mod2', pretrained: false, reports: false, threads: 1 },
    ...({ inputSize: '64x64', batchSize: 2, learningRateSchedule: 'constant' } as const),
  };
  const weightsOf = async (output: string) =>
    [...(await loadCheckpoint(at(output, 'models', 'last.safetensors'))).tensors].map(([name, { data }]) => [
      name,
      data,
    ]);
  await train({ ...settings, ...data, output: at('whole'), epochs: 2 });
  await train({ ...settings, ...data, output: at('half'), epochs: 1 });
  for (const given of [{ trainData: data.trainData }, { validationData: data.validationData }, {}]) {
    await expect(train({ resumeFrom: at('half'), epochs: 2, ...given })).rejects.toThrow(
      /began with images in memory as (trainData|validationData)/,
    );
  }
  await expect(train({ resumeFrom: at('half'), epochs: 2, ...data, trainData: set(5, 1) })).rejects.toThrow(
    /is not the data that this run was trained with/,
  );
  await train({ resumeFrom: at('half'), epochs: 2, ...data });
  expect(await weightsOf('half')).toEqual(await weightsOf('whole'));
});

test('an own loss trains; the run goes on and is repeated with it alone', async () => {
  const [line] = await runExample(() => import('../../examples/own-loss.js'), at('data'), at('loss'));
  expect(line).toMatch(/^mean Dice 0\.\d{3}$/);
  await expect(train({ resumeFrom: at('loss'), epochs: 3 })).rejects.toThrow(
    /began with a function as lossFunction; only the program that has it can go on/,
  );
  const resumed = await otxHere([
    'train',
    '--resume-from',
    at('loss'),
    'params',
    '--learning_parameters.num_iters',
    '3',
  ]);
  expect(resumed.code).toBe(2);
  expect(resumed.stderr).toContain('began with a function as lossFunction');
  const repeated = await otxHere(['train', '--config', at('loss', 'config.yaml'), '-o', at('again')]);
  expect(repeated.code).toBe(2);
  expect(repeated.stderr).toContain('began with a function as lossFunction');
});

test('an own augmentation is what the network is shown', async () => {
  const [line] = await runExample(
    () => import('../../examples/own-augmentation.js'),
    ...[at('data'), at('augmentation')],
  );
  expect(line).toMatch(/^mean Dice 0\.\d{3}$/);
});

test('an own model trains, is exported, and scores the same in both forms', async () => {
  const [line] = await runExample(() => import('../../examples/own-model.js'), at('data'), at('model'));
  const [, own, exported] = /^mean Dice (0\.\d{4}), of the exported file (0\.\d{4})$/.exec(line!)!;
  expect(Math.abs(Number(own) - Number(exported))).toBeLessThan(0.001);
  await expect(createSegmenter({ weights: at('model') })).rejects.toThrow(
    /was trained with a network of a program's own; give that network as model/,
  );
  const model = () => () => undefined as never;
  await expect(createSegmenter({ weights: at('model', 'export', 'model.onnx'), model })).rejects.toThrow(
    /names its network; leave model out/,
  );
  const { code, stderr } = await otxHere([
    'eval',
    '--load-weights',
    at('model'),
    '--test-data-roots',
    at('data', 'val'),
  ]);
  expect(code).toBe(1);
  expect(stderr).toContain("a program's own");
});

test('functions that a way of training has no use for are refused', async () => {
  const options = {
    template: 'Lite-HRNet-s-mod2',
    trainData: at('data', 'train'),
    validationData: at('data', 'val'),
  };
  const run = train({ ...options, output: at('none'), contrastive: true, augment: (sample) => sample });
  await expect(run).rejects.toThrow(/augment: contrastive training has no use for it/);
});
