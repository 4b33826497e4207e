import { describe, expect, test } from 'vitest';
import { IGNORE_INDEX } from '../base/ignore-index.js';
import { Random } from '../base/random.js';
import { createEngine } from '../engine/engine.js';
import { runGraph } from '../engine/run-graph.js';
import type { PackLayout, StepGraph } from '../engine/step.js';
import { relu, sizeOf, type Tensor } from '../graph/index.js';
import { createSegmentor, describe as describeModel, type Segmentor } from '../models/index.js';
import { convNorm, convolution, initialValue, type VariableSpec } from '../nn/index.js';
import { isTrainingState } from '../weights/training-state.js';
import { modelLayouts } from './model-state.js';
import { evaluationStep, supervisedTrainStep } from './supervised-steps.js';
import { teacherLayouts } from './teacher.js';
import {
  confidenceLayout,
  type ModelParts,
  type UniMatchStepOptions,
  uniMatch,
  uniMatchLearning,
  uniMatchStep,
} from './unimatch.js';

type Feeds = Record<string, Float32Array | Uint8Array>;

const [SIZE, CLASSES, CHANNELS, LABELED, UNLABELED] = [6, 3, 4, 2, 3];
const AREA = SIZE * SIZE;
const SCALARS = {
  stepSize: 0.01,
  secondMomentScale: 1,
  teacherKeep: 0.75,
  confidenceKeep: 0.75,
  threshold: 0.6,
  unsupervisedWeight: 0.5,
};

const join = ({ backbone, head }: ModelParts): Segmentor => {
  return (scope, images) => head(scope.child('decode_head'), backbone(scope.child('backbone'), images));
};
/** Pixel by pixel, so that it is computed again in a few lines. */
const pointwise: ModelParts = {
  backbone: (scope, images) => [relu(convolution(scope, images, { channels: CHANNELS, bias: true }))],
  head: (scope, [features]) => convolution(scope, features!, { channels: CLASSES, bias: true }),
};
/** With batch norm in both parts, at half the size. */
const normed: ModelParts = {
  backbone: (scope, images) => [
    relu(
      convNorm(scope.child('conv'), scope.child('bn'), images, { channels: CHANNELS, kernel: 3, stride: 2 }),
    ),
  ],
  head: (scope, [features]) => {
    const mixed = convNorm(scope.child('conv'), scope.child('bn'), features!, { channels: CHANNELS });
    return convolution(scope.child('conv_seg'), relu(mixed), { channels: CLASSES, bias: true });
  },
};

function network(parts: ModelParts, size = SIZE) {
  const model = join(parts);
  const { variables } = describeModel(model, [1, 3, size, size]);
  return { model, variables, layouts: modelLayouts(variables) };
}

const options = (more: Partial<UniMatchStepOptions> = {}): UniMatchStepOptions => ({
  ...{ batchSize: LABELED, unlabeledBatchSize: UNLABELED, size: SIZE, optimizer: 'adam' },
  ...more,
});

/** Random inputs and weights; the teacher's are a little off the student's. */
function start({ inputs, scalars, packs }: StepGraph, specs: readonly VariableSpec[]): Feeds {
  const random = new Random('unimatch a');
  const initial = new Map(specs.map((spec) => [spec.key, initialValue(spec, 1)]));
  const feeds: Feeds = {};
  for (const name of Object.keys(scalars)) feeds[name] = Float32Array.of({ keep: 1, ...SCALARS }[name]!);
  for (const [name, { dtype, shape }] of Object.entries(inputs)) {
    const length = sizeOf(shape);
    const draw: Readonly<Record<string, () => number>> = {
      padding: () => (random.chance(0.2) ? IGNORE_INDEX : 0),
      mixed: () => random.integer(2),
      labels: () => random.integer(CLASSES),
    };
    const uniform = name.startsWith('noise') ? () => random.uniform() : () => random.normal();
    if (dtype === 'uint8') feeds[name] = Uint8Array.from({ length }, draw[name]!);
    else feeds[name] = Float32Array.from({ length }, uniform);
  }
  for (const { layout } of packs) {
    const flat = new Float32Array(layout.size);
    if (layout.name === 'class_confidence') flat.set([0.9, 0.5, 0.7]);
    else if (!layout.name.startsWith('exp_avg'))
      for (const { key, offset } of layout.entries) flat.set(initial.get(key)!, offset);
    const isMoved = /parameters$/.test(layout.name);
    feeds[`state:${layout.name}`] = isMoved ? flat.map((v) => v + 0.5 * random.normal()) : flat;
  }
  return feeds;
}

