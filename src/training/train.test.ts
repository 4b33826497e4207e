import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { generateScenes } from '../demo/generate.js';
import { SCENE_CLASSES } from '../demo/streets/scene.js';
import { untrainedCheckpoint } from '../demo/untrained.js';
import type { RunReporter } from '../reports/index.js';
import { loadCheckpoint } from '../runs/checkpoint.js';
import type { EpochEvent, TrainEvent } from '../runs/events.js';
import type { SettingOptions } from '../settings/index.js';
import type { TrainOptions } from './options/train-options.js';
import type { TrainingSession } from './session.js';
import { train } from './train.js';

/** The engine is replaced by a script, so that the loop can be led through what a real network rarely does. */
const script = vi.hoisted(() => ({
  /** Loss of each step; the last one repeats. */
  losses: [1],
  /** Class that all pixels are given, per validated epoch, or NaN for logits that are none; the last one repeats. */
  answers: [0],
  /** Up to which loss scale, 1 where there is none, a step is not undone in spite of its finite loss. */
  largestScale: Number.POSITIVE_INFINITY,
  /** Whether the weights of a teacher are scored too. */
  hasTeacher: false,
  calls: [] as { learningRate: number; update: number; lossScale: number | undefined }[],
  disposed: 0,
}));

/** What a run draws is tested with it; here it would only take time. */
vi.mock('../reports/index.js', async (original) => ({
  ...(await original<typeof import('../reports/index.js')>()),
  createRunReporter: (): RunReporter => ({
    onFolder: () => undefined,
    onStart: () => undefined,
    onEvent: () => undefined,
    onStep: () => undefined,
    onPrediction: () => undefined,
    finish: async () => undefined,
  }),
}));

vi.mock('./session.js', () => ({
  createTrainingSession: async (): Promise<TrainingSession> => {
    let validated = 0;
    return {
      engine: { kind: 'stock', reason: 'of a test' },
      step: async (_batch, learningRate, update, _planned, scale) => {
        const loss = script.losses[Math.min(script.calls.length, script.losses.length - 1)]!;
        script.calls.push({ learningRate, update, lossScale: scale?.value });
        const committed = Number.isFinite(loss) && (scale?.value ?? 1) <= script.largestScale;
        return { loss, committed, figures: {}, pictures: {} };
      },
      forward: async () => {
        const answer = script.answers[Math.min(validated, script.answers.length - 1)]!;
        validated += 1;
        return answerEverywhere(answer);
      },
      others: script.hasTeacher ? { teacher: async () => answerEverywhere(0) } : {},
      averages: [],
      averageTensors: async () => new Map(),
      tensors: async () =>
        new Map([['w', { dtype: 'F32', shape: [1], data: Float32Array.of(script.calls.length) }]]),
      dispose: async () => {
        script.disposed += 1;
      },
    };
  },
}));

