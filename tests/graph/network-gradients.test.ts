/**
 * @file Gradients of whole networks, with either engine, by a way that shares nothing with them: the loss in double precision,
 * a little to either side of the weights. Along the gradient itself its slope is the gradient's norm; along a direction drawn at
 * random it is a probe of all its values.
 */
import { expect, test } from 'vitest';
import { Random } from '../../src/base/random.js';
import { createEngine } from '../../src/engine/engine.js';
import { findKernels } from '../../src/engine/native/find-kernels.js';
import type { PROCESSOR_ENGINES } from '../../src/engine/settings.js';
import { packInputName, type StepGraph } from '../../src/engine/step.js';
import { joinStep } from '../../src/methods/learning.js';
import { modelLayouts } from '../../src/methods/model-state.js';
import { supervisedLearning } from '../../src/methods/supervised-steps.js';
import { createSegmentor, describe as describeModel } from '../../src/models/index.js';
import { drawNoise, initialValue } from '../../src/nn/index.js';
import { optimizerScalars } from '../../src/optim/index.js';
import { interpret } from './reference.js';

type ProcessorEngine = (typeof PROCESSOR_ENGINES)[number];

const [SIZE, CLASSES] = [32, 3];
/** Of the gradient's norm, for what double precision makes of the same graph: whether its rules are right. */
const EXACT_TOLERANCE = 1e-6;
/** The same for engines, which round to float32: along the gradient, and along a direction of chance. */
const NORM_TOLERANCE = 3e-4;
const PROBE_TOLERANCE = 1e-5;

interface Problem {
  readonly graph: StepGraph;
  /** Of the pack of parameters. */
  readonly weights: Float32Array;
  readonly states: ReadonlyMap<string, Float32Array>;
  readonly inputs: Readonly<Record<string, Float32Array | Uint8Array>>;
  readonly parameters: string;
  /** How far to either side of the weights the loss is looked at. */
  readonly distance: number;
}

function problemOf(name: string, batch: number, distance: number): Problem {
  const model = createSegmentor(name, { numClasses: CLASSES });
  const { variables } = describeModel(model, [1, 3, SIZE, SIZE]);
  const layouts = modelLayouts(variables);
  const learning = supervisedLearning(model, layouts, { batchSize: batch, size: SIZE, optimizer: 'adam' });
  learning.step.output('gradient', learning.gradient);
  const graph = joinStep(learning);
  const specs = new Map(variables.map((spec) => [spec.key, spec]));
  const random = new Random(`gradients of ${name}`);
  const states = new Map(
    graph.packs.map(({ layout }) => {
      const flat = new Float32Array(layout.size);
      for (const { key, offset } of layout.entries) {
        const spec = specs.get(key);
        if (spec && [layouts.parameters.name, layouts.buffers.name].includes(layout.name))
          flat.set(initialValue(spec, 0), offset);
      }
      // Scales of one and biases of zero would hide what is added where.
      return [
        layout.name,
        layout === layouts.parameters ? flat.map((value) => value + 0.05 * random.normal()) : flat,
      ];
    }),
  );
  const images = Float32Array.from({ length: batch * 3 * SIZE * SIZE }, () => random.normal());
  const labels = Uint8Array.from({ length: batch * SIZE * SIZE }, () => random.integer(CLASSES));
  // Ignored.
  labels.fill(255, 0, 100);
  const { noise } = graph.inputs;
  return {
    ...{
      graph,
      states,
      distance,
      parameters: layouts.parameters.name,
      weights: states.get(layouts.parameters.name)!,
    },
    inputs: { images, labels, ...(noise ? { noise: drawNoise(noise.size, random) } : {}) },
  };
}

/** Loss and gradient as an engine computes them. */
async function compute({ graph, states, inputs }: Problem, kind: ProcessorEngine) {
  const engine = await createEngine({ engine: kind, threads: 2, cache: false });
  try {
    const step = await engine.compile(graph);
    for (const [name, data] of states) await engine.setState(name, data);
    const { outputs } = await step.run(inputs, optimizerScalars('adam', 1e-3, 1));
    return { loss: Number(outputs.loss![0]), gradient: outputs.gradient as Float32Array };
  } finally {
    await engine.dispose();
  }
}

/** An output in double precision at some weights. */
function exactly(
  { graph, states, inputs, parameters }: Problem,
  output: 'loss' | 'gradient',
  weights: ArrayLike<number>,
): Float64Array {
  const packs = [...states].map(([name, data]) => [packInputName(name), data]);
  const feeds = { ...inputs, ...Object.fromEntries(packs), [packInputName(parameters)]: weights };
  return interpret([graph.outputs[output]!], feeds)[0]!;
}

/** The loss at weights that lie `distance` along a direction. */
function lossAt(problem: Problem, direction: Float64Array, distance: number): number {
  const moved = Float64Array.from(problem.weights, (value, i) => value + distance * direction[i]!);
  return exactly(problem, 'loss', moved)[0]!;
}

function slopeAlong(problem: Problem, direction: Float64Array): number {
  const { distance } = problem;
  return (lossAt(problem, direction, distance) - lossAt(problem, direction, -distance)) / (2 * distance);
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

function unit(values: ArrayLike<number>): Float64Array {
  const norm = Math.sqrt(dot(values, values));
  return Float64Array.from(values, (value) => value / norm);
}

const engines: readonly ProcessorEngine[] =
  typeof (await findKernels()) === 'string' ? ['stock'] : ['stock', 'fused'];

// Near enough for no ReLU to change its mind, as some do at 1e-8; SegNeXt has none, and at 1e-7 more digits of the loss are left.
test.each([
  ['lite-hrnet-s', 8, 1e-9],
  ['lite-hrnet-18', 4, 1e-9],
  ['segnext-t', 2, 1e-7],
] as const)(
  '%s, batch %d',
  async (name, batch, distance) => {
    const problem = problemOf(name, batch, distance);
    const gradient = exactly(problem, 'gradient', problem.weights);
    const found = [];
    for (const kind of engines) found.push({ kind, ...(await compute(problem, kind)) });
    const norm = Math.sqrt(dot(gradient, gradient));
    const random = new Random(`directions of ${name}`);
    const along = unit(gradient);
    // As large as the gradient's own values, with signs of chance: along equal ones the few large weights would not be seen.
    const across = unit(gradient.map((value) => Math.abs(value) * random.normal()));
    const [steepest, probe] = [slopeAlong(problem, along), slopeAlong(problem, across)];
    expect(Math.abs(norm - steepest), 'norm').toBeLessThan(EXACT_TOLERANCE * norm);
    expect(Math.abs(dot(gradient, across) - probe), 'probe').toBeLessThan(EXACT_TOLERANCE * norm);
    for (const { kind, gradient: own } of found) {
      expect(Math.abs(dot(own, along) - steepest), `${kind}: norm`).toBeLessThan(NORM_TOLERANCE * norm);
      expect(Math.abs(dot(own, across) - probe), `${kind}: probe`).toBeLessThan(PROBE_TOLERANCE * norm);
    }
  },
  300_000,
);
