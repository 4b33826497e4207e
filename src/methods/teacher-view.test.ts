import { expect, test } from 'vitest';
import { Random } from '../base/random.js';
import { runGraph } from '../engine/run-graph.js';
import type { StepGraph } from '../engine/step.js';
import { relu, sizeOf } from '../graph/index.js';
import { describe as describeModel, type Segmentor } from '../models/index.js';
import { convNorm, convolution, initialValue } from '../nn/index.js';
import { meanTeacherStep } from './mean-teacher.js';
import { modelLayouts } from './model-state.js';
import { type TeacherFilter, teacherViewStep } from './teacher-view.js';
import { confidenceLayout, uniMatchStep } from './unimatch.js';

const [SIZE, CLASSES, COUNT] = [16, 3, 2];
const model: Segmentor = (scope, images) => {
  const options = { channels: 6, kernel: 3, stride: 2 } as const;
  const features = relu(convNorm(scope.child('conv'), scope.child('bn'), images, options));
  return convolution(scope.child('head'), features, { channels: CLASSES, bias: true });
};
const { variables } = describeModel(model, [1, 3, SIZE, SIZE]);
const layouts = modelLayouts(variables);
const balance = confidenceLayout(CLASSES);
const training = { batchSize: 1, unlabeledBatchSize: COUNT, size: SIZE, optimizer: 'adam' } as const;

/** The same values for equal names, whatever the step. */
function feedsOf({ inputs, scalars, packs }: StepGraph): Record<string, Float32Array | Uint8Array> {
  const numbers: Readonly<Record<string, number>> = { dropShare: 0.3, threshold: 0.4 };
  const initial = new Map(variables.map((spec) => [spec.key, initialValue(spec, 1)]));
  const feeds: Record<string, Float32Array | Uint8Array> = {};
  for (const name of Object.keys(scalars)) feeds[name] = Float32Array.of(numbers[name] ?? 0.5);
  for (const [name, { dtype, shape }] of Object.entries(inputs)) {
    const random = new Random(name);
    const length = sizeOf(shape);
    if (dtype === 'uint8') feeds[name] = new Uint8Array(length);
    else feeds[name] = Float32Array.from({ length }, () => random.normal());
  }
  for (const { layout } of packs) {
    const random = new Random(layout.name);
    const flat = new Float32Array(layout.size);
    if (layout.name === balance.name) flat.set([0.9, 0.5, 0.7]);
    else for (const { key, offset } of layout.entries) flat.set(initial.get(key) ?? [], offset);
    const isMoved = /parameters$/.test(layout.name);
    feeds[`state:${layout.name}`] = isMoved ? flat.map((value) => value + 0.5 * random.normal()) : flat;
  }
  return feeds;
}

test.each<[string, TeacherFilter, StepGraph]>([
  ['a mean teacher', { kind: 'entropy' }, meanTeacherStep(model, layouts, training)],
  ['UniMatch', { kind: 'confidence', balance: undefined }, uniMatchStep(model, layouts, training)],
  [
    'UniMatch, balanced',
    { kind: 'confidence', balance },
    uniMatchStep(model, layouts, { ...training, confidence: balance }),
  ],
])('%s: the pseudo-labels are those of the training step', async (_, filter, step) => {
  const view = teacherViewStep(model, layouts, { count: COUNT, size: SIZE, filter });
  const [expected] = (await runGraph([step.outputs.pseudoLabels!], feedsOf(step))) as [Uint8Array];
  const names = ['pseudoLabels', 'teacher', 'student', 'doubt', 'limit'] as const;
  const [labels, teacher, student, doubt, limit] = (await runGraph(
    names.map((name) => view.outputs[name]!),
    feedsOf(view),
  )) as [Uint8Array, Uint8Array, Uint8Array, Float32Array, Float32Array];
  expect(labels).toEqual(expected);
  const dropped = [...labels.keys()].filter((at) => labels[at] === 255);
  expect(dropped.length).toBeGreaterThan(0);
  expect(dropped.length).toBeLessThan(labels.length);
  // The map says why: what is dropped lies beyond the limit, what is kept does not.
  const limitOf = (at: number) => {
    const own = limit[limit.length > 1 ? teacher[at]! : 0]!;
    return filter.kind === 'entropy' ? own / Math.log(CLASSES) : 1 - own;
  };
  for (const at of labels.keys()) {
    const room = labels[at] === 255 ? doubt[at]! - limitOf(at) : limitOf(at) - doubt[at]!;
    expect(room, String(at)).toBeGreaterThan(-1e-5);
    if (labels[at] !== 255) expect(labels[at]).toBe(teacher[at]);
  }
  expect(student).not.toEqual(teacher);
});
