/**
 * @file Weights whose values cannot be: no numbers, numbers that overflow, variances below zero, counters and states that no
 * training reaches. Every way to open weights refuses them before it does anything, naming the file and the tensor.
 */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OtxError } from '../../src/base/errors.js';
import { generateScenes } from '../../src/demo/generate.js';
import { evaluate, exportModel, predict, train } from '../../src/index.js';
import { type CheckpointInfo, loadCheckpoint } from '../../src/runs/checkpoint.js';
import { LARGEST, tensorProblem } from '../../src/weights/check-values.js';
import { encodeTorchFile } from '../../src/weights/index.js';
import { encodeSafetensors, type SafeTensor } from '../../src/weights/safetensors.js';
import { otx } from '../e2e/otx.js';

type Tensors = Map<string, SafeTensor>;

let folder: string;
let data: string;
/** Of a training that was stopped after its first step. */
let good: { tensors: Tensors; info: CheckpointInfo };
const settings = {
  inputSize: '64x64',
  batchSize: 2,
  epochs: 2,
  workers: 0,
} as const;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-damaged-'));
  data = join(folder, 'data');
  await generateScenes(data, { train: 4, val: 1, width: 64, height: 48 });
  const stop = new AbortController();
  const output = join(folder, 'run');
  const run = train({
    template: 'Lite-HRNet-s-mod2',
    trainData: join(data, 'train'),
    validationData: join(data, 'val'),
    output,
    ...settings,
    pretrained: false,
    onEvent: ({ type }) => type === 'step' && stop.abort(),
    signal: stop.signal,
  });
  await expect(run).rejects.toMatchObject({ code: 'aborted' });
  const { tensors, info } = await loadCheckpoint(join(output, 'models', 'last.safetensors'));
  good = { tensors: new Map(tensors), info };
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

