import { describe, expect, test } from 'vitest';
import { Random } from '../base/random.js';
import { createEngine } from '../engine/engine.js';
import { runGraph } from '../engine/run-graph.js';
import type { StepGraph } from '../engine/step.js';
import { reachableNodes, relu, sizeOf, type Tensor } from '../graph/index.js';
import { dropShare } from '../losses/index.js';
import {
  createFeatureSegmentor,
  createSegmentor,
  describe as describeModel,
  type Segmentor,
} from '../models/index.js';
import { convNorm, convolution, initialValue, type VariableSpec } from '../nn/index.js';
import { isTrainingState } from '../weights/training-state.js';
import { type MeanTeacherStepOptions, meanTeacher, meanTeacherStep } from './mean-teacher.js';
import { modelLayouts } from './model-state.js';
import { evaluationStep, supervisedTrainStep } from './supervised-steps.js';
import { teacherLayouts } from './teacher.js';

type Feeds = Record<string, Float32Array | Uint8Array>;

const SIZE = 16;
const CLASSES = 3;
/** Small, with batch norm, at half the size. */
const model: Segmentor = (scope, images) => {
  const options = { channels: 6, kernel: 3, stride: 2 } as const;
  const features = relu(convNorm(scope.child('conv'), scope.child('bn'), images, options));
  return convolution(scope.child('head'), features, { channels: CLASSES, bias: true });
};
const { variables } = describeModel(model, [1, 3, SIZE, SIZE]);
const layouts = modelLayouts(variables);
const options: MeanTeacherStepOptions = {
  batchSize: 3,
  unlabeledBatchSize: 2,
  size: SIZE,
  optimizer: 'adam',
};
const SCALARS = {
  stepSize: 0.01,
  secondMomentScale: 1,
  teacherKeep: 0.75,
  dropShare: 0.2,
  unsupervisedWeight: 0.5,
};

/** Random inputs and weights; the teacher's are a little off the student's. */
function start(
  { inputs, scalars, packs }: StepGraph,
  specs: readonly VariableSpec[],
  classes = CLASSES,
): Feeds {
  const random = new Random('mean teacher');
  const initial = new Map(specs.map((spec) => [spec.key, initialValue(spec, 1)]));
  const feeds: Feeds = {};
  for (const name of Object.keys(scalars)) feeds[name] = Float32Array.of({ keep: 1, ...SCALARS }[name]!);
  for (const [name, { dtype, shape }] of Object.entries(inputs)) {
    const length = sizeOf(shape);
    if (name === 'padding') feeds[name] = new Uint8Array(length);
    else if (dtype === 'uint8') feeds[name] = Uint8Array.from({ length }, () => random.integer(classes));
    else if (name.startsWith('noise')) feeds[name] = Float32Array.from({ length }, () => random.uniform());
    else feeds[name] = Float32Array.from({ length }, () => random.normal());
  }
  for (const { layout } of packs) {
    const flat = new Float32Array(layout.size);
    if (!layout.name.startsWith('exp_avg'))
      for (const { key, offset } of layout.entries) flat.set(initial.get(key)!, offset);
    const isTeacher = layout.name === 'teacher_parameters';
    feeds[`state:${layout.name}`] = isTeacher ? flat.map((v) => v + 0.05 * random.normal()) : flat;
  }
  return feeds;
}

const nextOf = ({ packs }: StepGraph, name: string): Tensor =>
  packs.find(({ layout }) => layout.name === name)!.next!;

const counts = (outputs: readonly Tensor[], ops: readonly string[]): number =>
  reachableNodes(outputs).filter(({ op }) => ops.includes(op)).length;

const everything = (step: StepGraph): Tensor[] => [
  ...Object.values(step.outputs),
  ...step.packs.flatMap(({ next }) => next ?? []),
];

