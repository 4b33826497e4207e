import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Random } from '../base/random.js';
import { createEngine, type Engine, type StepInputs } from '../engine/engine.js';
import type { PackLayout, StepGraph } from '../engine/step.js';
import { relu, sizeOf, type Tensor, tanh } from '../graph/index.js';
import { createSegmentor, describe as describeModel, type Head, type Segmentor } from '../models/index.js';
import { convNorm, convolution, initialValue, type VariableSpec } from '../nn/index.js';
import { OPTIMIZER_NAMES, type OptimizerName } from '../optim/index.js';
import { type ContrastiveNetwork, contrastiveLayouts, onlineModel } from './contrastive.js';
import { detconLearning } from './detcon.js';
import { GRADIENT, joinStep, type Learning, splitStep } from './learning.js';
import { meanTeacherLearning } from './mean-teacher.js';
import { modelLayouts } from './model-state.js';
import { supconLearning } from './supcon.js';
import { supervisedLearning } from './supervised-steps.js';
import { uniMatchLearning } from './unimatch.js';

const CLASSES = 3;
const SIZE = 16;
const STEPS = 3;
const SCALARS: Readonly<Record<string, number>> = {
  learningRate: 0.05,
  stepSize: 0.01,
  secondMomentScale: 1.5,
  keep: 0.999,
  teacherKeep: 0.75,
  dropShare: 0.2,
  unsupervisedWeight: 0.5,
  emaKeep: 0.75,
  swaKeep: 0.5,
  threshold: 0.4,
};

const small: Segmentor = (scope, images) => {
  const options = { channels: 6, kernel: 3, stride: 2 } as const;
  const features = relu(convNorm(scope.child('conv'), scope.child('bn'), images, options));
  return convolution(scope.child('head'), features, { channels: CLASSES, bias: true });
};
const network: ContrastiveNetwork = {
  config: { maps: [0, 2], channels: 14, stride: 4, hidden: 12, width: 8 },
  backbone: (scope, images) => {
    const layer = (name: string, x: Tensor, channels: number) =>
      tanh(convNorm(scope.child(name), scope.child(`${name}_bn`), x, { kernel: 3, stride: 2, channels }));
    const half = layer('first', images, 4);
    const quarter = layer('second', half, 6);
    return [quarter, layer('third', quarter, 8)];
  },
  encoder: (scope, images) => network.backbone(scope.child('backbone'), images)[1]!,
};
const head: Head = (scope, features) => convolution(scope, features[0]!, { channels: CLASSES, bias: true });
const headed: Segmentor = (scope, images) =>
  head(scope.child('decode_head'), network.backbone(scope.child('backbone'), images));

/** What a method learns from, and the variables of its model. */
type Case = (optimizer: OptimizerName) => {
  readonly learning: () => Learning;
  readonly variables: readonly VariableSpec[];
};

const segmented =
  (model: Segmentor, size: number, averages: readonly string[] = []): Case =>
  (optimizer) => {
    const { variables } = describeModel(model, [1, 3, size, size]);
    const options = { batchSize: 2, size, optimizer, averages };
    return { variables, learning: () => supervisedLearning(model, modelLayouts(variables), options) };
  };

const METHODS: Readonly<Record<string, Case>> = {
  supervised: segmented(small, SIZE),
  'supervised, with averages': segmented(small, SIZE, ['ema', 'swa']),
  'supervised, of a real model': segmented(createSegmentor('lite-hrnet-s', { numClasses: CLASSES }), 64),
  'semi-supervised': (optimizer) => {
    const { variables } = describeModel(small, [1, 3, SIZE, SIZE]);
    const options = { batchSize: 3, unlabeledBatchSize: 2, size: SIZE, optimizer };
    return { variables, learning: () => meanTeacherLearning(small, modelLayouts(variables), options) };
  },
  'weak-to-strong consistency': (optimizer) => {
    const { variables } = describeModel(headed, [1, 3, SIZE, SIZE]);
    const parts = { backbone: network.backbone, head };
    const options = { batchSize: 3, unlabeledBatchSize: 2, size: SIZE, optimizer, parts };
    return { variables, learning: () => uniMatchLearning(headed, modelLayouts(variables), options) };
  },
  'supervised contrastive': (optimizer) => {
    const { variables } = describeModel(onlineModel(network, head), [1, 3, SIZE, SIZE]);
    const layouts = contrastiveLayouts(variables);
    const options = { network, segmentor: headed, head, optimizer, layouts, batchSize: 2, size: SIZE };
    return { variables, learning: () => supconLearning('pair', options) };
  },
  'self-supervised': (optimizer) => {
    const { variables } = describeModel(onlineModel(network), [1, 3, SIZE, SIZE]);
    const options = { batchSize: 2, size: SIZE, optimizer };
    return { variables, learning: () => detconLearning(network, contrastiveLayouts(variables), options) };
  },
};

let engine: Engine;
beforeEach(async () => {
  engine = await createEngine({ threads: 1, cache: false });
});
afterEach(() => engine.dispose());

