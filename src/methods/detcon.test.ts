import { expect, test } from 'vitest';
import { interpret } from '../../tests/graph/reference.js';
import { Random } from '../base/random.js';
import { runGraph } from '../engine/run-graph.js';
import type { StepGraph } from '../engine/step.js';
import { sizeOf, type Tensor, tanh } from '../graph/index.js';
import { describe, segmentorConfigs } from '../models/index.js';
import { convNorm, initialValue } from '../nn/index.js';
import { isTrainingState } from '../weights/training-state.js';
import {
  type ContrastiveNetwork,
  contrastiveLayouts,
  contrastiveNetwork,
  onlineModel,
} from './contrastive.js';
import { detconStep, selfSupervised } from './detcon.js';

type Feeds = Record<string, Float32Array | Uint8Array>;

const SIZE = 16;
const BATCH = 2;
/** Two maps, small and smooth enough for differences in double precision. */
const network: ContrastiveNetwork = {
  config: { maps: [0, 2], channels: 14, stride: 4, hidden: 12, width: 8 },
  backbone: (scope, images) => {
    const down = { kernel: 3, stride: 2 } as const;
    const layer = (name: string, x: Tensor, channels: number) =>
      tanh(convNorm(scope.child(name), scope.child(`${name}_bn`), x, { ...down, channels }));
    const half = layer('first', images, 4);
    const quarter = layer('second', half, 6);
    return [quarter, layer('third', quarter, 8)];
  },
  encoder: (scope, images) => network.backbone(scope.child('backbone'), images)[1]!,
};
const { variables } = describe(onlineModel(network), [1, 3, SIZE, SIZE]);
const layouts = contrastiveLayouts(variables);
const step = detconStep(network, layouts, { batchSize: BATCH, size: SIZE, optimizer: 'sgd' });

/** Random images with four regions; the target is a little off the online network. */
function start({ inputs, packs }: StepGraph, all = variables): Feeds {
  const random = new Random('detcon step');
  const specs = new Map(all.map((spec) => [spec.key, spec]));
  const feeds: Feeds = { learningRate: Float32Array.of(0.5) };
  for (const [name, { dtype, shape }] of Object.entries(inputs)) {
    const size = sizeOf(shape);
    if (dtype === 'uint8') feeds[name] = Uint8Array.from({ length: size }, () => random.integer(4));
    else feeds[name] = Float32Array.from({ length: size }, () => random.normal());
  }
  for (const { layout } of packs) {
    const flat = new Float32Array(layout.size);
    if (layout.name !== 'momentum_buffer')
      for (const { key, offset } of layout.entries) flat.set(initialValue(specs.get(key)!, 1), offset);
    const isTarget = layout.name === 'target_parameters';
    feeds[`state:${layout.name}`] = isTarget ? flat.map((v) => v + 0.02 * random.normal()) : flat;
  }
  return feeds;
}

const feeds = start(step);
const nextOf = (name: string): Tensor => step.packs.find(({ layout }) => layout.name === name)!.next!;

test('the target follows the weights that the step begins with, its statistics are its own', async () => {
  const names = ['target_parameters', 'target_buffers', 'buffers'] as const;
  const [target, targetBuffers, buffers] = (await runGraph(names.map(nextOf), feeds)) as Float32Array[];
  const place = new Map(layouts.parameters.entries.map((entry) => [entry.key, entry.offset]));
  const before = feeds['state:target_parameters']!;
  for (const { key, offset, size } of layouts.target.parameters.entries)
    for (let i = 0; i < size; i++) {
      const followed = feeds['state:parameters']![place.get(key)! + i]!;
      const wanted = 0.996 * before[offset + i]! + 0.004 * followed;
      expect(Math.abs(target![offset + i]! - wanted)).toBeLessThan(1e-7 + 1e-6 * Math.abs(wanted));
    }
  // Both networks began with the same statistics and saw the same images.
  expect(layouts.target.buffers.size).toBeLessThan(layouts.buffers.size);
  const differing = targetBuffers!.filter((v, i) => Math.abs(v - buffers![i]!) > 1e-4 * Math.abs(v));
  expect(differing.length).toBeGreaterThan(targetBuffers!.length / 10);
  expect(targetBuffers!.every(Number.isFinite)).toBe(true);
});