describe('a semi-supervised step', () => {
  const step = meanTeacherStep(model, layouts, options);
  const feeds = start(step, variables);
  const values = async (outputs: readonly Tensor[], changed: Feeds = {}) =>
    (await runGraph(outputs, { ...feeds, ...changed })) as Float32Array[];

  test('weighs the loss on unlabeled images, which is that on pseudo-labels', async () => {
    const names = ['loss', 'supervised_loss', 'unsupervised_loss', 'kept'] as const;
    const [loss, supervised, unsupervised, kept] = await values(names.map((name) => step.outputs[name]!));
    expect(loss![0]).toBeCloseTo(supervised![0]! + 0.5 * unsupervised![0]!, 5);
    const dropped = Math.ceil(0.2 * (2 * SIZE * SIZE - 1));
    expect(kept![0]).toBeCloseTo(1 - dropped / (2 * SIZE * SIZE), 5);
  });

  test('takes the labels from the teacher in evaluation mode, whatever the student thinks', async () => {
    const evaluation = evaluationStep(model, teacherLayouts(layouts), SIZE);
    const [labels] = await values([step.outputs.pseudoLabels!], { dropShare: Float32Array.of(0) });
    for (const n of [0, 1]) {
      const length = 3 * SIZE * SIZE;
      const [logits] = (await runGraph([evaluation.outputs.logits!], {
        images: feeds.weak!.slice(n * length, (n + 1) * length),
        'state:teacher_parameters': feeds['state:teacher_parameters']!,
        'state:teacher_buffers': feeds['state:teacher_buffers']!,
      })) as Float32Array[];
      for (let pixel = 0; pixel < SIZE * SIZE; pixel++) {
        const scores = [0, 1, 2].map((k) => logits![k * SIZE * SIZE + pixel]!);
        expect(labels![n * SIZE * SIZE + pixel]).toBe(scores.indexOf(Math.max(...scores)));
      }
    }
    const other = feeds['state:parameters']!.map((v) => -v);
    const [same] = await values([step.outputs.pseudoLabels!], {
      dropShare: Float32Array.of(0),
      'state:parameters': other,
    });
    expect(same).toEqual(labels);
  });

  test('learns nothing from padding, whatever it shows', async () => {
    const padding = Uint8Array.from({ length: 2 * SIZE * SIZE }, (_, i) => (i % SIZE < 6 ? 255 : 0));
    const [labels, kept] = await values([step.outputs.pseudoLabels!, step.outputs.kept!], {
      padding,
      dropShare: Float32Array.of(0),
    });
    labels!.forEach((label, i) => {
      expect(label === 255).toBe(padding[i] === 255);
    });
    expect(kept![0]).toBe(1);
  });

  test('costs the teacher one evaluation forward: nothing is differentiated through it', () => {
    const forward = ['conv', 'batchNorm'];
    const backward = ['convInputGrad', 'convWeightGrad', 'batchNormGrad'];
    const evaluation = evaluationStep(model, teacherLayouts(layouts), SIZE);
    expect(counts([step.outputs.pseudoLabels!], forward)).toBe(counts([evaluation.outputs.logits!], forward));
    const supervised = supervisedTrainStep(model, layouts, options);
    expect(counts(everything(step), backward)).toBe(2 * counts(everything(supervised), backward));
  });

  test('lets the teacher follow weights and statistics', async () => {
    const names = ['parameters', 'buffers', 'teacher_parameters', 'teacher_buffers'];
    const [parameters, buffers, teacher, statistics] = await values(names.map((name) => nextOf(step, name)));
    const expectAverage = (found: Float32Array, before: ArrayLike<number>, student: Float32Array) =>
      found.forEach((value, i) => {
        expect(value).toBeCloseTo(0.75 * before[i]! + 0.25 * student[i]!, 5);
      });
    expectAverage(teacher!, feeds['state:teacher_parameters']!, parameters!);
    expectAverage(statistics!, feeds['state:teacher_buffers']!, buffers!);
  });

  test('moves the running statistics by the strong views alone', async () => {
    const twoStrong = meanTeacherStep(model, layouts, { ...options, batchSize: 2, unlabeledBatchSize: 0 });
    const shared = [
      ...Object.keys(twoStrong.scalars),
      ...twoStrong.packs.map(({ layout }) => `state:${layout.name}`),
    ];
    const [wanted] = (await runGraph([nextOf(twoStrong, 'buffers')], {
      ...Object.fromEntries(shared.map((name) => [name, feeds[name]!])),
      images: feeds.strong!,
      labels: new Uint8Array(2 * SIZE * SIZE),
    })) as Float32Array[];
    const [found] = await values([nextOf(step, 'buffers')]);
    expect(found).not.toEqual(feeds['state:buffers']);
    found!.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted![i]!, 5);
    });
  });

  test('without a weight for them, unlabeled images change no parameter', async () => {
    const alone = meanTeacherStep(model, layouts, { ...options, unlabeledBatchSize: 0 });
    const [found] = await values([nextOf(step, 'parameters')], { unsupervisedWeight: Float32Array.of(0) });
    const [wanted] = await values([nextOf(alone, 'parameters')]);
    found!.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted![i]!, 6);
    });
  });

  test('that is not finite leaves student and teacher as they were', async () => {
    const engine = await createEngine({ threads: 1 });
    try {
      const compiled = await engine.compile(step);
      const before = new Map<string, Float32Array>();
      for (const { layout } of step.packs) {
        const flat = feeds[`state:${layout.name}`] as Float32Array;
        before.set(layout.name, flat);
        await engine.setState(layout.name, flat);
      }
      const inputs = Object.fromEntries(Object.keys(step.inputs).map((name) => [name, feeds[name]!]));
      const strong = (feeds.strong as Float32Array).slice();
      strong[7] = Number.NaN;
      const bad = await compiled.run({ ...inputs, strong }, SCALARS);
      expect(bad.committed).toBe(false);
      for (const [name, flat] of before) expect(await engine.getState(name)).toEqual(flat);
      const good = await compiled.run(inputs, SCALARS);
      expect(good.committed).toBe(true);
      expect(await engine.getState('teacher_parameters')).not.toEqual(before.get('teacher_parameters'));
    } finally {
      await engine.dispose();
    }
  });
});