function inputsOf({ inputs }: StepGraph, seed: string): StepInputs {
  const random = new Random(seed);
  const drawn = Object.entries(inputs).map(([name, { dtype, shape }]) => {
    const length = sizeOf(shape);
    if (name === 'padding') return [name, new Uint8Array(length)];
    if (dtype === 'uint8') return [name, Uint8Array.from({ length }, () => random.integer(CLASSES))];
    const draw = name.startsWith('noise') ? () => random.uniform() : () => random.normal();
    return [name, Float32Array.from({ length }, draw)];
  });
  return Object.fromEntries(drawn);
}

const scalarsOf = ({ scalars }: StepGraph): Record<string, number> =>
  Object.fromEntries(Object.keys(scalars).map((name) => [name, SCALARS[name] ?? Number.NaN]));

/** Puts the start into the engine. */
async function begin(layouts: readonly PackLayout[], variables: readonly VariableSpec[]): Promise<void> {
  const specs = new Map(variables.map((spec) => [spec.key, spec]));
  for (const layout of layouts) {
    const flat = new Float32Array(layout.size);
    if (!/^(exp_|momentum_)/.test(layout.name))
      for (const { key, offset } of layout.entries) flat.set(initialValue(specs.get(key)!, 1), offset);
    await engine.setState(layout.name, flat);
  }
}

/** Digests of all packs by name. */
async function stateOf(layouts: readonly PackLayout[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { name } of layouts) {
    const { buffer, byteOffset, byteLength } = await engine.getState(name);
    found[name] = createHash('sha256')
      .update(new Uint8Array(buffer, byteOffset, byteLength))
      .digest('hex');
  }
  return found;
}

const CASES = Object.keys(METHODS).flatMap((method) =>
  OPTIMIZER_NAMES.filter((name) => !method.includes('real') || name === 'adam').map((name) => [method, name]),
) as [string, OptimizerName][];

describe('gradient and update in two graphs give the bits of one', () => {
  test.each(CASES)('%s, %s', async (method, optimizer) => {
    const { learning, variables } = METHODS[method]!(optimizer);
    const whole = joinStep(learning());
    const { gradient, apply, between } = splitStep(learning());
    const layouts = whole.packs.map(({ layout }) => layout);
    const inputs = Array.from({ length: STEPS }, (_, step) => inputsOf(whole, `step ${step}`));

    const joined = await engine.compile(whole);
    await begin(layouts, variables);
    const start = await stateOf(layouts);
    const expected: unknown[] = [];
    for (const batch of inputs) expected.push((await joined.run(batch, scalarsOf(whole))).outputs);
    const after = await stateOf(layouts);
    await joined.release();
    for (const { name } of layouts) expect(after[name], name).not.toBe(start[name]);

    const [first, second] = [await engine.compile(gradient), await engine.compile(apply)];
    await begin(layouts, variables);
    for (const { name, size } of between) await engine.setState(name, new Float32Array(size));
    const found: unknown[] = [];
    for (const batch of inputs) {
      const before = await stateOf(layouts);
      const { outputs } = await first.run(batch, scalarsOf(gradient));
      expect(await stateOf(layouts)).toEqual(before);
      const scalars = { ...scalarsOf(apply), loss: Number(outputs.loss![0]) };
      const applied = await second.run({}, scalars);
      expect(applied.committed).toBe(true);
      found.push({ ...outputs, ...applied.outputs });
    }
    expect(found).toEqual(expected);
    expect(await stateOf(layouts)).toEqual(after);

    // The mean of two batches that are alike is one of them.
    await begin(layouts, variables);
    for (const batch of inputs) {
      let values: readonly number[] = [];
      for (const part of [0, 1]) {
        const { outputs } = await first.run(batch, scalarsOf(gradient));
        const request = { packs: between.map(({ name }) => name), values: [Number(outputs.loss![0])] };
        values = await engine.reduce({ ...request, isFirst: part === 0, ...(part === 1 && { count: 2 }) });
      }
      await second.run({}, { ...scalarsOf(apply), loss: values[0]! });
    }
    expect(await stateOf(layouts)).toEqual(after);

    // What has become of the gradient in between counts.
    const infinite = (await engine.getState(GRADIENT)).fill(Number.POSITIVE_INFINITY);
    await engine.setState(GRADIENT, infinite);
    expect((await second.run({}, { ...scalarsOf(apply), loss: 1 })).committed).toBe(false);
    expect(await stateOf(layouts)).toEqual(after);
    // So does a step so large that finite gradients leave no finite weights, where nothing of the loss shows it.
    await first.run(inputs[0]!, scalarsOf(gradient));
    const wild = Object.fromEntries(
      Object.keys(scalarsOf(apply)).map((name) => [
        name,
        ['learningRate', 'stepSize'].includes(name) ? Number.POSITIVE_INFINITY : scalarsOf(apply)[name]!,
      ]),
    );
    expect((await second.run({}, { ...wild, loss: 1 })).committed).toBe(false);
    expect(await stateOf(layouts)).toEqual(after);
    // And a follower that is not finite, which nobody's loss looks at.
    for (const name of Object.keys(learning().followers ?? {})) {
      const good = await engine.getState(name);
      await engine.setState(name, good.slice().fill(Number.NaN, 0, 1));
      expect((await second.run({}, { ...scalarsOf(apply), loss: 1 })).committed).toBe(false);
      await engine.setState(name, good);
    }
    await Promise.all([first.release(), second.release()]);
  });
});