test('the predictor has no target, and only the backbone keeps its names', () => {
  const { variables } = describe(onlineModel(contrastiveNetwork('lite-hrnet-s')), [1, 3, 64, 64]);
  const method = selfSupervised({
    model: 'lite-hrnet-s',
    optimizer: 'sgd',
    size: 64,
    loader: () => {
      throw new Error('not used');
    },
  });
  const names = method
    .graphs(BATCH)
    .packs.flatMap(({ layout, nameOf }) => layout.entries.map(({ key }) => nameOf(key)));
  expect(new Set(names).size).toBe(names.length);
  const backbone = variables.filter(({ key }) => key.startsWith('backbone.')).map(({ key }) => key);
  expect(names.filter((name) => !isTrainingState(name)).sort()).toEqual(backbone.sort());
  expect(names.filter((name) => name.includes('predictor') && name.includes('target'))).toEqual([]);
  for (const name of [
    'state.detconb.online_projector.mlp.0.weight',
    'state.detconb.target_projector.mlp.1.running_mean',
    'state.detconb.target_backbone.stem.conv1.conv.weight',
    'state.detconb.head.predictor.mlp.3.bias',
    'optimizer.momentum_buffer.backbone.stem.conv1.conv.weight',
  ])
    expect(names).toContain(name);
});

/** Loss in double precision with the online weights moved by `by` along `direction`. */
function lossAt(direction: Float64Array, by: number, isTargetHeld: boolean): number {
  const shifted = Float64Array.from(feeds['state:parameters']!, (v, i) => v + by * direction[i]!);
  const moved: Record<string, ArrayLike<number>> = { ...feeds, 'state:parameters': shifted };
  if (isTargetHeld) {
    // What the target takes over from the shifted weights is taken back beforehand.
    const place = new Map(layouts.parameters.entries.map((entry) => [entry.key, entry.offset]));
    const target = Float64Array.from(feeds['state:target_parameters']!);
    for (const { key, offset, size } of layouts.target.parameters.entries)
      for (let i = 0; i < size; i++)
        target[offset + i]! -= (0.004 / 0.996) * by * direction[place.get(key)! + i]!;
    moved['state:target_parameters'] = target;
  }
  return interpret([step.outputs.loss!], moved)[0]![0]!;
}

test('the gradient is that of the loss with the target held; it is clipped, and SGD decays', () => {
  const [velocity, parameters, loss, guard] = interpret(
    [nextOf('momentum_buffer'), nextOf('parameters'), step.outputs.loss!, step.outputs.guard!],
    feeds,
  );
  const weights = feeds['state:parameters']!;
  for (let i = 0; i < weights.length; i += 97)
    expect(parameters![i]).toBeCloseTo(weights[i]! - 0.5 * velocity![i]!, 10);
  const clipped = velocity!.map((v, i) => v - 1e-3 * weights[i]!);
  const length = (x: Float64Array) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
  const norm = guard![0]! - loss![0]!;
  expect(norm).toBeGreaterThan(50);
  expect(length(clipped)).toBeCloseTo(40, 5);

  const random = new Random('direction');
  const direction = clipped.map((g) => g / 40 + (0.3 * (random.uniform() - 0.5)) / Math.sqrt(clipped.length));
  const slope = clipped.reduce((sum, g, i) => sum + ((g * norm) / 40) * direction[i]!, 0);
  const STEP = 1e-6;
  const difference = (isTargetHeld: boolean) =>
    (lossAt(direction, STEP, isTargetHeld) - lossAt(direction, -STEP, isTargetHeld)) / (2 * STEP);
  const held = difference(true);
  expect(Math.abs(held / slope - 1)).toBeLessThan(1e-6);
  // Were the target not stopped, the gradient would be this one.
  expect(Math.abs(difference(false) / slope - 1)).toBeGreaterThan(5e-6);
});