describe('the method', () => {
  const trainSet = {
    root: '',
    classes: Array.from({ length: CLASSES }, (_, i) => ({ name: `c${i}`, color: [0, 0, 0] as const })),
    samples: Array.from({ length: 7 }, (_, i) => ({
      id: `${i}`,
      imagePath: '',
      maskPath: '',
      width: 1,
      height: 1,
    })),
    decodeMask: { values: [], colors: [], colorsDeclared: false, useOtxAdapter: false },
    notices: [],
  };
  const unlabeled = { root: '', images: [{ id: 'u', imagePath: '', width: 1, height: 1 }] };
  const method = (network: Segmentor, name?: string) =>
    meanTeacher({
      model: network,
      optimizer: 'adamw',
      sizes: { train: 64, validation: 64 },
      trainSet,
      loading: { seed: 1, workers: 0, augmentation: 'geometric' },
      unlabeled,
      teaching: { unlabeledBatchSize: 5, momentum: 0.9, unsupervisedWeight: 0.1, startEpoch: 1 },
      ...(name && {
        prototypes: {
          model: createFeatureSegmentor(name, { numClasses: CLASSES })!,
          classes: CLASSES,
          axis: 'channels' as const,
        },
      }),
    });

  test('takes no more unlabeled images than there are, and counts the partial batch in its schedule', () => {
    const graphs = method(model).graphs(3);
    expect(graphs.steps.semi!.inputs.weak!.shape).toEqual([1, 3, 64, 64]);
    const scalars = graphs.scalars('semi', { learningRate: 1, update: 90, planned: 100 });
    expect(scalars).toMatchObject({ dropShare: dropShare(90, 3), unsupervisedWeight: 0.1, teacherKeep: 0.9 });
    expect(graphs.scalars('supervised', { learningRate: 1, update: 1, planned: 100 })).toMatchObject({
      teacherKeep: 2 / 11,
    });
  });

  test('shows every labeled image once in an epoch, also where fine-tuning would sample by class', async () => {
    const loader = method(model).loader(3, () => [0, 0, 0]);
    expect(loader.stepsPerEpoch).toBe(2);
    await loader.dispose();
  });

  test('keeps nothing but the student under names of its own', () => {
    const names = (graphs: ReturnType<ReturnType<typeof method>['graphs']>) =>
      graphs.packs.flatMap(({ layout, nameOf }) => layout.entries.map(({ key }) => nameOf(key)));
    const all = names(method(createSegmentor('segnext-t', { numClasses: CLASSES }), 'segnext-t').graphs(2));
    expect(new Set(all).size).toBe(all.length);
    const student = describeModel(createSegmentor('segnext-t', { numClasses: CLASSES }), [1, 3, 64, 64]);
    const kept = all.filter((name) => !isTrainingState(name));
    expect(kept.toSorted()).toEqual(student.variables.map(({ key }) => key).toSorted());
    expect(all).toContain('state.proto_net.prototypes');
    expect(all).toContain('state.teacher.decode_head.conv_seg.weight');
  });

  test('trains SegNeXt with prototypes, which labeled images move, then strong views', async () => {
    const { graphs, variables: specs } = method(
      createSegmentor('segnext-t', { numClasses: CLASSES }),
      'segnext-t',
    );
    const { steps } = graphs(2);
    const prototypes = async (step: StepGraph, changed: Feeds = {}) => {
      const [buffers, loss] = (await runGraph([nextOf(step, 'buffers'), step.outputs.loss!], {
        ...start(step, specs),
        ...changed,
      })) as Float32Array[];
      expect(Number.isFinite(loss![0])).toBe(true);
      const { layout } = step.packs.find((pack) => pack.layout.name === 'buffers')!;
      const { offset, size, shape } = layout.entries.find(({ key }) => key === 'proto_net.prototypes')!;
      const values = buffers!.slice(offset, offset + size);
      const width = shape[2]!;
      for (let row = 0; row < size; row += width)
        expect(Math.hypot(...values.subarray(row, row + width))).toBeCloseTo(1, 5);
      return values;
    };
    const labeled = await prototypes(steps.supervised!);
    const both = await prototypes(steps.semi!);
    expect(both).not.toEqual(labeled);
    expect(await prototypes(steps.semi!)).toEqual(both);
    const without = { labels: new Uint8Array(2 * 64 * 64).fill(255) };
    expect(await prototypes(steps.supervised!, without)).not.toEqual(labeled);
  });
});
