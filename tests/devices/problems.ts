/** @file Steps with their state and inputs, to be computed here and on a device, in Node and in a tab. */
import { IGNORE_INDEX } from '../../src/base/ignore-index.js';
import { Random } from '../../src/base/random.js';
import type { CompileOptions } from '../../src/engine/engine.js';
import type { StepGraph } from '../../src/engine/step.js';
import { type Shape, sizeOf, type Tensor, type TensorData } from '../../src/graph/index.js';
import { joinStep, type Learning } from '../../src/methods/learning.js';
import { modelLayouts } from '../../src/methods/model-state.js';
import { supervisedLearning } from '../../src/methods/supervised-steps.js';
import { describe as describeModel, type Segmentor } from '../../src/models/index.js';
import {
  convModule,
  convolution,
  depthwiseSeparable,
  drawNoise,
  initialValue,
  type VariableSpec,
} from '../../src/nn/index.js';
import { optimizerScalars } from '../../src/optim/index.js';
import type { SessionEngine } from '../../src/training/session.js';

export const CLASSES = 3;
const SIDE = 32;

export interface Problem {
  readonly graph: StepGraph;
  readonly states: ReadonlyMap<string, Float32Array>;
  readonly inputs: Readonly<Record<string, Float32Array | Uint8Array>>;
  readonly scalars: (update: number) => Readonly<Record<string, number>>;
}

/** A few layers, in the operators of the networks. */
export const small: Segmentor = (scope, images) => {
  const stem = convModule(scope.child('stem'), images, { channels: 8, kernel: 3, stride: 2 });
  const block = depthwiseSeparable(scope.child('block'), stem, 8);
  return convolution(scope.child('head'), block, { channels: CLASSES, kernel: 1 });
};

/** Makes another learning of one, such as that in mixed precision. */
export type Change = (learning: Learning) => Learning;
export const unchanged: Change = (learning) => learning;

/** Supervised training. */
export function supervisedProblem(
  model: Segmentor,
  batchSize: number,
  scalars: Problem['scalars'],
  size = SIDE,
  change = unchanged,
) {
  const { variables } = describeModel(model, [1, 3, size, size]);
  const learning = supervisedLearning(model, modelLayouts(variables), { batchSize, size, optimizer: 'adam' });
  return problemOf(change(learning), variables, scalars);
}

/** By which networks of these tests learn. */
export const adam: Problem['scalars'] = (update) => optimizerScalars('adam', 0.01, update);

/** Of the network that learns many steps. */
const SMALL_SIDE = 16;
/** Learns much in few steps. */
export const smallProblem = (scalars = adam, change = unchanged): Problem =>
  supervisedProblem(small, 2, scalars, SMALL_SIDE, change);

/** The step of any way of training, with the gradient as an output. @param variables of all that learns */
export function problemOf(
  learning: Learning,
  variables: readonly VariableSpec[],
  scalars: Problem['scalars'],
): Problem {
  learning.step.output('gradient', learning.gradient);
  const graph = joinStep(learning);
  const specs = new Map(variables.map((spec) => [spec.key, spec]));
  const random = new Random('steps on devices');
  const states = new Map(
    graph.packs.map(({ layout: { name, size, entries } }) => {
      const flat = new Float32Array(size);
      if (/^(exp_|momentum)/.test(name)) return [name, flat];
      for (const { key, offset, size: length } of entries) {
        const spec = specs.get(key);
        flat.set(spec ? initialValue(spec, 0) : new Float32Array(length).fill(0.6), offset);
      }
      // What follows the weights is a little off them.
      const follows = name.startsWith('teacher_') || name.startsWith('target_');
      return [
        name,
        follows && name.endsWith('parameters') ? flat.map((x) => x + 0.02 * random.normal()) : flat,
      ];
    }),
  );
  const inputs = Object.fromEntries(
    Object.entries(graph.inputs).map(([name, tensor]) => [name, valuesOf(name, tensor, random)]),
  );
  return { graph, states, inputs, scalars };
}

/** Of pictures blocks of color that tell their classes, under noise. */
function valuesOf(name: string, { dtype, shape, size }: Tensor, random: Random): Float32Array | Uint8Array {
  if (name.startsWith('noise')) return drawNoise(size, random);
  if (dtype === 'float32') return pictures(shape, random);
  if (name === 'labels') return blocks(shape);
  // Of padding the last columns, and of what else is chosen from some of all.
  const width = shape.at(-1)!;
  if (name === 'padding')
    return Uint8Array.from({ length: size }, (_, i) => (i % width > width - 4 ? IGNORE_INDEX : 0));
  return Uint8Array.from({ length: size }, () => random.integer(name === 'mixed' ? 2 : 4));
}

function blocks([count, side]: Shape): Uint8Array {
  const area = side! ** 2;
  return Uint8Array.from({ length: count! * area }, (_, i) => {
    const [n, y, x] = [Math.floor(i / area), Math.floor(i / side!) % side!, i % side!];
    return (n + Math.floor(y / 8) + 2 * Math.floor(x / 8)) % CLASSES;
  });
}

function pictures(shape: Shape, random: Random): Float32Array {
  const [count, channels, side] = shape as [number, number, number];
  const labels = blocks([count, side, side]);
  return Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const [n, channel] = [Math.floor(i / (channels * side ** 2)), Math.floor(i / side ** 2) % channels];
    const isOfClass = labels[n * side ** 2 + (i % side ** 2)] === channel;
    return (isOfClass ? 1 : -0.5) + 0.5 * random.normal();
  });
}

/** What some steps give. */
export interface Learned {
  readonly losses: readonly number[];
  /** Of the first step. */
  readonly gradient: Float32Array;
  /** All that the last step returns. */
  readonly outputs: Readonly<Record<string, TensorData>>;
  /** All packs after the last step. */
  readonly states: Readonly<Record<string, Float32Array>>;
}

/** Runs steps on an engine. @throws Error for one that is undone */
export async function learnOn(
  engine: Pick<SessionEngine, 'compile' | 'setState' | 'getState'>,
  { graph, states, inputs, scalars }: Problem,
  steps: number,
  compiling: CompileOptions = {},
): Promise<Learned> {
  const step = await engine.compile(graph, compiling);
  for (const [name, data] of states) await engine.setState(name, data);
  const losses: number[] = [];
  let gradient: Float32Array | undefined;
  let last: Learned['outputs'] = {};
  for (let i = 1; i <= steps; i++) {
    const { outputs, committed } = await step.run(inputs, scalars(i));
    if (!committed) throw new Error(`step ${i} was undone`);
    losses.push(Number(outputs.loss![0]));
    gradient ??= outputs.gradient as Float32Array;
    last = outputs;
  }
  const left: Record<string, Float32Array> = {};
  for (const name of states.keys()) left[name] = await engine.getState(name);
  await step.release();
  return { losses, gradient: gradient!, outputs: last, states: left };
}

/** The norm of the difference, relative to that of what was expected. */
export function distance(expected: ArrayLike<number>, actual: ArrayLike<number>): number {
  const norm = (at: (i: number) => number): number =>
    Math.sqrt(Array.from(expected, (_, i) => at(i) ** 2).reduce((sum, square) => sum + square, 0));
  return norm((i) => expected[i]! - actual[i]!) / norm((i) => expected[i]!);
}