test('steps on the same views bring positives together and push the others away', async () => {
  const outputs = ['loss', 'positive_similarity', 'negative_similarity'].map((name) => step.outputs[name]!);
  const nexts = step.packs.filter(({ next }) => next);
  const state = { ...feeds, learningRate: Float32Array.of(0.05) } as Record<string, Float32Array>;
  const seen: number[][] = [];
  for (let i = 0; i < 40; i++) {
    const values = (await runGraph([...outputs, ...nexts.map(({ next }) => next!)], state)) as Float32Array[];
    seen.push(outputs.map((_, n) => values[n]![0]!));
    nexts.forEach(({ layout }, n) => {
      state[`state:${layout.name}`] = values[outputs.length + n]!;
    });
  }
  const [first, last] = [seen[0]!, seen.at(-1)!];
  expect(last[0]).toBeLessThan(0.7 * first[0]!);
  expect(last[1]! - last[2]!).toBeGreaterThan(first[1]! - first[2]! + 0.2);
});

test('views may be swapped', async () => {
  const swap = <T extends Float32Array | Uint8Array>(values: T): T => {
    const half = values.length / 2;
    const result = values.slice() as T;
    result.set(values.subarray(half), 0);
    result.set(values.subarray(0, half), half);
    return result;
  };
  const names = ['images', 'regions', 'online_ids', 'target_ids'];
  const swapped = Object.fromEntries(names.map((name) => [name, swap(feeds[name] as Float32Array)]));
  const outputs = ['loss', 'positive_similarity', 'negative_similarity'].map((name) => step.outputs[name]!);
  const straight = await runGraph(outputs, feeds as Record<string, Float32Array>);
  const crossed = await runGraph(outputs, { ...feeds, ...swapped } as Record<string, Float32Array>);
  outputs.forEach((_, i) => {
    expect(Number(crossed[i]![0])).toBeCloseTo(Number(straight[i]![0]), 4);
  });
  expect(Number(straight[0]![0])).toBeGreaterThan(0);
});

test('an image that is not finite trips the guard', async () => {
  const images = (feeds.images as Float32Array).slice();
  images[5] = Number.POSITIVE_INFINITY;
  const [guard] = await runGraph([step.outputs.guard!], { ...feeds, images } as Record<string, Float32Array>);
  expect(Number.isFinite(guard![0])).toBe(false);
  expect(step.commitIfFinite).toBe('guard');
});

test('SegNeXt draws noise for both networks, independently', () => {
  const segnext = contrastiveNetwork('segnext-t');
  const described = describe(onlineModel(segnext), [1, 3, 64, 64]);
  const { inputs } = detconStep(segnext, contrastiveLayouts(described.variables), {
    batchSize: 2,
    size: 64,
    optimizer: 'sgd',
  });
  // Two branches of 12 blocks for each of four views; the first block drops nothing.
  expect(inputs.noise!.shape).toEqual([4 * 2 * 12]);
  expect(inputs.noise_target!.shape).toEqual([4 * 2 * 12]);
  expect(step.inputs).not.toHaveProperty('noise');
});

test.each(Object.keys(segmentorConfigs))('%s takes a step', async (model) => {
  const real = contrastiveNetwork(model);
  const options = { batchSize: 1, size: 64, optimizer: 'sgd' } as const;
  const described = describe(onlineModel(real), [1, 3, 64, 64]).variables;
  const { outputs, ...graph } = detconStep(real, contrastiveLayouts(described), options);
  const feeds = start({ outputs, ...graph }, described) as Record<string, Float32Array>;
  // The guard has the gradient in it; for the large ones of a family the way forward is enough.
  const isSmall = ['lite-hrnet-s', 'lite-hrnet-18', 'segnext-t'].includes(model);
  const names = ['loss', 'positive_similarity', ...(isSmall ? ['guard'] : [])];
  const values = await runGraph(
    names.map((name) => outputs[name]!),
    feeds,
    { threads: 1 },
  );
  for (const value of values) expect(Number.isFinite(value[0])).toBe(true);
  // Two views of an image and four regions: far from what is certain.
  expect(Number(values[0]![0])).toBeGreaterThan(0.5);
});
