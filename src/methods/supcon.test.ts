import { expect, test } from 'vitest';
import { Random } from '../base/random.js';
import { runGraph } from '../engine/run-graph.js';
import type { StepGraph } from '../engine/step.js';
import { sizeOf, type Tensor, type TensorData } from '../graph/index.js';
import { createHead, createSegmentor, describe } from '../models/index.js';
import { initialValue } from '../nn/index.js';
import { isTrainingState } from '../weights/training-state.js';
import { contrastiveLayouts, contrastiveNetwork, onlineModel } from './contrastive.js';
import { type StepKind, supcon, supconStep } from './supcon.js';

const SIZE = 64;
const BATCH = 2;
const CLASSES = 3;
const model = 'lite-hrnet-s';
const network = contrastiveNetwork(model);
const segmentor = createSegmentor(model, { numClasses: CLASSES });
const head = createHead(model, CLASSES);
const { variables } = describe(onlineModel(network, head), [1, 3, SIZE, SIZE]);
const layouts = contrastiveLayouts(variables);
const [single, pair] = (['single', 'pair'] as const).map((kind: StepKind) =>
  supconStep(kind, { network, segmentor, head, optimizer: 'adam', layouts, batchSize: BATCH, size: SIZE }),
) as [StepGraph, StepGraph];

function start({ inputs, packs }: StepGraph): Record<string, TensorData> {
  const random = new Random('supcon step');
  const specs = new Map(variables.map((spec) => [spec.key, spec]));
  const feeds: Record<string, TensorData> = {
    stepSize: Float32Array.of(1e-3),
    secondMomentScale: Float32Array.of(1),
  };
  for (const [name, { dtype, shape }] of Object.entries(inputs))
    feeds[name] =
      dtype === 'uint8'
        ? Uint8Array.from({ length: sizeOf(shape) }, () => random.integer(CLASSES))
        : Float32Array.from({ length: sizeOf(shape) }, () => random.normal());
  for (const { layout } of packs) {
    const flat = new Float32Array(layout.size);
    if (!layout.name.startsWith('exp_'))
      for (const { key, offset } of layout.entries) flat.set(initialValue(specs.get(key)!, 1), offset);
    feeds[`state:${layout.name}`] = flat;
  }
  return feeds;
}

const nextOf = ({ packs }: StepGraph, name: string): Tensor =>
  packs.find(({ layout }) => layout.name === name)!.next!;

/** Largest change of the entries whose key begins with `prefix`. */
function change(before: TensorData, after: TensorData, prefix: string): number {
  const entries = layouts.parameters.entries.filter(({ key }) => key.startsWith(prefix));
  expect(entries.length).toBeGreaterThan(0);
  let largest = 0;
  for (const { offset, size } of entries)
    for (let i = offset; i < offset + size; i++)
      largest = Math.max(largest, Math.abs(Number(after[i]) - Number(before[i])));
  return largest;
}

test('a single step is supervised training on one view: projector, predictor and target stay', async () => {
  const feeds = start(single);
  expect(single.packs.map(({ layout }) => layout.name).filter((name) => name.startsWith('target'))).toEqual(
    [],
  );
  expect(Object.keys(single.outputs).sort()).toEqual(['guard', 'loss', 'segmentation_loss']);
  const [loss, segmentation, parameters] = await runGraph(
    [single.outputs.loss!, single.outputs.segmentation_loss!, nextOf(single, 'parameters')],
    feeds,
  );
  expect(loss).toEqual(segmentation);
  const before = feeds['state:parameters']!;
  expect(change(before, parameters!, 'detconb.')).toBe(0);
  expect(change(before, parameters!, 'decode_head.')).toBeGreaterThan(0);
  expect(change(before, parameters!, 'backbone.')).toBeGreaterThan(0);
});