const nextOf = ({ packs }: StepGraph, name: string): Tensor =>
  packs.find(({ layout }) => layout.name === name)!.next!;

/** The pointwise network at one pixel, in double precision. @param factors of its features */
function scoresAt(
  layout: PackLayout,
  flat: ArrayLike<number>,
  rgb: readonly number[],
  factors: readonly number[],
): number[] {
  const at = (key: string) => layout.entries.find((entry) => entry.key === key)!.offset;
  const [w, b, v, c] = [
    at('backbone.weight'),
    at('backbone.bias'),
    at('decode_head.weight'),
    at('decode_head.bias'),
  ];
  const features = factors.map((factor, i) => {
    const sum = rgb.reduce((total, value, j) => total + value * flat[w + 3 * i + j]!, flat[b + i]!);
    return factor * Math.max(sum, 0);
  });
  return Array.from({ length: CLASSES }, (_, k) =>
    features.reduce((total, value, i) => total + value * flat[v + CHANNELS * k + i]!, flat[c + k]!),
  );
}

const softmax = (scores: readonly number[]): number[] => {
  const powers = scores.map((score) => Math.exp(score));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
};

const pixelOf = (images: ArrayLike<number>, n: number, at: number) =>
  [0, 1, 2].map((plane) => images[(3 * n + plane) * AREA + at]!);

const WHOLE = new Array<number>(CHANNELS).fill(1);

/** Pseudo-labels of the weak views: class, or 255. */
function labelsOf(feeds: Feeds, layout: PackLayout, thresholds: readonly number[]): number[] {
  return Array.from({ length: UNLABELED * AREA }, (_, i) => {
    const rgb = pixelOf(feeds.weak!, Math.floor(i / AREA), i % AREA);
    const chances = softmax(scoresAt(layout, feeds['state:teacher_parameters']!, rgb, WHOLE));
    const best = chances.indexOf(Math.max(...chances));
    return feeds.padding![i] === 0 && chances[best]! >= thresholds[best]! ? best : IGNORE_INDEX;
  });
}

/** The losses of the step, from their definitions. */
function lossesOf(feeds: Feeds, layout: PackLayout, flat: ArrayLike<number>, thresholds: readonly number[]) {
  const cost = (
    images: ArrayLike<number>,
    n: number,
    at: number,
    label: number,
    factors: readonly number[],
  ) =>
    label === IGNORE_INDEX
      ? 0
      : -Math.log(softmax(scoresAt(layout, flat, pixelOf(images, n, at), factors))[label]!);
  let supervised = 0;
  for (let i = 0; i < LABELED * AREA; i++)
    supervised += cost(feeds.images!, Math.floor(i / AREA), i % AREA, feeds.labels![i]!, WHOLE);
  const labels = labelsOf(feeds, layout, thresholds);
  const noise = feeds.noiseChannels!;
  const views = [0, 1].map((view) => {
    let [sum, image] = [0, 0];
    for (let n = 0; n < UNLABELED; n++)
      for (let at = 0; at < AREA; at++) {
        const strong = view * UNLABELED + n;
        const source = feeds.mixed![strong * AREA + at] === 1 ? (n + 1) % UNLABELED : n;
        if (feeds.padding![source * AREA + at] === 0) image += 1;
        const factors = WHOLE.map((_, c) => {
          if (noise[n]! < 0.5) return 1;
          const isFirst = noise[UNLABELED + n * CHANNELS + c]! >= 0.5;
          return isFirst === (view === 0) ? 2 : 0;
        });
        sum += cost(feeds.strong!, strong, at, labels[source * AREA + at]!, factors);
      }
    return sum / image;
  });
  supervised /= LABELED * AREA;
  const unsupervised = (views[0]! + views[1]!) / 2;
  return { supervised, unsupervised, loss: supervised + SCALARS.unsupervisedWeight * unsupervised };
}