/** A checkpoint with a checksum that is right, whatever it holds. */
function encode(tensors: Tensors, info: unknown): Uint8Array {
  const hash = createHash('sha256');
  for (const [name, { dtype, shape, data }] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(JSON.stringify([name, dtype, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return encodeSafetensors({ tensors, metadata: { otx: JSON.stringify(info), sha256: hash.digest('hex') } });
}

/** The good tensors with the first value of one of them replaced. */
function withValue(name: string, value: number): Tensors {
  const tensor = good.tensors.get(name)!;
  const copy = tensor.data.slice();
  copy[0] = (copy instanceof BigInt64Array ? BigInt(value) : value) as never;
  return new Map(good.tensors).set(name, { ...tensor, data: copy } as SafeTensor);
}

let runs = 0;
/** Puts a checkpoint where a run has its newest. */
async function runWith(bytes: Uint8Array): Promise<{ root: string; file: string }> {
  runs += 1;
  const root = join(folder, `run-${runs}`);
  await mkdir(join(root, 'models'), { recursive: true });
  const file = join(root, 'models', 'last.safetensors');
  await writeFile(file, bytes);
  await copyFile(join(folder, 'run', 'results.csv'), join(root, 'results.csv'));
  return { root, file };
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'nothing was refused',
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(OtxError);
  const { message, code } = error as OtxError;
  expect(code).toBe('checkpoint');
  expect(message).not.toContain('\n');
  return message;
}

const CONV = 'backbone.stem.conv1.conv.weight';
const BN = 'backbone.stem.conv1.bn';

/** All that opens weights to use them. */
const uses = (weights: string, template?: string): [string, () => Promise<unknown>][] => {
  const output = join(folder, 'never');
  return [
    ['eval', () => evaluate({ weights, template, testData: join(data, 'val') })],
    ['predict', () => predict({ weights, template, input: join(data, 'val', 'images'), output })],
    ['export', () => exportModel({ weights, template, output })],
    [
      'train --load-weights',
      () =>
        train({
          template: template ?? 'Lite-HRNet-s-mod2',
          trainData: join(data, 'train'),
          validationData: join(data, 'val'),
          output,
          ...settings,
          loadWeights: weights,
        }),
    ],
  ];
};

describe('values that cannot be', () => {
  const cases: [what: string, name: string, value: number, found: string][] = [
    ['no number', CONV, Number.NaN, 'holds NaN (value 1 of'],
    ['infinity', CONV, Number.POSITIVE_INFINITY, 'holds Infinity'],
    ['minus infinity', `${BN}.bias`, Number.NEGATIVE_INFINITY, 'holds -Infinity'],
    ['1e38', CONV, 1e38, 'holds 1e+38 (value 1 of'],
    ['1e13', `${BN}.weight`, -1e13, 'holds -10000000000000'],
    ['a negative variance', `${BN}.running_var`, -1, 'holds -1 (value 1 of 32), expected a variance'],
    ['a variance just below zero', `${BN}.running_var`, -1e-30, 'holds -1e-30'],
    ['an infinite mean', `${BN}.running_mean`, Number.POSITIVE_INFINITY, 'holds Infinity'],
    ['a negative counter', `${BN}.num_batches_tracked`, -5, 'holds -5 (value 1 of 1), expected a count'],
    ['a counter of 2^60', `${BN}.num_batches_tracked`, 2 ** 60, 'holds 1150000000000000000'],
  ];
  test.each(cases)('%s is refused by every command', { timeout: 60_000 }, async (_, name, value, found) => {
    const { root, file } = await runWith(encode(withValue(name, value), good.info));
    for (const [, use] of uses(file)) {
      const message = await refusal(use());
      expect(message).toContain(`${file}: not usable weights (tensor "${name}" ${found}`);
      expect(message).toContain('copy the file again, or use an earlier checkpoint');
    }
    expect(await refusal(train({ resumeFrom: root }))).toContain(`tensor "${name}" ${found}`);
  });

  test('a type that weights do not have is refused', async () => {
    const { shape } = good.tensors.get(`${BN}.weight`)!;
    const whole = new Map(good.tensors).set(`${BN}.weight`, {
      dtype: 'I64',
      shape,
      data: new BigInt64Array(shape[0]!),
    });
    const { file } = await runWith(encode(whole, good.info));
    for (const [, use] of uses(file))
      expect(await refusal(use())).toContain('has type I64, expected a floating');
  });

  test('files from elsewhere are looked at in the same way', { timeout: 60_000 }, async () => {
    const tensors = new Map(
      [...withValue(CONV, Number.NaN)].filter(([name]) => !/^(state|optimizer)\./.test(name)),
    );
    const classNames = good.info.classes.map(({ name }) => name);
    const pth = join(folder, 'foreign.pth');
    await writeFile(pth, encodeTorchFile(tensors, { classNames }));
    const foreign = join(folder, 'foreign.safetensors');
    await writeFile(foreign, encodeSafetensors({ tensors, metadata: {} }));
    for (const file of [pth, foreign]) {
      for (const [, use] of uses(file, 'Lite-HRNet-s-mod2')) {
        const message = await refusal(use());
        expect(message).toContain(file);
        expect(message).toContain(`tensor "${CONV}" holds NaN`);
      }
    }
  });

  test('the command line says so in one line', { timeout: 60_000 }, async () => {
    const { root, file } = await runWith(encode(withValue(CONV, Number.NaN), good.info));
    const commands = [
      ['eval', '--test-data-roots', join(data, 'val'), '--load-weights', file],
      ['train', '--resume-from', root],
    ];
    for (const command of commands) {
      const { code, stderr } = await otx(command);
      expect(code).toBe(1);
      expect(stderr.trim().split('\n').at(-1)).toMatch(/^otx: error: .*tensor "backbone\.stem.* holds NaN/);
    }
  });
});

describe('a state that cannot be', () => {
  const resumed = async (tensors: Tensors, info: unknown) =>
    refusal(train({ resumeFrom: (await runWith(encode(tensors, info))).root }));

  test.each([
    ['exp_avg', Number.NaN, 'holds NaN'],
    ['exp_avg_sq', -1e-12, 'holds -1e-12 (value 1 of'],
    ['exp_avg_sq', 1e38, 'expected the mean of squares'],
  ])('%s of %s', async (moment, value, found) => {
    expect(await resumed(withValue(`optimizer.${moment}.${CONV}`, value), good.info)).toContain(found);
  });

  const changes: [string, (info: CheckpointInfo) => void, RegExp][] = [
    ['1e15 steps of an epoch', ({ resume }) => (resume!.state.step = 1e15), /at resume\.state\.step/],
    [
      'more steps than an epoch has',
      ({ resume }) => (resume!.state.step = 3),
      /says 3 for steps of an epoch, where at most 2/,
    ],
    ['a negative step', ({ resume }) => (resume!.state.step = -1), /at resume\.state\.step/],
    ['half a step', ({ resume }) => (resume!.state.step = 0.5), /at resume\.state\.step/],
    [
      'more updates than steps',
      ({ resume }) => (resume!.state.updates = 1000),
      /says 1000 for updates, where at most 1/,
    ],
    [
      'more epochs than are planned',
      ({ resume }) => (resume!.state.epoch = 7),
      /says 7 for epochs finished, where at most 2/,
    ],
    [
      'epochs without end',
      ({ resume }) => (resume!.state.epochs = 1e9),
      /says 1000000000 for epochs planned/,
    ],
    [
      'time before the start',
      ({ resume }) => (resume!.state.seconds.run = -1),
      /at resume\.state\.seconds\.run/,
    ],
    ['a million threads', ({ resume }) => (resume!.threads = 1e6), /at resume\.threads/],
    ['a negative epoch', ({ progress }) => (progress.epoch = -1), /at progress\.epoch/],
    [
      'a batch of none',
      ({ hyperParameters }) => (hyperParameters.learning_parameters!.batch_size = 0),
      /damaged \(.*batch_size is 0/,
    ],
  ];
  test.each(changes)('%s', async (_, change, reason) => {
    const info = structuredClone(good.info);
    change(info);
    expect(await resumed(good.tensors, info)).toMatch(reason);
  });
});

test('27 million values are looked at in a fraction of a second', () => {
  const data = new Float32Array(27_000_000).fill(0.5);
  const start = performance.now();
  expect(tensorProblem('a.weight', { data, type: 'F32' })).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(1000);
});

test('what networks hold passes', () => {
  const fine = Float32Array.of(0, -0, 1e-45, -1e-45, 65504, -LARGEST, LARGEST);
  expect(tensorProblem('a.weight', { data: fine, type: 'float32' })).toBeUndefined();
  expect(tensorProblem('a.running_var', { data: Float32Array.of(0, -0, 1e6), type: 'F32' })).toBeUndefined();
  expect(tensorProblem('a.index', { data: BigInt64Array.of(-(2n ** 62n)), type: 'int64' })).toBeUndefined();
});
