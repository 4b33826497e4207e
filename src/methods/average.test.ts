import { expect, onTestFinished, test } from 'vitest';
import { Random } from '../base/random.js';
import type { Dataset } from '../data/index.js';
import { createEngine } from '../engine/engine.js';
import { relu, sizeOf } from '../graph/index.js';
import { describe as describeModel, type Segmentor } from '../models/index.js';
import { convNorm, convolution, initialValue } from '../nn/index.js';
import { averageKeep } from '../optim/index.js';
import { isTrainingState } from '../weights/training-state.js';
import type { AverageSettings } from './average.js';
import type { StatePack } from './method.js';
import { supervised } from './supervised.js';

const CLASSES = 3;
const SIDE = 16;
/** Steps of the trainings here. */
const PLANNED = 8;
/** With batch norm. */
const model: Segmentor = (scope, images) => {
  const options = { channels: 6, kernel: 3, stride: 2 } as const;
  const features = relu(convNorm(scope.child('conv'), scope.child('bn'), images, options));
  return convolution(scope.child('head'), features, { channels: CLASSES, bias: true });
};
const { variables } = describeModel(model, [1, 3, SIDE, SIDE]);
const start = new Map(variables.map((spec) => [spec.key, initialValue(spec, 1)]));

const graphsFor = (averages: AverageSettings = {}) =>
  supervised({
    ...{ model, optimizer: 'adam', sizes: { train: SIDE, validation: SIDE } },
    // Only its loader needs them.
    ...{ trainSet: {} as Dataset, loading: { seed: 1, workers: 0, augmentation: 'plain' } },
    ...averages,
  }).graphs(2);

/** An engine with the start, and steps on random images, or on images that are no numbers. */
async function begin(graphs: ReturnType<typeof graphsFor>) {
  const engine = await createEngine({ threads: 1, cache: false });
  onTestFinished(() => engine.dispose());
  const graph = graphs.steps.supervised!;
  const step = await engine.compile(graph);
  for (const { layout, start: startOf } of graphs.packs) {
    await engine.setState(layout.name, startOf?.(start) ?? new Float32Array(layout.size));
  }
  const run = (update: number, isBroken = false) => {
    const random = new Random(`update ${update}`);
    const images = Float32Array.from({ length: sizeOf(graph.inputs.images!.shape) }, () =>
      isBroken ? Number.NaN : random.normal(),
    );
    const labels = Uint8Array.from({ length: sizeOf(graph.inputs.labels!.shape) }, () =>
      random.integer(CLASSES),
    );
    return step.run(
      { images, labels },
      graphs.scalars('supervised', { learningRate: 0.05, update, planned: PLANNED }),
    );
  };
  return { engine, run };
}

const namesOf = (packs: readonly StatePack[]) =>
  packs.flatMap(({ layout, nameOf }) => layout.entries.map(({ key }) => nameOf(key)));

test('an average follows weights and running statistics, each step by the step', async () => {
  const { engine, run } = await begin(graphsFor({ emaDecay: 0.25 }));
  const pairs = ['parameters', 'buffers'] as const;
  const expected = Object.fromEntries(
    await Promise.all(pairs.map(async (pack) => [pack, await engine.getState(pack)] as const)),
  );
  for (let update = 1; update <= 4; update++) {
    expect((await run(update)).committed).toBe(true);
    const keep = [2 / 11, 0.25, 0.25, 0.25][update - 1]!;
    for (const pack of pairs) {
      const weights = await engine.getState(pack);
      expected[pack] = expected[pack]!.map((value, i) => keep * value + (1 - keep) * weights[i]!);
      const found = await engine.getState(`ema_${pack}`);
      const distance = found.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - expected[pack]![i]!)),
        0,
      );
      expect(distance).toBeLessThan(1e-5);
      expect(found).not.toEqual(weights);
    }
  }
  // A step that is undone leaves it as it was.
  const before = await engine.getState('ema_parameters');
  expect((await run(5, true)).committed).toBe(false);
  expect(await engine.getState('ema_parameters')).toEqual(before);
});

test('an average of the last steps counts weights and running statistics of all of them alike', async () => {
  const { engine, run } = await begin(graphsFor({ swaStart: 0.7 }));
  const after: Record<'parameters' | 'buffers', Float32Array>[] = [];
  for (let update = 1; update <= PLANNED; update++) {
    await run(update);
    after.push({
      parameters: await engine.getState('parameters'),
      buffers: await engine.getState('buffers'),
    });
    for (const pack of ['parameters', 'buffers'] as const) {
      const last = after.slice(Math.min(5, update - 1)).map((state) => state[pack]);
      const found = await engine.getState(`swa_${pack}`);
      const mean = (i: number) => last.reduce((sum, values) => sum + values[i]!, 0) / last.length;
      const distance = found.reduce((most, value, i) => Math.max(most, Math.abs(value - mean(i))), 0);
      expect(distance).toBeLessThan(1e-5);
      if (update > 6) expect(found).not.toEqual(last.at(-1));
    }
  }
});

test('both averages at once are those that each is alone, and nobody begins the last steps of an unknown number', async () => {
  const both = graphsFor({ emaDecay: 0.9, swaStart: 0.5 });
  expect(both.averages).toEqual(['ema', 'swa']);
  expect(Object.keys(both.otherEvaluations!)).toEqual(['ema', 'swa']);
  const keeps = (update: number, planned: number) =>
    both.scalars('supervised', { learningRate: 1, update, planned });
  expect(keeps(4, 6)).toMatchObject({ emaKeep: 5 / 14, swaKeep: 0 });
  expect(keeps(6, 6).swaKeep).toBeCloseTo(2 / 3, 12);
  expect(keeps(1000, Number.POSITIVE_INFINITY).swaKeep).toBe(0);
  const [together, alone] = [await begin(both), await begin(graphsFor({ swaStart: 0.5 }))];
  for (let update = 1; update <= PLANNED; update++) {
    await together.run(update);
    await alone.run(update);
  }
  const found = await together.engine.getState('swa_parameters');
  expect(found).toEqual(await alone.engine.getState('swa_parameters'));
  expect(found).not.toEqual(await together.engine.getState('ema_parameters'));
});

test('it looks back on few steps at first', () => {
  const graphs = graphsFor({ emaDecay: 0.99 });
  const keeps = [1, 2, 890, 10000].map(
    (update) => graphs.scalars('supervised', { learningRate: 1, update, planned: PLANNED }).emaKeep,
  );
  expect(keeps).toEqual([2 / 11, 3 / 12, averageKeep(0.99, 890), 0.99]);
});

test('the weights do not depend on it, and a training without has none of it', async () => {
  const [plain, averaged] = [graphsFor(), graphsFor({ emaDecay: 0.99 })];
  const [a, b] = [await begin(plain), await begin(averaged)];
  for (let update = 1; update <= 3; update++)
    expect((await a.run(update)).outputs).toEqual((await b.run(update)).outputs);
  for (const pack of ['parameters', 'buffers', 'exp_avg', 'exp_avg_sq']) {
    expect(await b.engine.getState(pack)).toEqual(await a.engine.getState(pack));
  }
  expect(plain.otherEvaluations).toBeUndefined();
  expect(averaged.averages).toEqual(['ema']);
  const own = namesOf(averaged.packs).filter((name) => !namesOf(plain.packs).includes(name));
  expect(own).toEqual(
    variables
      .filter(({ kind }) => kind === 'parameter')
      .concat(variables.filter(({ kind }) => kind === 'buffer'))
      .map(({ key }) => `state.ema.${key}`),
  );
  expect(own.every(isTrainingState)).toBe(true);
});