describe('the step, against its definition', () => {
  const { model, variables, layouts } = network(pointwise);
  const confidence = confidenceLayout(CLASSES);
  const thresholdsOf = { one: [0.6, 0.6, 0.6], balanced: [0.6, (0.6 * 5) / 9, (0.6 * 7) / 9] };

  test.each(['one', 'balanced'] as const)('losses and labels with %s threshold(s)', async (kind) => {
    const step = uniMatchStep(model, layouts, {
      ...options({ parts: pointwise }),
      ...(kind === 'balanced' && { confidence }),
    });
    const feeds = start(step, variables);
    const names = ['loss', 'supervised_loss', 'unsupervised_loss', 'kept', 'pseudoLabels'] as const;
    const values = await runGraph(
      names.map((name) => step.outputs[name]!),
      feeds,
    );
    const labels = labelsOf(feeds, layouts.parameters, thresholdsOf[kind]);
    expect([...values[4]!]).toEqual(labels);
    const image = feeds.padding!.filter((value) => value === 0).length;
    const labeled = labels.filter((label) => label !== IGNORE_INDEX).length;
    expect(labeled).toBeGreaterThan(5);
    expect(labeled).toBeLessThan(image - 5);
    expect(values[3]![0]).toBeCloseTo(labeled / image, 6);
    const wanted = lossesOf(feeds, layouts.parameters, feeds['state:parameters']!, thresholdsOf[kind]);
    expect(values[0]![0]).toBeCloseTo(wanted.loss, 5);
    expect(values[1]![0]).toBeCloseTo(wanted.supervised, 5);
    expect(values[2]![0]).toBeCloseTo(wanted.unsupervised, 5);
  });

  test('its gradient is that of the loss, by small changes of every parameter', async () => {
    const learning = uniMatchLearning(model, layouts, options({ parts: pointwise }));
    const step = uniMatchStep(model, layouts, options({ parts: pointwise }));
    const feeds = start(step, variables);
    const [gradient] = (await runGraph([learning.gradient], feeds)) as [Float32Array];
    const flat = Float64Array.from(feeds['state:parameters']!);
    const lossAt = (i: number, by: number) => {
      const moved = flat.with(i, flat[i]! + by);
      return lossesOf(feeds, layouts.parameters, moved, thresholdsOf.one).loss;
    };
    expect(gradient).toHaveLength(flat.length);
    gradient.forEach((value, i) => {
      expect(value).toBeCloseTo((lossAt(i, 1e-6) - lossAt(i, -1e-6)) / 2e-6, 4);
    });
  });

  test('without parts no features are dropped, and nothing is drawn', () => {
    const step = uniMatchStep(model, layouts, options());
    expect(Object.keys(step.inputs)).not.toContain('noiseChannels');
    expect(Object.keys(step.inputs)).toContain('mixed');
  });

  test('remembers how sure the teacher has been of each class, and says the lowest threshold', async () => {
    const step = uniMatchStep(model, layouts, options({ parts: pointwise, confidence }));
    const feeds = start(step, variables);
    const [next, lowest] = await runGraph(
      [nextOf(step, 'class_confidence'), step.outputs.lowest_threshold!],
      feeds,
    );
    expect(lowest![0]).toBeCloseTo((0.6 * 5) / 9, 6);
    const sure: number[][] = [[], [], []];
    for (let i = 0; i < UNLABELED * AREA; i++) {
      if (feeds.padding![i] !== 0) continue;
      const rgb = pixelOf(feeds.weak!, Math.floor(i / AREA), i % AREA);
      const chances = softmax(scoresAt(layouts.parameters, feeds['state:teacher_parameters']!, rgb, WHOLE));
      sure[chances.indexOf(Math.max(...chances))]!.push(Math.max(...chances));
    }
    sure.forEach((values, k) => {
      expect(values.length).toBeGreaterThan(0);
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      expect(next![k]).toBeCloseTo(0.75 * [0.9, 0.5, 0.7][k]! + 0.25 * mean, 5);
    });
  });
});

