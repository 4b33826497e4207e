import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { generateScenes } from '../demo/generate.js';
import { SCENE_CLASSES } from '../demo/streets/scene.js';
import { load } from '../inference/load.js';
import { loadCheckpoint } from '../runs/checkpoint.js';
import type { EpochEvent, TrainEvent } from '../runs/events.js';
import type { TrainingSession } from './session.js';
import { train } from './train.js';

/** The engine is replaced by one that gives all pixels of a validation image one class. */
const script = vi.hoisted(() => ({ steps: 0, trained: 0, average: 0 }));

vi.mock('./session.js', () => ({
  createTrainingSession: async (): Promise<TrainingSession> => ({
    engine: { kind: 'stock', reason: 'of a test' },
    step: async () => {
      script.steps += 1;
      return { loss: 1, committed: true, figures: {}, pictures: {} };
    },
    forward: async () => answerEverywhere(script.trained),
    others: { ema: async () => answerEverywhere(script.average) },
    averages: ['ema'],
    tensors: async () => new Map([['w', tensorOf(script.steps)]]),
    averageTensors: async (name) => new Map(name === 'ema' ? [['w', tensorOf(-script.steps)]] : []),
    dispose: async () => undefined,
  }),
}));

const tensorOf = (value: number) => ({ dtype: 'F32' as const, shape: [1], data: Float32Array.of(value) });
const CLASSES = SCENE_CLASSES.length;
/** That of the input size below. */
const VALIDATION_SIDE = 34;
function answerEverywhere(answer: number): Float32Array {
  const area = VALIDATION_SIDE ** 2;
  return new Float32Array(CLASSES * area).fill(1, answer * area, (answer + 1) * area);
}

let folder: string;
let runs = 0;
/** Classes that score most and least. */
let good: number;
let bad: number;
/** Their mean Dice. */
let dice: number[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-kept-'));
  await generateScenes(join(folder, 'data'), { train: 4, val: 1, width: 48, height: 32 });
  dice = [];
  for (let answer = 0; answer < CLASSES; answer++) {
    const { epochs } = await run({ trained: answer, average: answer });
    dice.push(epochs[0]!.metrics!.mDice);
  }
  good = dice.indexOf(Math.max(...dice));
  bad = dice.indexOf(Math.min(...dice));
  expect(dice[good]).toBeGreaterThan(dice[bad]!);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Two steps an epoch. */
async function run(answers: { trained: number; average: number }, epochs = 1) {
  Object.assign(script, { steps: 0, ...answers });
  const events: TrainEvent[] = [];
  const output = join(folder, `run${++runs}`);
  const result = await train({
    ...{ template: 'Lite-HRNet-s-mod2', pretrained: false, reports: false, output, epochs },
    ...{ trainData: join(folder, 'data', 'train'), validationData: join(folder, 'data', 'val') },
    ...{ batchSize: 2, workers: 0, inputSize: '32x32', earlyStopping: false },
    onEvent: (event) => {
      events.push(event);
    },
  });
  return {
    ...{ result, output, events },
    epochs: events.filter((event): event is EpochEvent => event.type === 'epoch'),
    best: await loadCheckpoint(join(output, 'models', 'weights.safetensors')),
    last: await loadCheckpoint(join(output, 'models', 'last.safetensors')),
  };
}

test('an average that scores better is kept with its score, and all that is told says so', async () => {
  const { result, output, events, epochs, best, last } = await run({ trained: bad, average: good }, 2);
  expect(result).toMatchObject({ bestEpoch: 1, average: 'ema', metrics: { mDice: dice[good] } });
  expect(events.at(-1)).toMatchObject({ type: 'end', average: 'ema' });
  expect(epochs[0]).toMatchObject({
    ...{ best: true, average: 'ema', metrics: { mDice: dice[good] } },
    figures: { trained_mDice: dice[bad], ema_mDice: dice[good] },
  });
  expect(epochs[1]).toMatchObject({ best: false, average: 'ema' });
  expect(best.tensors.get('w')?.data[0]).toBe(-2);
  expect(best.info).toMatchObject({ average: 'ema', metrics: { mDice: dice[good] } });
  expect(await load(output)).toMatchObject({ average: 'ema', mDice: dice[good] });
  // The newest checkpoint is of the trained weights, with their own score.
  expect(last.tensors.get('w')?.data[0]).toBe(4);
  expect(last.info.average).toBeUndefined();
  expect(last.info.metrics?.mDice).toBe(dice[bad]);
  expect(last.info.resume?.state).toMatchObject({ lastScore: dice[good], best: { average: 'ema' } });
});

test.each([
  ['is worse', () => bad],
  ['is equal', () => good],
])('an average that %s is not kept', async (_, average) => {
  const { result, output, epochs, best } = await run({ trained: good, average: average() });
  expect(result.average).toBeUndefined();
  expect(epochs[0]).toMatchObject({
    ...{ average: undefined, metrics: { mDice: dice[good] } },
    figures: { trained_mDice: dice[good], ema_mDice: dice[average()] },
  });
  expect(best.tensors.get('w')?.data[0]).toBe(2);
  expect(best.info.average).toBeUndefined();
  expect((await load(output)).average).toBeUndefined();
});
