import { expect, test } from 'vitest';
import { Random } from '../base/random.js';
import { runGraph } from '../engine/run-graph.js';
import type { PackLayout, StepGraph } from '../engine/step.js';
import { sizeOf } from '../graph/index.js';
import { createSegmentor, describe } from '../models/index.js';
import { drawNoise, initialValue } from '../nn/index.js';
import { modelLayouts } from './model-state.js';
import { supervisedTrainStep } from './supervised-steps.js';

const options = { batchSize: 2, size: 64 };

function trainStep(name: string): { graph: StepGraph; start: (layout: PackLayout) => Float32Array } {
  const model = createSegmentor(name, { numClasses: 3 });
  const { variables } = describe(model, [2, 3, 64, 64]);
  const specs = new Map(variables.map((spec) => [spec.key, spec]));
  const start = (layout: PackLayout): Float32Array => {
    const flat = new Float32Array(layout.size);
    if (layout.name === 'parameters' || layout.name === 'buffers')
      for (const { key, offset } of layout.entries) flat.set(initialValue(specs.get(key)!, 1), offset);
    return flat;
  };
  return { graph: supervisedTrainStep(model, modelLayouts(variables), options), start };
}

test('a model without randomness has no noise input, SegNeXt has one', () => {
  expect(trainStep('lite-hrnet-s').graph.inputs).not.toHaveProperty('noise');
  expect(trainStep('segnext-t').graph.inputs.noise!.shape).toEqual([2 * (2 * 12 + 256)]);
});

test('a training step of SegNeXt is repeated bit by bit by repeating its noise, and by nothing else', async () => {
  const { graph, start } = trainStep('segnext-t');
  const random = new Random('noise input');
  const feeds: Record<string, Float32Array | Uint8Array> = {
    images: Float32Array.from({ length: sizeOf(graph.inputs.images!.shape) }, () => random.normal()),
    labels: Uint8Array.from({ length: sizeOf(graph.inputs.labels!.shape) }, () => random.integer(3)),
    stepSize: Float32Array.of(1e-4),
    secondMomentScale: Float32Array.of(1),
  };
  for (const { layout } of graph.packs) feeds[`state:${layout.name}`] = start(layout);
  const next = graph.packs.map((pack) => pack.next!);
  const run = async (seed: string): Promise<Float32Array[]> => {
    const noise = drawNoise(graph.inputs.noise!.size, new Random(seed));
    return (await runGraph([graph.outputs.loss!, ...next], { ...feeds, noise })) as Float32Array[];
  };
  const [first, again, other] = [await run('a'), await run('a'), await run('b')];
  expect(Number.isFinite(first[0]![0])).toBe(true);
  first.forEach((values, i) => {
    expect(Buffer.compare(bytes(values), bytes(again[i]!))).toBe(0);
  });
  expect(other[0]![0]).not.toBe(first[0]![0]);
});

const bytes = (values: Float32Array): Buffer =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);