describe('a step of a network with batch norm', () => {
  const size = 8;
  const { model, variables, layouts } = network(normed, size);
  const step = uniMatchStep(model, layouts, options({ size, parts: normed }));
  const feeds = start(step, variables);
  const buffersBy = async (images: Float32Array | Uint8Array, count: number) => {
    const alone = supervisedTrainStep(model, layouts, { batchSize: count, size });
    const shared = [
      ...Object.keys(alone.scalars),
      ...alone.packs.map(({ layout }) => `state:${layout.name}`),
    ];
    const [values] = await runGraph([nextOf(alone, 'buffers')], {
      ...Object.fromEntries(shared.map((name) => [name, feeds[name]!])),
      images,
      labels: new Uint8Array(count * size * size),
    });
    return values as Float32Array;
  };

  test('moves the statistics before dropped features by strong views, those behind by labeled images', async () => {
    const [found] = await runGraph([nextOf(step, 'buffers')], feeds);
    const strong = await buffersBy(feeds.strong!, 2 * UNLABELED);
    const labeled = await buffersBy(feeds.images!, LABELED);
    for (const { key, offset, size: length } of layouts.buffers.entries) {
      const wanted = key.startsWith('backbone.') ? strong : labeled;
      for (let i = offset; i < offset + length; i++)
        expect(Number(found![i])).toBeCloseTo(Number(wanted[i]), 5);
    }
    expect(strong).not.toEqual(labeled);
  });

  test('lets the teacher follow, and takes labels from it in evaluation mode', async () => {
    const names = ['parameters', 'teacher_parameters'];
    const [student, teacher] = await runGraph(
      names.map((name) => nextOf(step, name)),
      feeds,
    );
    teacher!.forEach((value, i) => {
      const wanted = 0.75 * feeds['state:teacher_parameters']![i]! + 0.25 * Number(student![i]);
      expect(value).toBeCloseTo(wanted, 5);
    });
    const evaluation = evaluationStep(model, teacherLayouts(layouts), size);
    const all = { ...feeds, threshold: Float32Array.of(0), padding: new Uint8Array(UNLABELED * size * size) };
    const [labels] = await runGraph([step.outputs.pseudoLabels!], all);
    const [logits] = await runGraph([evaluation.outputs.logits!], {
      images: feeds.weak!.slice(0, 3 * size * size),
      'state:teacher_parameters': feeds['state:teacher_parameters']!,
      'state:teacher_buffers': feeds['state:teacher_buffers']!,
    });
    for (let at = 0; at < size * size; at++) {
      const scores = [0, 1, 2].map((k) => Number(logits![k * size * size + at]));
      expect(labels![at]).toBe(scores.indexOf(Math.max(...scores)));
    }
  });

  test('that is not finite leaves student, teacher and confidences as they were', async () => {
    const confidence = confidenceLayout(CLASSES);
    const whole = uniMatchStep(model, layouts, options({ size, parts: normed, confidence }));
    const given = start(whole, variables);
    const engine = await createEngine({ threads: 1 });
    try {
      const compiled = await engine.compile(whole);
      for (const { layout } of whole.packs)
        await engine.setState(layout.name, given[`state:${layout.name}`] as Float32Array);
      const inputs = Object.fromEntries(Object.keys(whole.inputs).map((name) => [name, given[name]!]));
      const strong = (given.strong as Float32Array).slice();
      strong[7] = Number.NaN;
      expect((await compiled.run({ ...inputs, strong }, SCALARS)).committed).toBe(false);
      for (const { layout } of whole.packs)
        expect(await engine.getState(layout.name)).toEqual(given[`state:${layout.name}`]);
      expect((await compiled.run(inputs, SCALARS)).committed).toBe(true);
      for (const name of ['parameters', 'teacher_parameters', 'buffers', 'class_confidence'])
        expect(await engine.getState(name)).not.toEqual(given[`state:${name}`]);
    } finally {
      await engine.dispose();
    }
  });
});