const CLASSES = SCENE_CLASSES.length;
/** That of the input size below. */
const VALIDATION_SIDE = 34;
/** Logits that give all pixels one class. */
function answerEverywhere(answer: number): Float32Array {
  const area = VALIDATION_SIDE ** 2;
  if (Number.isNaN(answer)) return new Float32Array(CLASSES * area).fill(answer);
  return new Float32Array(CLASSES * area).fill(1, answer * area, (answer + 1) * area);
}
let folder: string;
let runs = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-train-'));
  await generateScenes(join(folder, 'data'), { train: 4, val: 1, width: 48, height: 32 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() =>
  Object.assign(script, {
    losses: [1],
    answers: [0],
    largestScale: Number.POSITIVE_INFINITY,
    hasTeacher: false,
    calls: [],
    disposed: 0,
  }),
);

const SETTINGS = {
  batchSize: 2,
  workers: 0,
  inputSize: '32x32',
  warmupSteps: 4,
  earlyStopping: false,
};

async function run(epochs: number, options: Partial<TrainOptions> = {}, settings: SettingOptions = {}) {
  const events: TrainEvent[] = [];
  runs += 1;
  const output = join(folder, `run${runs}`);
  const result = await train({
    template: 'Lite-HRNet-s-mod2',
    recipe: 'otx',
    pretrained: false,
    trainData: join(folder, 'data', 'train'),
    validationData: join(folder, 'data', 'val'),
    output,
    ...SETTINGS,
    epochs,
    ...settings,
    ...options,
    onEvent: (event) => {
      events.push(event);
      return options.onEvent?.(event);
    },
  }).then(
    (value) => ({ value, error: undefined }),
    (error: unknown) => ({ value: undefined, error }),
  );
  const epochEvents = events.filter((event): event is EpochEvent => event.type === 'epoch');
  const told = events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
  const notices = told.filter((message) => !message.startsWith('recipe '));
  return {
    ...result,
    output,
    events,
    epochEvents,
    notices,
    last: join(output, 'models', 'last.safetensors'),
  };
}

/** A file of weights for the classes of the data. */
async function givenWeights(): Promise<string> {
  const path = join(folder, 'given.safetensors');
  const classes = SCENE_CLASSES.map((name) => ({ name, color: [0, 0, 0] as const }));
  await writeFile(path, untrainedCheckpoint({ template: 'Lite-HRNet-s-mod2', classes, seed: 1 }));
  return path;
}

describe('the training loop', () => {
  test('warms up linearly over the steps and then keeps the learning rate', async () => {
    const { error } = await run(3);
    expect(error).toBeUndefined();
    const rates = script.calls.map(({ learningRate }) => learningRate * 1e3);
    [1 / 3, 1 / 2, 2 / 3, 5 / 6, 1, 1].forEach((rate, step) => {
      expect(rates[step]).toBeCloseTo(rate, 12);
    });
    expect(script.calls.map(({ update }) => update)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(script.disposed).toBe(1);
  });

  test('keeps the best weights: only a strictly greater mean Dice replaces them', async () => {
    // Find two answers of different score, then give the worse, the better twice, and the worse again.
    script.answers = Array.from({ length: CLASSES }, (_, answer) => answer);
    const dice = (await run(CLASSES)).epochEvents.map(({ metrics }) => metrics?.mDice ?? 0);
    const better = dice.indexOf(Math.max(...dice));
    const worse = dice.indexOf(Math.min(...dice));
    expect(dice[better]).toBeGreaterThan(dice[worse]!);

    script.calls = [];
    script.answers = [worse, better, better, worse];
    const { value, epochEvents, output, last } = await run(4);
    expect(epochEvents.map(({ best }) => best)).toEqual([true, true, false, false]);
    expect(value).toMatchObject({ bestEpoch: 2, metrics: { mDice: dice[better] } });
    const best = await loadCheckpoint(output);
    expect(best.tensors.get('w')?.data[0]).toBe(4);
    expect(best.info.progress).toEqual({
      epoch: 2,
      step: 4,
      seed: 42,
      best: { mDice: dice[better], epoch: 2 },
    });
    const newest = await loadCheckpoint(last);
    expect(newest.tensors.get('w')?.data[0]).toBe(8);
    expect(newest.info.metrics?.mDice).toBe(dice[worse]);
  });

  test('a step without a finite loss is named, and counts neither as an update nor in the mean', async () => {
    script.losses = [2, Number.NaN, 4, 6];
    const { epochEvents, notices, last } = await run(2);
    expect(script.calls.map(({ update }) => update)).toEqual([1, 2, 2, 3]);
    expect(epochEvents.map(({ loss }) => loss)).toEqual([2, 5]);
    expect(notices).toEqual([
      expect.stringMatching(/^epoch 1, step 2 \(images .+, .+\): the loss is NaN; the step was undone/),
    ]);
    expect((await loadCheckpoint(last)).info.progress.step).toBe(3);
  });

  test('ten of them in a row end the training with the last good weights saved', async () => {
    script.losses = [1, 1, Number.POSITIVE_INFINITY];
    const { error, last } = await run(100);
    expect(error).toMatchObject({
      code: 'numeric',
      message: expect.stringMatching(/10 steps in a row, last on the images .*learning rate below 0\.001/),
    });
    expect(script.calls).toHaveLength(12);
    expect((await loadCheckpoint(last)).info.progress).toMatchObject({ epoch: 5, step: 2 });
    expect(script.disposed).toBe(1);
  });

  test('given weights that give no finite numbers are blamed, instead of images or the learning rate', async () => {
    const weights = await givenWeights();
    const blamed = {
      code: 'numeric',
      message: expect.stringMatching(/given\.safetensors: these weights give/),
    };

    script.losses = [Number.NaN];
    const undone = await run(100, { loadWeights: weights });
    expect(undone.error).toMatchObject(blamed);
    expect((await loadCheckpoint(undone.last)).info.progress.step).toBe(0);

    script.answers = [Number.NaN];
    const scored = await run(100, { loadWeights: weights });
    expect(scored.error).toMatchObject(blamed);
    expect(script.calls).toHaveLength(10);
  });

  test('a validation without finite numbers is no score: the training ends, and what was saved stays', async () => {
    script.answers = [1, Number.NaN];
    const { error, last } = await run(3);
    expect(error).toMatchObject({
      code: 'numeric',
      message: expect.stringContaining('the weights of epoch 2 give values that are not finite'),
    });
    expect((await loadCheckpoint(last)).info.progress.epoch).toBe(1);
  });

  test('what goes wrong after the first step is not the fault of given weights', async () => {
    const weights = await givenWeights();
    script.losses = [1, Number.NaN];
    const { error } = await run(100, { loadWeights: weights });
    expect(error).toMatchObject({ code: 'numeric', message: expect.stringContaining('learning rate below') });
  });

  test.each([
    [
      'in the middle of an epoch',
      (event: TrainEvent) => event.type === 'step' && event.epoch === 2 && event.step === 1,
      1,
      3,
    ],
    ['while validating', (event: TrainEvent) => event.type === 'progress' && event.task === 'validate', 0, 2],
    ['between epochs', (event: TrainEvent) => event.type === 'epoch', 1, 2],
  ])('a stop %s saves the weights of that moment', async (_, when, epoch, step) => {
    const controller = new AbortController();
    const { error, last } = await run(5, {
      signal: controller.signal,
      onEvent: (event) => when(event) && controller.abort(),
    });
    expect(error).toMatchObject({
      code: 'aborted',
      message: expect.stringContaining(
        `stopped after ${step} steps (${epoch} of 5 epochs) and saved ${last}`,
      ),
    });
    const { info, tensors } = await loadCheckpoint(last);
    expect(info.progress).toMatchObject({ epoch, step });
    expect(tensors.get('w')?.data[0]).toBe(step);
    expect(script.disposed).toBe(1);
  });

  test('a stop while the teacher is scored calls no epoch the best whose weights are not saved', async () => {
    script.hasTeacher = true;
    const controller = new AbortController();
    let scored = 0;
    const { error, last } = await run(1, {
      signal: controller.signal,
      onEvent: (event) => {
        if (event.type === 'progress' && event.task === 'validate' && ++scored === 2) controller.abort();
      },
    });
    expect(error).toMatchObject({ code: 'aborted' });
    expect((await loadCheckpoint(last)).info.progress).toMatchObject({ epoch: 0, best: null });
  });

  test('a stop in the last epoch is no stop: the training is complete', async () => {
    const controller = new AbortController();
    const { value } = await run(1, {
      signal: controller.signal,
      onEvent: (event) => event.type === 'epoch' && controller.abort(),
    });
    expect(value?.bestEpoch).toBe(1);
  });

  test('a gradient that is not finite undoes a step too', async () => {
    script.largestScale = 0;
    const { error, notices } = await run(100);
    expect(notices[0]).toMatch(
      /\(images .+\): a gradient or a running statistic is not finite; the step was undone/,
    );
    expect(error).toMatchObject({ code: 'numeric' });
  });

  test('in mixed precision a gradient beyond float16 halves the loss scale, and ends nothing', async () => {
    script.largestScale = 16;
    const { notices, last } = await run(10, { precision: 'mixed', engine: 'stock' });
    const scales = script.calls.slice(0, 14).map(({ lossScale }) => lossScale);
    expect(scales).toEqual([...Array.from({ length: 13 }, (_, i) => 2 ** (16 - i)), 16]);
    // Of 20 steps 12 were undone.
    expect(script.calls.at(-1)!.update).toBe(8);
    expect(notices.at(-1)).toMatch(/^epoch 6, step 2: .* beyond float16; .* the loss scale is now 16$/);
    expect((await loadCheckpoint(last)).info.resume!.state.lossScale).toEqual({ value: 16, goodSteps: 8 });
    Object.assign(script, { largestScale: 0, calls: [] });
    expect((await run(100, { precision: 'mixed', engine: 'stock' })).error).toMatchObject({
      code: 'numeric',
    });
    expect(script.calls).toHaveLength(16 + 10);
  });

  test('scores that no longer rise end it early, and lower the learning rate at the start of the next epoch', async () => {
    const settings = {
      earlyStopping: true,
      earlyStoppingPatience: 7,
      earlyStoppingPatienceSteps: 0,
      warmupSteps: 0,
    };
    const { value, events, epochEvents } = await run(100, {}, settings);
    // The first score that counts is that of epoch 3; seven more are not better.
    expect(epochEvents).toHaveLength(10);
    expect(value?.bestEpoch).toBe(1);
    expect(events.at(-1)).toMatchObject({ type: 'end', reason: 'early-stopping', bestEpoch: 1 });
    // Equal scores are good for the plateau: no drop.
    expect(new Set(epochEvents.map(({ learningRate }) => learningRate))).toEqual(new Set([0.001]));
  });

  test('worse scores lower the learning rate to a tenth in the sixth epoch after the best', async () => {
    script.answers = Array.from({ length: CLASSES }, (_, answer) => answer);
    const dice = (await run(CLASSES)).epochEvents.map(({ metrics }) => metrics?.mDice ?? 0);
    const [better, worse] = [dice.indexOf(Math.max(...dice)), dice.indexOf(Math.min(...dice))];
    script.calls = [];
    script.answers = [better, worse];
    const { epochEvents } = await run(8, {}, { warmupSteps: 0, plateauPatienceSteps: 0 });
    const rates = epochEvents.map(({ learningRate }) => learningRate);
    [1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-4, 1e-4].forEach((rate, index) => {
      expect(rates[index]).toBeCloseTo(rate, 12);
    });
  });

  test('with an adaptive interval tiny epochs are validated in fives, and the last one always', async () => {
    const { epochEvents } = await run(12, {}, { adaptiveInterval: true });
    const validated = epochEvents.filter(({ metrics }) => metrics !== undefined).map(({ epoch }) => epoch);
    expect(validated).toEqual([5, 10, 12]);
  });

  test('ends when its caller answers so: after the step, validated and saved, and can be gone on with', async () => {
    const onEvent = (event: TrainEvent) =>
      event.type === 'step' && event.epoch === 2 && event.step === 1 ? 'stop' : undefined;
    const { value, epochEvents, last, events } = await run(5, { onEvent });
    expect(value).toMatchObject({ reason: 'callback', bestEpoch: 1 });
    expect(epochEvents.map(({ epoch, updates, metrics }) => [epoch, updates, metrics !== undefined])).toEqual(
      [
        [1, 2, true],
        [2, 3, true],
      ],
    );
    expect(events.at(-1)).toMatchObject({ type: 'end', reason: 'callback' });
    const { state } = (await loadCheckpoint(last)).info.resume!;
    expect(state).toMatchObject({ finished: 'callback', epoch: 2, step: 0, updates: 3 });
  });

  test('ends after an epoch whose event is answered so', async () => {
    const { value, epochEvents } = await run(5, {
      onEvent: (event) => (event.type === 'epoch' && event.epoch === 2 ? 'stop' : undefined),
    });
    expect(value?.reason).toBe('callback');
    expect(epochEvents.map(({ epoch }) => epoch)).toEqual([1, 2]);
  });

  test('tells of every step and checkpoint', async () => {
    const { events, output, last } = await run(2);
    const count = (type: string) => events.filter((event) => event.type === type).length;
    expect(count('step')).toBe(4);
    expect(count('epoch')).toBe(2);
    expect(count('end')).toBe(1);
    const checkpoints = events.flatMap((event) => (event.type === 'checkpoint' ? [event] : []));
    expect(checkpoints.map(({ kind, epoch }) => [kind, epoch])).toEqual([
      ['last', 0],
      ['best', 1],
      ['last', 1],
      ['last', 2],
    ]);
    expect(checkpoints[0]?.path).toBe(last);
    expect(events.find((event) => event.type === 'start')).toMatchObject({
      output,
      resumed: undefined,
      config: { template: 'Lite-HRNet-s-mod2', seed: 42 },
    });
  });
});