test('a pair adds both losses and moves all networks', async () => {
  const feeds = start(pair);
  expect(pair.inputs.images!.shape).toEqual([2 * BATCH, 3, SIZE, SIZE]);
  expect(pair.inputs.labels!.shape).toEqual([2 * BATCH, SIZE, SIZE]);
  const names = [
    'loss',
    'segmentation_loss',
    'contrastive_loss',
    'positive_similarity',
    'negative_similarity',
  ];
  const [loss, segmentation, contrast, positive, negative, parameters, target] = await runGraph(
    [
      ...names.map((name) => pair.outputs[name]!),
      nextOf(pair, 'parameters'),
      nextOf(pair, 'target_parameters'),
    ],
    feeds,
  );
  expect(Number(loss![0])).toBeCloseTo(Number(segmentation![0]) + Number(contrast![0]), 4);
  expect(Number(contrast![0])).toBeGreaterThan(0.5);
  for (const similarity of [positive, negative])
    expect(Math.abs(Number(similarity![0]))).toBeLessThanOrEqual(1);
  const before = feeds['state:parameters']!;
  for (const prefix of ['backbone.', 'decode_head.', 'detconb.online_projector.', 'detconb.head.predictor.'])
    expect(change(before, parameters!, prefix)).toBeGreaterThan(1e-4);
  // It began as a copy of what it follows.
  const start0 = feeds['state:target_parameters'] as Float32Array;
  start0.forEach((value, i) => {
    expect(Math.abs(Number(target![i]) - value)).toBeLessThan(1e-6 + 1e-6 * Math.abs(value));
  });
});

test('with positives of a class images of the same class are no negatives; all else of the step stays', async () => {
  const byClass = supconStep('pair', {
    ...{ network, segmentor, head, optimizer: 'adam', layouts, batchSize: BATCH, size: SIZE },
    positives: 'class',
  });
  const count = 2 * BATCH * 16;
  // One class in all images: nothing is left that could be different from it.
  const ids = new Uint8Array(count).fill(1);
  const feeds = { ...start(pair), regions: new Uint8Array(start(pair).regions!.length).fill(1) };
  const given = { ...feeds, online_ids: ids, target_ids: ids };
  const names = ['segmentation_loss', 'contrastive_loss', 'negative_similarity'];
  const of = (step: StepGraph) =>
    runGraph([...names.map((name) => step.outputs[name]!), nextOf(step, 'target_parameters')], given);
  const [image, class_] = [await of(pair), await of(byClass)];
  expect(class_[0]).toEqual(image[0]);
  expect(class_[3]).toEqual(image[3]);
  expect(Math.abs(Number(image[2]![0]))).toBeGreaterThan(0.01);
  expect(Number(class_[2]![0])).toBeCloseTo(0, 3);
  expect(class_[1]).not.toEqual(image[1]);
});

test('the contrastive loss reaches the backbone, not the head', async () => {
  const feeds = start(pair);
  const ignored = { ...feeds, labels: new Uint8Array(feeds.labels!.length).fill(255) };
  const [segmentation, parameters] = await runGraph(
    [pair.outputs.segmentation_loss!, nextOf(pair, 'parameters')],
    ignored,
  );
  expect(Number(segmentation![0])).toBe(0);
  const before = feeds['state:parameters']!;
  expect(change(before, parameters!, 'decode_head.')).toBe(0);
  expect(change(before, parameters!, 'backbone.')).toBeGreaterThan(1e-4);
});

test.each(['lite-hrnet-s', 'segnext-t'])('%s: a checkpoint is the model that segments', (name) => {
  const method = supcon({
    model: name,
    classes: Array.from({ length: CLASSES }, (_, index) => ({ name: `${index}`, color: [0, 0, index] })),
    optimizer: 'adamw',
    sizes: { train: SIZE, validation: SIZE },
    loader: () => {
      throw new Error('not used');
    },
  });
  const { packs, steps, evaluation } = method.graphs(BATCH);
  const names = packs.flatMap(({ layout, nameOf }) => layout.entries.map(({ key }) => nameOf(key)));
  expect(new Set(names).size).toBe(names.length);
  const wanted = describe(createSegmentor(name, { numClasses: CLASSES }), [1, 3, SIZE, SIZE]).variables;
  expect(names.filter((key) => !isTrainingState(key)).sort()).toEqual(wanted.map(({ key }) => key).sort());
  expect(Object.keys(steps)).toEqual(['single', 'pair']);
  expect(evaluation!.outputs.logits!.shape).toEqual([1, CLASSES, SIZE, SIZE]);
  const known = new Set(packs.map(({ layout }) => layout.name));
  for (const graph of [...Object.values(steps), evaluation!])
    for (const { layout } of graph.packs) expect(known).toContain(layout.name);
});