describe('the method', () => {
  const size = 32;
  const trainSet = {
    root: '',
    classes: Array.from({ length: CLASSES }, (_, i) => ({ name: `c${i}`, color: [0, 0, 0] as const })),
    samples: Array.from({ length: 7 }, (_, i) => ({
      ...{ id: `${i}`, imagePath: '', maskPath: '', width: 1, height: 1 },
    })),
    decodeMask: { values: [], colors: [], colorsDeclared: false, useOtxAdapter: false },
    notices: [],
  };
  const method = (isBalanced: boolean) =>
    uniMatch({
      model: createSegmentor('lite-hrnet-s', { numClasses: CLASSES }),
      optimizer: 'adam',
      sizes: { train: size, validation: size },
      trainSet,
      loading: { seed: 1, workers: 0, augmentation: 'plain' },
      unlabeled: { root: '', images: [{ id: 'u', imagePath: '', width: 1, height: 1 }] },
      teaching: {
        ...{ unlabeledBatchSize: 5, momentum: 0.9, unsupervisedWeight: 2, rampSteps: 10 },
        ...{ startEpoch: 2, threshold: 0.95, isBalanced },
      },
    });

  test('takes no more unlabeled images than there are, and ramps their weight up from the first of them', () => {
    const { steps, scalars } = method(false).graphs(3);
    expect(steps.semi!.inputs.weak!.shape).toEqual([1, 3, size, size]);
    expect(steps.semi!.inputs.strong!.shape).toEqual([2, 3, size, size]);
    // Two epochs of three batches, the partial one counted.
    const at = (update: number) => scalars('semi', { learningRate: 1, update, planned: 100 });
    expect(at(7)).toMatchObject({ threshold: 0.95 });
    expect(at(7).unsupervisedWeight).toBeCloseTo(2 * Math.exp(-5 * 0.81), 12);
    expect(at(16)).toMatchObject({ unsupervisedWeight: 2 });
    expect(scalars('supervised', { learningRate: 1, update: 1, planned: 100 })).toMatchObject({
      teacherKeep: 2 / 11,
    });
    for (const isBalanced of [false, true]) {
      const graphs = method(isBalanced).graphs(3);
      for (const [name, graph] of Object.entries(graphs.steps)) {
        const given = graphs.scalars(name, { learningRate: 1, update: 9, planned: 100 });
        for (const scalar of Object.keys(graph.scalars))
          if (scalar !== 'keep') expect(given).toHaveProperty(scalar);
      }
    }
  });

  test.each([false, true])(
    'keeps nothing but the student under names of its own: balanced %s',
    (isBalanced) => {
      const { packs } = method(isBalanced).graphs(2);
      const names = packs.flatMap(({ layout, nameOf }) => layout.entries.map(({ key }) => nameOf(key)));
      expect(new Set(names).size).toBe(names.length);
      const student = describeModel(createSegmentor('lite-hrnet-s', { numClasses: CLASSES }), [
        1,
        3,
        size,
        size,
      ]);
      expect(names.filter((name) => !isTrainingState(name)).toSorted()).toEqual(
        student.variables.map(({ key }) => key).toSorted(),
      );
      expect(names.includes('state.class_confidence')).toBe(isBalanced);
    },
  );
});
